-- +goose Up
CREATE TABLE verification_requests (
    id           TEXT      NOT NULL PRIMARY KEY,
    business_id  TEXT      NOT NULL REFERENCES businesses (id),
    submitted_by TEXT      NOT NULL,
    state        TEXT      NOT NULL CHECK (state IN ('waiting', 'in_review', 'approved', 'asked', 'rejected', 'withdrawn')),
    claim        TEXT      NOT NULL, -- JSON: what was claimed, frozen
    policy       TEXT      NOT NULL,
    submitted_at TIMESTAMP NOT NULL,
    lease_by     TEXT      NOT NULL,
    lease_until  TIMESTAMP,
    ended_at     TIMESTAMP,
    CHECK ((state = 'in_review') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('waiting', 'in_review')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX verification_requests_open ON verification_requests (business_id) WHERE ended_at IS NULL;
CREATE INDEX verification_requests_queue ON verification_requests (submitted_at, id) WHERE ended_at IS NULL;
CREATE INDEX verification_requests_ended ON verification_requests (ended_at);
CREATE INDEX verification_requests_business ON verification_requests (business_id, submitted_at);
-- What was decided, by whom, on what: rows are only ever added.
CREATE TABLE verification_decisions (
    id          TEXT      NOT NULL PRIMARY KEY,
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    request_id  TEXT      NOT NULL,
    kind        TEXT      NOT NULL CHECK (kind IN ('approve', 'ask', 'reject', 'suspend', 'reinstate')),
    by_id       TEXT      NOT NULL,
    by_role     TEXT      NOT NULL,
    policy      TEXT      NOT NULL,
    reasons     TEXT      NOT NULL, -- JSON: [{"field": …, "code": …}]
    words       TEXT      NOT NULL, -- to the owner
    note        TEXT      NOT NULL, -- for verifiers only
    seen        TEXT      NOT NULL, -- SHA-256 of the claim that was decided on
    review_at   TIMESTAMP,
    at          TIMESTAMP NOT NULL
);
CREATE INDEX verification_decisions_business ON verification_decisions (business_id, at);

-- +goose Down
DROP TABLE verification_decisions;
DROP TABLE verification_requests;
