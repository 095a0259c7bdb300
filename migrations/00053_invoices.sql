-- +goose Up
-- One number for each order whose money arrived, without gaps per business: the
-- row of invoice_numbers is raised in the transaction of the payment.
CREATE TABLE invoice_numbers (
    business_id TEXT   NOT NULL PRIMARY KEY REFERENCES businesses (id),
    next        BIGINT NOT NULL CHECK (next > 0)
);
CREATE TABLE invoices (
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    number      BIGINT    NOT NULL CHECK (number > 0),
    order_id    TEXT      NOT NULL UNIQUE REFERENCES orders (id),
    issued_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (business_id, number)
);
INSERT INTO invoices (business_id, number, order_id, issued_at)
SELECT o.business_id, ROW_NUMBER() OVER (PARTITION BY o.business_id ORDER BY o.placed_at, o.id), o.id, o.placed_at
FROM orders o JOIN payments p ON p.order_id = o.id
WHERE p.state IN ('paid', 'collected') AND o.placed_at IS NOT NULL;
INSERT INTO invoice_numbers (business_id, next) SELECT business_id, MAX(number) + 1 FROM invoices GROUP BY business_id;

-- +goose Down
DROP TABLE invoices;
DROP TABLE invoice_numbers;
