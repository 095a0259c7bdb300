-- +goose Up
-- The answers to requests that carried an Idempotency-Key, kept for 72 hours.
-- status 0 is a request that is still being worked on.
CREATE TABLE idempotency (
    scope        TEXT      NOT NULL, -- the user's id
    key          TEXT      NOT NULL, -- SHA-256 of the Idempotency-Key, hex
    request_hash TEXT      NOT NULL,
    status       INTEGER   NOT NULL,
    headers      TEXT      NOT NULL, -- JSON
    body         TEXT      NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
