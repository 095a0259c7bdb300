-- +goose Up
CREATE TABLE audit_entries (
    seq         BIGINT    NOT NULL PRIMARY KEY,
    at          TIMESTAMP NOT NULL,
    actor_id    TEXT      NOT NULL,
    actor_role  TEXT      NOT NULL,
    action      TEXT      NOT NULL,
    object      TEXT      NOT NULL,
    object_id   TEXT      NOT NULL,
    business_id TEXT      NOT NULL,
    detail      TEXT      NOT NULL,
    hash        TEXT      NOT NULL
);
CREATE INDEX audit_entries_object ON audit_entries (object, object_id, seq);
CREATE INDEX audit_entries_business ON audit_entries (business_id, seq);
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  BIGINT  NOT NULL,
    hash TEXT    NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');

CREATE TABLE jobs (
    id          TEXT      NOT NULL PRIMARY KEY,
    kind        TEXT      NOT NULL,
    key         TEXT      NOT NULL,
    args        TEXT      NOT NULL,
    state       TEXT      NOT NULL CHECK (state IN ('waiting', 'parked')),
    run_at      TIMESTAMP NOT NULL,
    lease_until TIMESTAMP,
    tries       INTEGER   NOT NULL,
    gen         BIGINT    NOT NULL,
    last_error  TEXT      NOT NULL,
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'waiting';
CREATE UNIQUE INDEX jobs_key ON jobs (kind, key) WHERE key <> '';

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE jobs;
DROP TABLE audit_head;
DROP TABLE audit_entries;
