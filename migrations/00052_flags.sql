-- +goose Up
-- Orders that a person must look at are few among many.
CREATE INDEX orders_flag ON orders (flag) WHERE flag <> '';

-- +goose Down
DROP INDEX orders_flag;
