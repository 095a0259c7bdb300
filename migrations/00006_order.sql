-- +goose Up
-- What can be sold. A hold raises held, a placed order turns it into committed,
-- a hand-over lowers committed and on_hand together. One guarded update moves
-- them; the check is the second lock.
CREATE TABLE stock (
    id          TEXT   NOT NULL PRIMARY KEY,
    business_id TEXT   NOT NULL REFERENCES businesses (id),
    variant_id  TEXT   NOT NULL REFERENCES variants (id),
    location_id TEXT   NOT NULL REFERENCES locations (id),
    on_hand     BIGINT NOT NULL,
    held        BIGINT NOT NULL,
    committed   BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    UNIQUE (variant_id, location_id),
    CHECK (held >= 0 AND committed >= 0 AND held + committed <= on_hand)
);
CREATE INDEX stock_business ON stock (business_id);
CREATE TABLE stock_moves (
    id          TEXT      NOT NULL PRIMARY KEY,
    stock_id    TEXT      NOT NULL REFERENCES stock (id),
    kind        TEXT      NOT NULL CHECK (kind IN ('receive', 'adjust', 'commit', 'return', 'handover', 'loss')),
    d_on_hand   BIGINT    NOT NULL,
    d_committed BIGINT    NOT NULL,
    order_id    TEXT,
    ref         TEXT      NOT NULL,
    actor_id    TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    UNIQUE (order_id, stock_id, kind, ref)
);
CREATE INDEX stock_moves_stock ON stock_moves (stock_id, at);
CREATE TABLE drops (
    id            TEXT      NOT NULL PRIMARY KEY,
    business_id   TEXT      NOT NULL REFERENCES businesses (id),
    stock_id      TEXT      NOT NULL REFERENCES stock (id),
    cap           BIGINT    NOT NULL CHECK (cap > 0),
    per_buyer_cap BIGINT    NOT NULL CHECK (per_buyer_cap > 0),
    taken         BIGINT    NOT NULL CHECK (taken >= 0 AND taken <= cap), -- holds and committed
    starts_at     TIMESTAMP NOT NULL,
    ends_at       TIMESTAMP CHECK (ends_at > starts_at),
    state         TEXT      NOT NULL CHECK (state IN ('planned', 'open', 'sold_out', 'closed')),
    first_sold_at TIMESTAMP,
    sold_out_at   TIMESTAMP
);
CREATE UNIQUE INDEX drops_stock ON drops (stock_id) WHERE state <> 'closed';
CREATE TABLE drop_buyers (
    drop_id TEXT   NOT NULL REFERENCES drops (id),
    buyer   TEXT   NOT NULL,
    taken   BIGINT NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (drop_id, buyer)
);

CREATE TABLE carts (
    id          TEXT      NOT NULL PRIMARY KEY,
    buyer       TEXT      NOT NULL, -- user id, else guest cookie id
    business_id TEXT      NOT NULL REFERENCES businesses (id),
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    UNIQUE (buyer, business_id)
);
CREATE INDEX carts_updated ON carts (updated_at);
CREATE TABLE cart_lines (
    cart_id    TEXT      NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    variant_id TEXT      NOT NULL,
    qty        BIGINT    NOT NULL CHECK (qty > 0),
    added_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (cart_id, variant_id)
);

