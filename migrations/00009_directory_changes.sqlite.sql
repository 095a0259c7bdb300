-- +goose Up
-- Which businesses changed in what searches see, so that every process on this
-- database can follow; written in the transaction of the change, kept for about
-- two days. Transactions that write run one after another here, so the order of
-- seq is the order of the commits, and AUTOINCREMENT never gives a number twice.
CREATE TABLE directory_changes (
    seq         INTEGER   PRIMARY KEY AUTOINCREMENT,
    business_id TEXT      NOT NULL,
    origin      TEXT      NOT NULL, -- the process that wrote it and has followed it already
    at          TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE directory_changes;
