-- +goose Up
-- The log and the decisions only ever grow. A thief of the file can drop these
-- triggers; the chain of hashes finds what he does then.
-- +goose StatementBegin
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER verification_decisions_no_update BEFORE UPDATE ON verification_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER verification_decisions_no_delete BEFORE DELETE ON verification_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER verification_decisions_no_delete;
DROP TRIGGER verification_decisions_no_update;
DROP TRIGGER audit_entries_no_delete;
DROP TRIGGER audit_entries_no_update;
