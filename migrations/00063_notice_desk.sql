-- +goose Up
-- How a report is worked: who holds it, which earlier one it repeats, what came
-- of it and why.
ALTER TABLE notices ADD COLUMN merged_into TEXT REFERENCES notices (id);
ALTER TABLE notices ADD COLUMN trusted BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE notices ADD COLUMN reporter_key TEXT NOT NULL DEFAULT ''; -- hash of who reported; '' for nobody known
ALTER TABLE notices ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
ALTER TABLE notices ADD COLUMN lease_by TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN lease_until TIMESTAMP;
ALTER TABLE notices ADD COLUMN outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'no_action', 'measure', 'passed_on'));
ALTER TABLE notices ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN words TEXT NOT NULL DEFAULT ''; -- to the reporter
CREATE INDEX notices_merged ON notices (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX notices_reporter ON notices (reporter_key, created_at) WHERE reporter_key <> '';
CREATE INDEX notices_created ON notices (created_at);

-- Organisations whose reports are looked at first (DSA, art. 22).
CREATE TABLE trusted_flaggers (
    user_id      TEXT      NOT NULL PRIMARY KEY REFERENCES users (id),
    organisation TEXT      NOT NULL,
    since        TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE trusted_flaggers;
DROP INDEX notices_created;
DROP INDEX notices_reporter;
DROP INDEX notices_merged;
ALTER TABLE notices DROP COLUMN words;
ALTER TABLE notices DROP COLUMN decided_by;
ALTER TABLE notices DROP COLUMN outcome;
ALTER TABLE notices DROP COLUMN lease_until;
ALTER TABLE notices DROP COLUMN lease_by;
ALTER TABLE notices DROP COLUMN locale;
ALTER TABLE notices DROP COLUMN reporter_key;
ALTER TABLE notices DROP COLUMN trusted;
ALTER TABLE notices DROP COLUMN merged_into;
