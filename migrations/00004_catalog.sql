-- +goose Up
CREATE TABLE products (
    id           TEXT      NOT NULL PRIMARY KEY,
    business_id  TEXT      NOT NULL REFERENCES businesses (id),
    slug         TEXT      NOT NULL,
    title        TEXT      NOT NULL,
    description  TEXT      NOT NULL,
    section      TEXT      NOT NULL,
    state        TEXT      NOT NULL CHECK (state IN ('draft', 'active', 'archived')),
    currency     TEXT      NOT NULL,
    tax_mpct     BIGINT    NOT NULL CHECK (tax_mpct >= 0), -- thousandths of a per cent
    tax_included BOOLEAN   NOT NULL,
    low_stock    BIGINT    NOT NULL CHECK (low_stock >= 0),
    options      TEXT      NOT NULL, -- JSON
    search       TEXT      NOT NULL, -- folded words of title, section and SKUs
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL,
    version      BIGINT    NOT NULL,
    UNIQUE (business_id, slug)
);
CREATE INDEX products_list ON products (business_id, state, id);
-- A variant that is no longer offered keeps its row: orders and stock moves
-- name it.
CREATE TABLE variants (
    id          TEXT      NOT NULL PRIMARY KEY,
    product_id  TEXT      NOT NULL REFERENCES products (id),
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    position    BIGINT    NOT NULL,
    options     TEXT      NOT NULL, -- JSON, one value for each option of the product
    sku         TEXT      NOT NULL,
    barcode     TEXT      NOT NULL,
    price       BIGINT    CHECK (price >= 0), -- NULL: not set yet
    compare_at  BIGINT    CHECK (compare_at > price),
    counted     BOOLEAN   NOT NULL,
    weight      BIGINT    NOT NULL CHECK (weight >= 0), -- grams
    retired_at  TIMESTAMP
);
CREATE INDEX variants_product ON variants (product_id);
CREATE UNIQUE INDEX variants_sku ON variants (business_id, sku) WHERE sku <> '' AND retired_at IS NULL;
CREATE TABLE product_photos (
    product_id TEXT    NOT NULL REFERENCES products (id),
    hash       TEXT    NOT NULL,
    position   BIGINT  NOT NULL,
    alt        TEXT    NOT NULL,
    width      BIGINT  NOT NULL,
    height     BIGINT  NOT NULL,
    color      TEXT    NOT NULL,
    PRIMARY KEY (product_id, hash)
);

-- +goose Down
DROP TABLE product_photos;
DROP TABLE variants;
DROP TABLE products;
