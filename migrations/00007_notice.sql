-- +goose Up
CREATE TABLE notices (
    id          TEXT      NOT NULL PRIMARY KEY,
    receipt     TEXT      NOT NULL UNIQUE,
    token       TEXT      NOT NULL,
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    product_id  TEXT      REFERENCES products (id),
    kind        TEXT      NOT NULL CHECK (kind IN ('wrong', 'closed', 'fraud', 'illegal', 'unsafe', 'other')),
    body        TEXT      NOT NULL,
    email       TEXT, -- of the reporter, NULL when they stay unknown
    reporter_id TEXT      REFERENCES users (id),
    state       TEXT      NOT NULL CHECK (state IN ('received', 'assessing', 'actioned', 'no_action')),
    due_at      TIMESTAMP NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    decided_at  TIMESTAMP,
    version     BIGINT    NOT NULL
);
CREATE UNIQUE INDEX notices_token ON notices (token) WHERE token <> '';
CREATE INDEX notices_open ON notices (due_at) WHERE state IN ('received', 'assessing');
CREATE INDEX notices_business ON notices (business_id, created_at);

-- +goose Down
DROP TABLE notices;
