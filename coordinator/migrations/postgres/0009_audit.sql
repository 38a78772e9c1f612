-- Who did what, when, from where, with what result. Rows are added, and removed when they are old enough; none is ever changed. Ids sort by
-- time.
CREATE TABLE audit_records (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL,
    done_at    BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    edge       TEXT   NOT NULL,
    operation  TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    result     TEXT   NOT NULL,
    status     BIGINT NOT NULL,
    request_id TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    user_agent TEXT   NOT NULL
);
CREATE INDEX audit_age ON audit_records (done_at);
CREATE INDEX audit_subject ON audit_records (subject, done_at);
CREATE INDEX audit_operation ON audit_records (operation, done_at);
CREATE INDEX audit_resource ON audit_records (resource, done_at);

CREATE FUNCTION audit_records_stay() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'records of the audit are never changed';
END;
$$ LANGUAGE plpgsql;
CREATE TRIGGER audit_records_stay BEFORE UPDATE ON audit_records FOR EACH ROW EXECUTE PROCEDURE audit_records_stay();
