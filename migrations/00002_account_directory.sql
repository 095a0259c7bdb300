-- +goose Up
CREATE TABLE users (
    id                  TEXT      NOT NULL PRIMARY KEY,
    email               TEXT      NOT NULL,
    email_key           TEXT      NOT NULL UNIQUE,
    name                TEXT      NOT NULL,
    locale              TEXT      NOT NULL,
    password_hash       TEXT      NOT NULL,
    password_changed_at TIMESTAMP NOT NULL,
    created_at          TIMESTAMP NOT NULL
);
CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role    TEXT NOT NULL CHECK (role IN ('shopper', 'owner', 'staff', 'verifier', 'operator')),
    PRIMARY KEY (user_id, role)
);
CREATE TABLE sessions (
    id         TEXT      NOT NULL PRIMARY KEY,
    token_hash TEXT      NOT NULL UNIQUE,
    user_id    TEXT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device     TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at    TIMESTAMP NOT NULL,
    proven_at  TIMESTAMP NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_seen ON sessions (seen_at);
-- Links sent by mail. The secret half of a link is derived from its id by a
-- key outside the database, so nothing here can be used as a link.
CREATE TABLE account_links (
    id            TEXT      NOT NULL PRIMARY KEY,
    kind          TEXT      NOT NULL CHECK (kind IN ('sign_up', 'reset', 'invite')),
    email         TEXT      NOT NULL,
    email_key     TEXT      NOT NULL,
    name          TEXT      NOT NULL,
    locale        TEXT      NOT NULL,
    password_hash TEXT      NOT NULL,
    business_id   TEXT      NOT NULL,
    role          TEXT      NOT NULL,
    invited_by    TEXT      NOT NULL,
    expires_at    TIMESTAMP NOT NULL
);
CREATE INDEX account_links_email ON account_links (email_key);
CREATE INDEX account_links_expiry ON account_links (expires_at);
CREATE TABLE tokens (
    id         TEXT      NOT NULL PRIMARY KEY,
    user_id    TEXT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT      NOT NULL,
    hash       TEXT      NOT NULL UNIQUE,
    scopes     TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    used_at    TIMESTAMP
);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE businesses (
    id               TEXT      NOT NULL PRIMARY KEY,
    slug             TEXT      NOT NULL,
    owner_id         TEXT      REFERENCES users (id),
    name             TEXT      NOT NULL,
    name_key         TEXT      NOT NULL,
    category         TEXT      NOT NULL,
    description      TEXT      NOT NULL,
    phone            TEXT      NOT NULL,
    email            TEXT      NOT NULL,
    website          TEXT      NOT NULL,
    attributes       TEXT      NOT NULL,
    legal_name       TEXT      NOT NULL,
    register_number  TEXT      NOT NULL,
    certified_at     TIMESTAMP,
    state            TEXT      NOT NULL CHECK (state IN ('unclaimed', 'draft', 'submitted', 'in_review', 'changes_requested',
                     'verified', 'verified_due', 'rejected', 'limited', 'suspended', 'terminated', 'withdrawn')),
    state_before     TEXT      NOT NULL,
    currency         TEXT      NOT NULL,
    pickup           BOOLEAN   NOT NULL,
    delivery         BOOLEAN   NOT NULL,
    pay_at_pickup    BOOLEAN   NOT NULL,
    accept_first     BOOLEAN   NOT NULL,
    prep_minutes     INTEGER   NOT NULL CHECK (prep_minutes >= 0),
    delivery_radius  INTEGER   NOT NULL CHECK (delivery_radius >= 0),
    delivery_fee     BIGINT    NOT NULL CHECK (delivery_fee >= 0),
    delivery_minimum BIGINT    NOT NULL CHECK (delivery_minimum >= 0),
    paused           BOOLEAN   NOT NULL,
    photo_hash       TEXT      NOT NULL,
    source           TEXT      NOT NULL,
    source_id        TEXT      NOT NULL,
    owner_fields     TEXT      NOT NULL,
    verified_at      TIMESTAMP,
    created_at       TIMESTAMP NOT NULL,
    updated_at       TIMESTAMP NOT NULL,
    version          BIGINT    NOT NULL
);
CREATE INDEX businesses_owner ON businesses (owner_id);
CREATE INDEX businesses_state ON businesses (state);
CREATE UNIQUE INDEX businesses_source ON businesses (source, source_id) WHERE source <> '';
-- Every slug a business ever had, so that old addresses redirect and are never
-- given to somebody else.
CREATE TABLE business_slugs (
    slug        TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL REFERENCES businesses (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX business_slugs_business ON business_slugs (business_id);
CREATE TABLE locations (
    id           TEXT   NOT NULL PRIMARY KEY,
    business_id  TEXT   NOT NULL UNIQUE REFERENCES businesses (id),
    lat          DOUBLE PRECISION NOT NULL,
    lng          DOUBLE PRECISION NOT NULL,
    cell         BIGINT NOT NULL, -- H3, resolution 15; 0 = no pin yet
    checked_lat  DOUBLE PRECISION NOT NULL, -- the pin as last submitted to a verifier
    checked_lng  DOUBLE PRECISION NOT NULL,
    zone         TEXT   NOT NULL,
    hours        TEXT   NOT NULL, -- JSON
    hours_text   TEXT   NOT NULL,
    street       TEXT   NOT NULL,
    house_number TEXT   NOT NULL,
    unit         TEXT   NOT NULL,
    postcode     TEXT   NOT NULL,
    district     TEXT   NOT NULL,
    city         TEXT   NOT NULL,
    region       TEXT   NOT NULL,
    country      TEXT   NOT NULL
);
CREATE INDEX locations_cell ON locations (cell);
CREATE TABLE members (
    business_id TEXT      NOT NULL REFERENCES businesses (id) ON DELETE CASCADE,
    user_id     TEXT      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role        TEXT      NOT NULL CHECK (role IN ('owner', 'manager', 'staff')),
    created_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (business_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
-- Named places for finding one's way without a map service.
CREATE TABLE gazetteer (
    id       TEXT    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    name_key TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    context  TEXT    NOT NULL,
    lat      DOUBLE PRECISION NOT NULL,
    lng      DOUBLE PRECISION NOT NULL,
    weight   INTEGER NOT NULL,
    UNIQUE (name_key, kind, context)
);

-- +goose Down
DROP TABLE gazetteer;
DROP TABLE members;
DROP TABLE locations;
DROP TABLE business_slugs;
DROP TABLE businesses;
DROP TABLE tokens;
DROP TABLE account_links;
DROP TABLE sessions;
DROP TABLE user_roles;
DROP TABLE users;
