-- +goose Up
-- Codes that were asked for. Numbers and networks stand here as keyed hashes
-- only: enough to count, and nothing to call.
CREATE TABLE phone_codes (
    check_id   TEXT      NOT NULL PRIMARY KEY,
    user_id    TEXT      NOT NULL,
    number_mac TEXT      NOT NULL,
    net_mac    TEXT      NOT NULL,
    at         TIMESTAMP NOT NULL
);
CREATE INDEX phone_codes_user ON phone_codes (user_id, at);
CREATE INDEX phone_codes_number ON phone_codes (number_mac, at);
CREATE INDEX phone_codes_net ON phone_codes (net_mac, at);
-- Each try to bring a code, and what the sender said of it.
CREATE TABLE phone_sends (
    id         TEXT      NOT NULL PRIMARY KEY,
    check_id   TEXT      NOT NULL REFERENCES phone_codes (check_id),
    sender     TEXT      NOT NULL,
    sender_ref TEXT      NOT NULL,
    state      TEXT      NOT NULL CHECK (state IN ('sending', 'sent', 'delivered', 'read', 'expired', 'revoked', 'failed')),
    day        TEXT      NOT NULL,
    cost       BIGINT    NOT NULL CHECK (cost >= 0), -- minor units
    refunded   BIGINT    NOT NULL CHECK (refunded BETWEEN 0 AND cost),
    at         TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX phone_sends_ref ON phone_sends (sender, sender_ref) WHERE sender_ref <> '';
CREATE UNIQUE INDEX phone_sends_once ON phone_sends (check_id, sender);
CREATE INDEX phone_sends_open ON phone_sends (at) WHERE state = 'sent';
-- What codes cost on a day. spent never passes the budget.
CREATE TABLE phone_days (
    day      TEXT   NOT NULL PRIMARY KEY,
    codes    BIGINT NOT NULL CHECK (codes >= 0),
    spent    BIGINT NOT NULL CHECK (spent >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0)
);
-- Delivery reports, each taken once.
CREATE TABLE phone_reports (
    hash TEXT      NOT NULL PRIMARY KEY,
    at   TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE phone_reports;
DROP TABLE phone_days;
DROP TABLE phone_sends;
DROP TABLE phone_codes;
