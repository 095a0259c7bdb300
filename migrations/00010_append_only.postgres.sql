-- +goose Up
-- The log and the decisions only ever grow.
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER verification_decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON verification_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TRIGGER verification_decisions_append_only ON verification_decisions;
DROP TRIGGER audit_entries_append_only ON audit_entries;
DROP FUNCTION append_only;