CREATE TABLE order_numbers (
    business_id TEXT   NOT NULL PRIMARY KEY REFERENCES businesses (id),
    next        BIGINT NOT NULL
);
CREATE TABLE fee_rules (
    id             TEXT      NOT NULL PRIMARY KEY,
    scope          TEXT      NOT NULL CHECK (scope IN ('default', 'category', 'business')),
    scope_id       TEXT      NOT NULL,
    bps            INTEGER   NOT NULL CHECK (bps >= 0 AND bps <= 5000),
    fixed          BIGINT    NOT NULL CHECK (fixed >= 0),
    fixed_currency TEXT,
    base           TEXT      NOT NULL CHECK (base IN ('goods', 'total')),
    valid_from     TIMESTAMP NOT NULL,
    valid_to       TIMESTAMP,
    made_by        TEXT      NOT NULL,
    UNIQUE (scope, scope_id, valid_from),
    CHECK (fixed = 0 OR fixed_currency IS NOT NULL)
);
CREATE TABLE orders (
    id               TEXT      NOT NULL PRIMARY KEY,
    business_id      TEXT      NOT NULL REFERENCES businesses (id),
    number           BIGINT, -- given when placed, gap-free per business
    buyer_id         TEXT      REFERENCES users (id),
    contact_name     TEXT      NOT NULL,
    contact_email    TEXT,
    contact_phone    TEXT,
    buyer            TEXT      NOT NULL, -- user id, else guest cookie id
    client_token     TEXT      NOT NULL,
    request_hash     TEXT      NOT NULL,
    link_hash        TEXT      NOT NULL UNIQUE,
    locale           TEXT      NOT NULL,
    state            TEXT      NOT NULL CHECK (state IN ('pending_payment', 'expiring', 'expired', 'cancelled', 'review', 'placed', 'accepted', 'declined',
                     'preparing', 'ready', 'out_for_delivery', 'delivery_failed', 'completed', 'no_show', 'closed')),
    kind             TEXT      NOT NULL CHECK (kind IN ('pickup', 'delivery')),
    method           TEXT      NOT NULL CHECK (method IN ('stripe', 'counter', 'none')),
    capture_on       TEXT      NOT NULL CHECK (capture_on IN ('placement', 'accept')),
    slot_from        TIMESTAMP NOT NULL,
    slot_to          TIMESTAMP NOT NULL,
    zone             TEXT      NOT NULL,
    address_json     TEXT,
    note             TEXT      NOT NULL,
    currency         TEXT      NOT NULL CHECK (length(currency) = 3),
    goods            BIGINT    NOT NULL CHECK (goods >= 0),
    discount         BIGINT    NOT NULL CHECK (discount >= 0 AND discount <= goods),
    delivery         BIGINT    NOT NULL CHECK (delivery >= 0),
    tax_added        BIGINT    NOT NULL CHECK (tax_added >= 0),
    tax_contained    BIGINT    NOT NULL CHECK (tax_contained >= 0),
    total            BIGINT    NOT NULL CHECK (total >= 0),
    terms_json       TEXT      NOT NULL,
    fee_rule_id      TEXT,
    fee_bps          INTEGER   NOT NULL,
    fee_fixed        BIGINT    NOT NULL,
    fee_base         TEXT      NOT NULL,
    fee              BIGINT    NOT NULL CHECK (fee >= 0 AND fee <= total),
    hold_expires_at  TIMESTAMP,
    accept_by        TIMESTAMP,
    pickup_code_hash TEXT,
    end_reason       TEXT      NOT NULL CHECK (end_reason IN ('', 'timeout', 'shopper', 'business', 'suspended', 'late_no_stock', 'payment_failed', 'operator')),
    decline_reason   TEXT      NOT NULL,
    flag             TEXT      NOT NULL, -- '' or what a person should look at: "provider_unreachable"
    created_at       TIMESTAMP NOT NULL,
    placed_at        TIMESTAMP,
    accepted_at      TIMESTAMP,
    ready_at         TIMESTAMP,
    done_at          TIMESTAMP,
    updated_at       TIMESTAMP NOT NULL,
    version          BIGINT    NOT NULL,
    UNIQUE (business_id, number),
    UNIQUE (buyer, client_token),
    CHECK (total = goods - discount + delivery + tax_added),
    CHECK (buyer_id IS NOT NULL OR contact_email IS NOT NULL OR contact_phone IS NOT NULL),
    CHECK (kind = 'pickup' OR address_json IS NOT NULL)
);
CREATE INDEX orders_business ON orders (business_id, id);
CREATE INDEX orders_business_state ON orders (business_id, state);
CREATE INDEX orders_buyer ON orders (buyer, id);
CREATE INDEX orders_code ON orders (business_id, pickup_code_hash) WHERE pickup_code_hash IS NOT NULL;
CREATE INDEX orders_accept ON orders (accept_by) WHERE state = 'placed' AND accept_by IS NOT NULL;
CREATE TABLE order_lines (
    order_id     TEXT    NOT NULL REFERENCES orders (id),
    n            INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('goods', 'delivery')),
    product_id   TEXT,
    variant_id   TEXT,
    stock_id     TEXT    REFERENCES stock (id), -- NULL: delivery, or stock that is not counted
    name         TEXT    NOT NULL,
    options_json TEXT    NOT NULL,
    qty          BIGINT  NOT NULL CHECK (qty > 0),
    unit_price   BIGINT  NOT NULL CHECK (unit_price >= 0),
    gross        BIGINT  NOT NULL CHECK (gross >= 0),
    discount     BIGINT  NOT NULL CHECK (discount >= 0 AND discount <= gross),
    tax          BIGINT  NOT NULL CHECK (tax >= 0),
    tax_mpct     INTEGER NOT NULL CHECK (tax_mpct >= 0),
    tax_included BOOLEAN NOT NULL,
    total        BIGINT  NOT NULL,
    refunded     BIGINT  NOT NULL CHECK (refunded >= 0 AND refunded <= total),
    qty_accepted BIGINT  NOT NULL CHECK (qty_accepted >= 0 AND qty_accepted <= qty),
    qty_handed   BIGINT  NOT NULL CHECK (qty_handed >= 0 AND qty_handed <= qty),
    qty_refunded BIGINT  NOT NULL CHECK (qty_refunded >= 0 AND qty_refunded <= qty),
    PRIMARY KEY (order_id, n),
    CHECK (kind = 'delivery' OR variant_id IS NOT NULL),
    CHECK (total = gross - discount + CASE WHEN tax_included THEN 0 ELSE tax END)
);
CREATE TABLE reservations (
    order_id   TEXT      NOT NULL REFERENCES orders (id),
    stock_id   TEXT      NOT NULL REFERENCES stock (id),
    qty        BIGINT    NOT NULL CHECK (qty > 0),
    state      TEXT      NOT NULL CHECK (state IN ('active', 'consumed', 'released')),
    drop_id    TEXT      REFERENCES drops (id),
    buyer      TEXT      NOT NULL,
    made_at    TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP,
    end_reason TEXT      NOT NULL,
    PRIMARY KEY (order_id, stock_id)
);
CREATE INDEX reservations_stock ON reservations (stock_id) WHERE state = 'active';
CREATE TABLE payments (
    id                TEXT      NOT NULL PRIMARY KEY,
    order_id          TEXT      NOT NULL REFERENCES orders (id),
    attempt           INTEGER   NOT NULL,
    method            TEXT      NOT NULL CHECK (method IN ('stripe', 'counter')),
    account           TEXT      NOT NULL, -- frozen from the payout link; '' for counter
    state             TEXT      NOT NULL CHECK (state IN ('creating', 'open', 'processing', 'authorized', 'capturing', 'voiding', 'paid', 'failed', 'expired',
                      'voided', 'lapsed', 'lost', 'late', 'review', 'due', 'collected', 'waived')),
    currency          TEXT      NOT NULL CHECK (length(currency) = 3),
    amount            BIGINT    NOT NULL CHECK (amount > 0),
    fee               BIGINT    NOT NULL CHECK (fee >= 0 AND fee <= amount),
    capture           TEXT      NOT NULL CHECK (capture IN ('automatic', 'manual')),
    gen               INTEGER   NOT NULL,
    params_json       TEXT, -- with sent_at and expires_at: set before the first call, then frozen for this gen
    sent_at           TIMESTAMP,
    expires_at        TIMESTAMP,
    act_gen           INTEGER   NOT NULL,
    url               TEXT,
    session_id        TEXT,
    payment_intent_id TEXT,
    charge_id         TEXT,
    fee_id            TEXT      UNIQUE, -- lives on the operator's account
    captured          BIGINT    NOT NULL DEFAULT 0,
    refund_reserved   BIGINT    NOT NULL DEFAULT 0,
    refunded          BIGINT    NOT NULL DEFAULT 0,
    fee_refunded      BIGINT    NOT NULL DEFAULT 0,
    stripe_fee        BIGINT    NOT NULL DEFAULT 0,
    capture_before    TIMESTAMP,
    stop_wanted       TEXT      NOT NULL CHECK (stop_wanted IN ('', 'timeout', 'shopper', 'business', 'suspended')),
    card_brand        TEXT,
    card_last4        TEXT,
    receipt_url       TEXT,
    livemode          BOOLEAN   NOT NULL,
    platform          TEXT      NOT NULL,
    next_check_at     TIMESTAMP,
    tries             INTEGER   NOT NULL,
    last_error        TEXT,
    last_request_id   TEXT,
    created_at        TIMESTAMP NOT NULL,
    version           BIGINT    NOT NULL,
    UNIQUE (order_id, attempt),
    UNIQUE (account, session_id),
    UNIQUE (account, payment_intent_id),
    UNIQUE (account, charge_id),
    CHECK (refunded >= 0 AND refunded <= refund_reserved AND refund_reserved <= captured AND captured <= amount),
    CHECK (fee_refunded >= 0 AND fee_refunded <= fee)
);
CREATE UNIQUE INDEX payments_live ON payments (order_id)
    WHERE state NOT IN ('expired', 'failed', 'voided', 'lapsed', 'waived', 'lost', 'late');
