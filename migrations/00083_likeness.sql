-- +goose Up
-- What businesses are compared by. Rows from before have no skeleton until the
-- program has filled them in.
ALTER TABLE businesses ADD COLUMN skeleton TEXT NOT NULL DEFAULT ''; -- of the name; '-' where it has none
ALTER TABLE businesses ADD COLUMN host TEXT NOT NULL DEFAULT '';     -- of the web site, '' where many share it
CREATE INDEX businesses_skeleton ON businesses (skeleton, id);
CREATE INDEX businesses_host ON businesses (host, id) WHERE host <> '';
CREATE INDEX businesses_phone ON businesses (phone, id) WHERE phone <> '';

-- +goose Down
DROP INDEX businesses_phone;
DROP INDEX businesses_host;
DROP INDEX businesses_skeleton;
ALTER TABLE businesses DROP COLUMN host;
ALTER TABLE businesses DROP COLUMN skeleton;
