-- +goose Up
-- What a business cannot give of an order. qty_accepted is what is handed over,
-- qty_charged what the money taken is for: pieces that are missing before the
-- money is taken lower both, later ones are refunded and lower the first.
ALTER TABLE order_lines ADD COLUMN qty_charged BIGINT NOT NULL DEFAULT 0 CHECK (qty_charged >= 0 AND qty_charged <= qty);
UPDATE order_lines SET qty_charged = qty;
ALTER TABLE reservations ADD COLUMN returned BIGINT NOT NULL DEFAULT 0 CHECK (returned >= 0 AND returned <= qty);
-- What is to be taken of an amount that was authorised or is due, and the
-- operator's share of it; NULL: all.
ALTER TABLE payments ADD COLUMN take_amount BIGINT CHECK (take_amount > 0 AND take_amount <= amount);
ALTER TABLE payments ADD COLUMN take_fee BIGINT CHECK (take_fee >= 0 AND take_fee <= take_amount);

-- +goose Down
ALTER TABLE payments DROP COLUMN take_fee;
ALTER TABLE payments DROP COLUMN take_amount;
ALTER TABLE reservations DROP COLUMN returned;
ALTER TABLE order_lines DROP COLUMN qty_charged;
