-- +goose Up
-- When the public saw these last change; null: not since the first approval.
ALTER TABLE businesses ADD COLUMN name_changed_at TIMESTAMP;
ALTER TABLE businesses ADD COLUMN category_changed_at TIMESTAMP;
ALTER TABLE businesses ADD COLUMN address_changed_at TIMESTAMP;
ALTER TABLE businesses ADD COLUMN website_changed_at TIMESTAMP;

-- Changes of what was verified, kept apart until somebody has looked at them.
CREATE TABLE change_proposals (
    id           TEXT      NOT NULL PRIMARY KEY,
    business_id  TEXT      NOT NULL REFERENCES businesses (id),
    proposed_by  TEXT      NOT NULL,
    state        TEXT      NOT NULL CHECK (state IN ('pending', 'in_review', 'approved', 'declined', 'withdrawn', 'superseded')),
    was          TEXT      NOT NULL, -- JSON: the fields as the public saw them
    wanted       TEXT      NOT NULL, -- JSON: the same fields as they are to be
    policy       TEXT      NOT NULL,
    submitted_at TIMESTAMP NOT NULL,
    lease_by     TEXT      NOT NULL,
    lease_until  TIMESTAMP,
    ended_at     TIMESTAMP,
    decided_by   TEXT      NOT NULL, -- '' unless a verifier decided
    reasons      TEXT      NOT NULL, -- JSON: codes
    words        TEXT      NOT NULL, -- to the owner
    note         TEXT      NOT NULL, -- for verifiers only
    CHECK ((state = 'in_review') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('pending', 'in_review')) = (ended_at IS NULL)),
    CHECK ((state IN ('approved', 'declined')) = (decided_by <> ''))
);
CREATE UNIQUE INDEX change_proposals_open ON change_proposals (business_id) WHERE ended_at IS NULL;
CREATE INDEX change_proposals_queue ON change_proposals (submitted_at, id) WHERE ended_at IS NULL;
CREATE INDEX change_proposals_business ON change_proposals (business_id, submitted_at);

-- +goose Down
DROP TABLE change_proposals;
ALTER TABLE businesses DROP COLUMN website_changed_at;
ALTER TABLE businesses DROP COLUMN address_changed_at;
ALTER TABLE businesses DROP COLUMN category_changed_at;
ALTER TABLE businesses DROP COLUMN name_changed_at;
