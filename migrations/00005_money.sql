-- +goose Up
-- Money is BIGINT minor units; account '' is the operator's own. Rows of money
-- are never deleted.
CREATE TABLE payout_accounts (
    id                TEXT      NOT NULL PRIMARY KEY,
    account           TEXT      UNIQUE, -- NULL until the provider made it
    owner_id          TEXT      NOT NULL REFERENCES users (id),
    business_id       TEXT      NOT NULL REFERENCES businesses (id), -- the one it was opened for
    country           TEXT      NOT NULL,
    gen               INTEGER   NOT NULL,
    state             TEXT      NOT NULL CHECK (state IN ('creating', 'onboarding', 'pending', 'active', 'restricted', 'disabled', 'disconnected')),
    charges_enabled   BOOLEAN   NOT NULL,
    payouts_enabled   BOOLEAN   NOT NULL,
    details_submitted BOOLEAN   NOT NULL,
    card_payments     TEXT      NOT NULL CHECK (card_payments IN ('inactive', 'pending', 'active')),
    currently_due     TEXT      NOT NULL, -- JSON list
    past_due          TEXT      NOT NULL, -- JSON list
    disabled_reason   TEXT      NOT NULL,
    deadline          TIMESTAMP,
    default_currency  TEXT      NOT NULL,
    livemode          BOOLEAN   NOT NULL,
    platform          TEXT      NOT NULL, -- the operator's account at creation
    next_check_at     TIMESTAMP,
    synced_at         TIMESTAMP,
    swept_at          TIMESTAMP,
    event_at          TIMESTAMP,
    lost_at           TIMESTAMP,
    created_at        TIMESTAMP NOT NULL,
    version           BIGINT    NOT NULL
);
CREATE INDEX payout_accounts_due ON payout_accounts (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE UNIQUE INDEX payout_accounts_creating ON payout_accounts (business_id) WHERE state = 'creating';
CREATE TABLE payout_links (
    business_id       TEXT      NOT NULL PRIMARY KEY REFERENCES businesses (id),
    payout_account_id TEXT      NOT NULL REFERENCES payout_accounts (id),
    linked_at         TIMESTAMP NOT NULL,
    linked_by         TEXT      NOT NULL
);
CREATE INDEX payout_links_account ON payout_links (payout_account_id);
CREATE TABLE payouts (
    account      TEXT      NOT NULL,
    id           TEXT      NOT NULL,
    amount       BIGINT    NOT NULL,
    currency     TEXT      NOT NULL CHECK (length(currency) = 3),
    status       TEXT      NOT NULL,
    arrival_date TIMESTAMP NOT NULL,
    failure_code TEXT,
    synced_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE TABLE inbox (
    account     TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    type        TEXT      NOT NULL,
    object_id   TEXT      NOT NULL,
    intent_id   TEXT,
    livemode    BOOLEAN   NOT NULL,
    api_version TEXT      NOT NULL,
    created     TIMESTAMP NOT NULL,
    source      TEXT      NOT NULL CHECK (source IN ('webhook', 'backfill')),
    state       TEXT      NOT NULL CHECK (state IN ('new', 'done', 'ignored', 'parked')),
    attempts    INTEGER   NOT NULL,
    last_error  TEXT,
    received_at TIMESTAMP NOT NULL,
    done_at     TIMESTAMP,
    PRIMARY KEY (account, id)
);
CREATE INDEX inbox_object ON inbox (account, object_id) WHERE state = 'new';
CREATE INDEX inbox_state ON inbox (state, received_at);
CREATE TABLE ledger_entries (
    entry_id    TEXT      NOT NULL,
    leg         INTEGER   NOT NULL,
    kind        TEXT      NOT NULL CHECK (kind IN ('sale', 'counter_sale', 'app_fee', 'app_fee_refund', 'stripe_fee', 'refund', 'refund_failed',
                'counter_refund', 'dispute', 'dispute_won', 'dispute_fee', 'payout', 'payout_failed', 'other')),
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    order_id    TEXT,
    book        TEXT      NOT NULL CHECK (book IN ('buyer', 'balance', 'operator', 'stripe', 'till', 'bank', 'other')),
    amount      BIGINT    NOT NULL,
    currency    TEXT      NOT NULL CHECK (length(currency) = 3),
    account     TEXT      NOT NULL,
    source_id   TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    PRIMARY KEY (entry_id, leg),
    UNIQUE (account, kind, source_id, leg)
);
CREATE INDEX ledger_entries_business ON ledger_entries (business_id, at);
CREATE INDEX ledger_entries_order ON ledger_entries (order_id) WHERE order_id IS NOT NULL;

-- +goose Down
DROP TABLE ledger_entries;
DROP TABLE inbox;
DROP TABLE payouts;
DROP TABLE payout_links;
DROP TABLE payout_accounts;
