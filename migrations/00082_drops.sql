-- +goose Up
-- Of what is taken of a drop, the pieces of placed orders; and whether its
-- pieces may be paid when they are collected.
ALTER TABLE drops ADD COLUMN sold BIGINT NOT NULL DEFAULT 0 CHECK (sold >= 0 AND sold <= taken);
ALTER TABLE drops ADD COLUMN at_pickup BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX reservations_drop ON reservations (drop_id, buyer) WHERE state = 'active' AND drop_id IS NOT NULL;

-- +goose Down
DROP INDEX reservations_drop;
ALTER TABLE drops DROP COLUMN at_pickup;
ALTER TABLE drops DROP COLUMN sold;
