-- +goose Up
-- While its business is suspended: by when an order must be completed, and the
-- suspension that says so.
ALTER TABLE orders ADD COLUMN settle_by TIMESTAMP;
ALTER TABLE orders ADD COLUMN settle_for TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_settle ON orders (settle_for) WHERE settle_for <> '';

-- +goose Down
DROP INDEX orders_settle;
ALTER TABLE orders DROP COLUMN settle_for;
ALTER TABLE orders DROP COLUMN settle_by;
