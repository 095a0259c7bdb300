-- +goose Up
-- Complaints about decisions: one for each decision, decided by somebody else.
CREATE TABLE complaints (
    id          TEXT      NOT NULL PRIMARY KEY,
    subject     TEXT      NOT NULL CHECK (subject IN ('rejection', 'measure', 'notice')),
    subject_id  TEXT      NOT NULL,
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    filed_by    TEXT      NOT NULL, -- user id; '' for the reporter of a notice
    first_by    TEXT      NOT NULL, -- who took the decision complained about
    state       TEXT      NOT NULL CHECK (state IN ('filed', 'assigned', 'upheld', 'overturned')),
    due_at      TIMESTAMP NOT NULL,
    lease_by    TEXT      NOT NULL,
    lease_until TIMESTAMP,
    decided_by  TEXT      NOT NULL,
    words       TEXT      NOT NULL, -- the reasons of the decision
    policy      TEXT      NOT NULL,
    filed_at    TIMESTAMP NOT NULL,
    decided_at  TIMESTAMP,
    UNIQUE (subject, subject_id),
    CHECK ((state IN ('upheld', 'overturned')) = (decided_at IS NOT NULL)),
    CHECK (decided_by = '' OR decided_by <> first_by)
);
CREATE INDEX complaints_open ON complaints (due_at) WHERE decided_at IS NULL;
CREATE INDEX complaints_business ON complaints (business_id, filed_at);
CREATE INDEX complaints_filed ON complaints (filed_at);

CREATE TABLE complaint_messages (
    id           TEXT      NOT NULL PRIMARY KEY,
    complaint_id TEXT      NOT NULL REFERENCES complaints (id),
    side         TEXT      NOT NULL CHECK (side IN ('complainant', 'desk')),
    body         TEXT      NOT NULL,
    at           TIMESTAMP NOT NULL
);
CREATE INDEX complaint_messages_thread ON complaint_messages (complaint_id, at, id);

-- +goose Down
DROP TABLE complaint_messages;
DROP TABLE complaints;