CREATE INDEX payments_due ON payments (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE TABLE refunds (
    id            TEXT      NOT NULL PRIMARY KEY,
    payment_id    TEXT      NOT NULL REFERENCES payments (id),
    account       TEXT      NOT NULL,
    stripe_id     TEXT,
    amount        BIGINT    NOT NULL CHECK (amount > 0),
    origin        TEXT      NOT NULL CHECK (origin IN ('shopper', 'business', 'operator', 'auto', 'external')),
    reason        TEXT      NOT NULL,
    client_token  TEXT      NOT NULL UNIQUE,
    gen           INTEGER   NOT NULL,
    keep_fee      BOOLEAN   NOT NULL,
    state         TEXT      NOT NULL CHECK (state IN ('requested', 'pending', 'succeeded', 'failed', 'canceled', 'waiting_funds', 'manual')),
    due_by        TIMESTAMP NOT NULL,
    failure       TEXT,
    requested_by  TEXT      NOT NULL,
    approved_by   TEXT,
    next_check_at TIMESTAMP,
    sent_at       TIMESTAMP,
    tries         INTEGER   NOT NULL,
    last_error    TEXT,
    created_at    TIMESTAMP NOT NULL,
    version       BIGINT    NOT NULL,
    UNIQUE (account, stripe_id)
);
CREATE INDEX refunds_payment ON refunds (payment_id);
CREATE INDEX refunds_due ON refunds (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE TABLE refund_lines (
    refund_id TEXT    NOT NULL REFERENCES refunds (id),
    line_n    INTEGER NOT NULL,
    qty       BIGINT  NOT NULL CHECK (qty >= 0),
    amount    BIGINT  NOT NULL CHECK (amount > 0),
    tax       BIGINT  NOT NULL CHECK (tax >= 0),
    PRIMARY KEY (refund_id, line_n)
);
CREATE TABLE disputes (
    account       TEXT      NOT NULL,
    id            TEXT      NOT NULL,
    payment_id    TEXT      REFERENCES payments (id),
    amount        BIGINT    NOT NULL,
    currency      TEXT      NOT NULL CHECK (length(currency) = 3),
    reason        TEXT      NOT NULL,
    state         TEXT      NOT NULL CHECK (state IN ('inquiry', 'needs_response', 'under_review', 'won', 'lost', 'closed')),
    due_by        TIMESTAMP,
    evidence_json TEXT,
    submitted_at  TIMESTAMP,
    balance_json  TEXT      NOT NULL,
    next_check_at TIMESTAMP,
    synced_at     TIMESTAMP NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX disputes_payment ON disputes (payment_id);

-- +goose Down
DROP TABLE disputes;
DROP TABLE refund_lines;
DROP TABLE refunds;
DROP TABLE payments;
DROP TABLE reservations;
DROP TABLE order_lines;
DROP TABLE orders;
DROP TABLE fee_rules;
DROP TABLE order_numbers;
DROP TABLE cart_lines;
DROP TABLE carts;
DROP TABLE drop_buyers;
DROP TABLE drops;
DROP TABLE stock_moves;
DROP TABLE stock;
