-- +goose Up
-- One try to prove one thing about a business by one method.
CREATE TABLE checks (
    id          TEXT      NOT NULL PRIMARY KEY,
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    method      TEXT      NOT NULL,
    state       TEXT      NOT NULL CHECK (state IN ('requested', 'passed', 'failed', 'expired', 'voided', 'lapsed', 'revoked')),
    subject     TEXT      NOT NULL, -- what it is about: an address, a host
    target      TEXT      NOT NULL, -- where its code went
    way         TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    note        TEXT      NOT NULL, -- for verifiers only
    by_id       TEXT      NOT NULL,
    by_role     TEXT      NOT NULL,
    tries       INTEGER   NOT NULL CHECK (tries >= 0),
    begun_at    TIMESTAMP NOT NULL,
    expires_at  TIMESTAMP,
    passed_at   TIMESTAMP,
    valid_until TIMESTAMP,
    printed_at  TIMESTAMP,
    ended_at    TIMESTAMP,
    CHECK ((state = 'requested') = (expires_at IS NOT NULL AND ended_at IS NULL AND passed_at IS NULL)),
    CHECK (state NOT IN ('passed', 'lapsed', 'revoked') OR passed_at IS NOT NULL AND valid_until IS NOT NULL)
);
CREATE UNIQUE INDEX checks_open ON checks (business_id, method) WHERE state = 'requested';
CREATE UNIQUE INDEX checks_counting ON checks (business_id, method) WHERE state = 'passed';
CREATE INDEX checks_business ON checks (business_id, begun_at);
CREATE INDEX checks_expiry ON checks (expires_at) WHERE state = 'requested';
CREATE INDEX checks_postcards ON checks (begun_at) WHERE state = 'requested' AND method = 'postcard';
-- The businesses that were listed by their checks, and when somebody must look
-- at them again.
CREATE TABLE check_watch (
    business_id  TEXT      NOT NULL PRIMARY KEY REFERENCES businesses (id),
    policy       TEXT      NOT NULL,
    next_at      TIMESTAMP NOT NULL,
    due_since    TIMESTAMP, -- since when something is missing
    limited_at   TIMESTAMP, -- since when it takes no orders for that
    reminded_for TIMESTAMP, -- the end that its owners were last reminded of
    reminded     INTEGER   NOT NULL -- and how many days before it
);
CREATE INDEX check_watch_next ON check_watch (next_at);

-- +goose Down
DROP TABLE check_watch;
DROP TABLE checks;
