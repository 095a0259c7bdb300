-- +goose Up
-- What is done about a dispute. Its answer is stored with its key's number
-- before it is sent, and what it did to the balance is kept as it was read.
ALTER TABLE disputes ADD COLUMN opened_at TIMESTAMP;
ALTER TABLE disputes ADD COLUMN asked BOOLEAN NOT NULL DEFAULT FALSE; -- began as an inquiry
ALTER TABLE disputes ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0 CHECK (withdrawn >= 0);
ALTER TABLE disputes ADD COLUMN reinstated BIGINT NOT NULL DEFAULT 0 CHECK (reinstated >= 0);
ALTER TABLE disputes ADD COLUMN fee BIGINT NOT NULL DEFAULT 0;
ALTER TABLE disputes ADD COLUMN settles TEXT NOT NULL DEFAULT ''; -- currency of these three
ALTER TABLE disputes ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE disputes ADD COLUMN gen INTEGER NOT NULL DEFAULT 1;
ALTER TABLE disputes ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disputes ADD COLUMN last_error TEXT;
ALTER TABLE disputes ADD COLUMN reminded INTEGER NOT NULL DEFAULT 0; -- letters sent before the deadline
ALTER TABLE disputes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX disputes_due ON disputes (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX disputes_open ON disputes (state) WHERE state IN ('inquiry', 'needs_response', 'under_review');

-- +goose Down
DROP INDEX disputes_open;
DROP INDEX disputes_due;
ALTER TABLE disputes DROP COLUMN version;
ALTER TABLE disputes DROP COLUMN reminded;
ALTER TABLE disputes DROP COLUMN last_error;
ALTER TABLE disputes DROP COLUMN tries;
ALTER TABLE disputes DROP COLUMN gen;
ALTER TABLE disputes DROP COLUMN answered_by;
ALTER TABLE disputes DROP COLUMN settles;
ALTER TABLE disputes DROP COLUMN fee;
ALTER TABLE disputes DROP COLUMN reinstated;
ALTER TABLE disputes DROP COLUMN withdrawn;
ALTER TABLE disputes DROP COLUMN asked;
ALTER TABLE disputes DROP COLUMN opened_at;
