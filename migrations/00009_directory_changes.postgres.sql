-- +goose Up
-- Which businesses changed in what searches see, so that every process on this
-- database can follow; written in the transaction of the change, kept for about
-- two days. Neither seq nor at is in the order of the commits: a transaction may
-- draw its number early and commit late. So a reader asks by transaction: the
-- rows whose xid was not complete in the snapshot it read last and is in the
-- one it reads now. That misses nothing and reads nothing twice, in whatever
-- order transactions commit.
CREATE TABLE directory_changes (
    seq         BIGINT    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid         xid8      NOT NULL DEFAULT pg_current_xact_id(),
    business_id TEXT      NOT NULL,
    origin      TEXT      NOT NULL, -- the process that wrote it and has followed it already
    at          TIMESTAMP NOT NULL
);
CREATE INDEX directory_changes_xid ON directory_changes (xid);

-- +goose Down
DROP TABLE directory_changes;
