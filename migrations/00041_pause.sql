-- +goose Up
-- When a pause of orders ends by itself; null: when somebody ends it.
ALTER TABLE businesses ADD COLUMN paused_until TIMESTAMP;

-- A start asks which pauses end by themselves.
CREATE INDEX businesses_paused_until ON businesses (paused_until) WHERE paused_until IS NOT NULL;
