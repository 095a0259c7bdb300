-- +goose Up
-- The effects of measures in force, as JSON; empty: none.
ALTER TABLE businesses ADD COLUMN restrictions TEXT NOT NULL DEFAULT '';
CREATE INDEX businesses_restricted ON businesses (id) WHERE restrictions <> '';

-- What was taken from a business, and why: the statement of reasons. A measure
-- is over from ends_at on, whether or not anybody has written it down.
CREATE TABLE measures (
    id           TEXT      NOT NULL PRIMARY KEY,
    business_id  TEXT      NOT NULL REFERENCES businesses (id),
    notice_id    TEXT      REFERENCES notices (id), -- that led to it
    kind         TEXT      NOT NULL CHECK (kind IN ('notice', 'lock', 'orders_off', 'hidden', 'suspended', 'terminated')),
    fields       TEXT      NOT NULL, -- JSON: of a lock
    codes        TEXT      NOT NULL, -- JSON: coded reasons
    facts        TEXT      NOT NULL, -- in words, to the owners
    ground       TEXT      NOT NULL CHECK (ground IN ('law', 'terms')),
    rule         TEXT      NOT NULL, -- which law, or which of the terms
    detected     TEXT      NOT NULL CHECK (detected IN ('notice', 'review', 'automated', 'unknown')),
    policy       TEXT      NOT NULL,
    by_id        TEXT      NOT NULL,
    by_role      TEXT      NOT NULL,
    starts_at    TIMESTAMP NOT NULL,
    ends_at      TIMESTAMP,
    state        TEXT      NOT NULL CHECK (state IN ('in_force', 'ended', 'lifted', 'overturned')),
    closed_at    TIMESTAMP,
    closed_by    TEXT      NOT NULL, -- '' for its own end
    closed_words TEXT      NOT NULL, -- to the owners
    version      BIGINT    NOT NULL,
    -- Suspensions of before this table had no end; their rule says so.
    CHECK ((ends_at IS NULL) = (kind = 'terminated' OR rule = 'carried over')),
    CHECK ((state = 'in_force') = (closed_at IS NULL)),
    CHECK ((kind = 'lock') = (fields <> '[]'))
);
CREATE INDEX measures_business ON measures (business_id, starts_at);
CREATE INDEX measures_notice ON measures (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX measures_open ON measures (ends_at) WHERE state = 'in_force';
CREATE INDEX measures_starts ON measures (starts_at);

-- Businesses that are suspended now get the measure that says why.
INSERT INTO measures (id, business_id, kind, fields, codes, facts, ground, rule, detected, policy, by_id, by_role, starts_at, state, closed_by, closed_words, version)
SELECT d.id, d.business_id, 'suspended', '[]', d.reasons, d.words, 'terms', 'carried over', 'unknown', d.policy, d.by_id, d.by_role, d.at, 'in_force', '', '', 1
FROM verification_decisions d JOIN businesses b ON b.id = d.business_id
WHERE d.kind = 'suspend' AND b.state = 'suspended' AND NOT EXISTS (
    SELECT 1 FROM verification_decisions later
    WHERE later.business_id = d.business_id AND later.kind = 'suspend' AND (later.at > d.at OR later.at = d.at AND later.id > d.id));
UPDATE businesses SET restrictions = (SELECT '[{"measure":"' || m.id || '","kind":"suspended"}]' FROM measures m WHERE m.business_id = businesses.id)
WHERE id IN (SELECT business_id FROM measures);

-- +goose Down
DROP TABLE measures;
DROP INDEX businesses_restricted;
ALTER TABLE businesses DROP COLUMN restrictions;
