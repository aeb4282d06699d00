-- +goose Up

-- Lines of the audit log are added and never changed or taken away, by this program or by hand. Whoever owns the
-- database can drop these triggers; the chain of hashes tells afterwards.
{{if .Postgres}}
-- +goose StatementBegin
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
{{else}}
-- +goose StatementBegin
CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without asking the trigger above.
-- +goose StatementBegin
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
{{end}}
-- +goose Down
{{if .Postgres}}
DROP TRIGGER audit_is_kept ON audit;
DROP FUNCTION audit_is_append_only();
{{else}}
DROP TRIGGER audit_is_not_updated;
DROP TRIGGER audit_is_not_deleted;
DROP TRIGGER audit_is_not_replaced;
{{end}}
