-- +goose Up
-- What the provider's books and ours do not agree on, found by comparing them.
-- A row is never deleted; it is explained by a person or corrected by a later look.
CREATE TABLE differences (
    id         TEXT      NOT NULL PRIMARY KEY,
    account    TEXT      NOT NULL,
    kind       TEXT      NOT NULL CHECK (kind IN ('page_unknown', 'not_in_books', 'not_at_provider', 'amount', 'fee')),
    source_id  TEXT      NOT NULL, -- the provider's object
    order_id   TEXT,
    ours       BIGINT    NOT NULL,
    theirs     BIGINT    NOT NULL,
    currency   TEXT      NOT NULL,
    state      TEXT      NOT NULL CHECK (state IN ('open', 'explained', 'corrected', 'closed')),
    note       TEXT      NOT NULL,
    found_at   TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    version    BIGINT    NOT NULL,
    UNIQUE (account, kind, source_id)
);
CREATE INDEX differences_state ON differences (state, found_at);
ALTER TABLE payout_accounts ADD COLUMN sweep_until TIMESTAMP; -- a process that compares the account has it to itself until then

-- +goose Down
ALTER TABLE payout_accounts DROP COLUMN sweep_until;
DROP TABLE differences;
