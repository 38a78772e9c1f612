-- Who owns things, and what an owner's work may do. `repositories` is a list of patterns, a null quota is none; a tenant that was removed
-- keeps its row, so that nobody is given its id and with it its audit.
CREATE TABLE tenants (
    id                TEXT   NOT NULL PRIMARY KEY,
    name              TEXT   NOT NULL,
    node_selector     TEXT   NOT NULL,
    repositories      TEXT   NOT NULL,
    max_open_pulls    BIGINT,
    max_tasks_per_day BIGINT,
    max_bytes_per_day BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    removed_at        BIGINT NOT NULL DEFAULT 0
);
INSERT INTO tenants (id, name, node_selector, repositories, created_at, updated_at) VALUES ('default', 'Default', '', '[]', 0, 0);

-- What each tenant used up on a day of UTC, counted in days since 1970; changed in the transaction of what it counts.
CREATE TABLE tenant_usage (
    tenant_id TEXT   NOT NULL,
    day       BIGINT NOT NULL,
    tasks     BIGINT NOT NULL DEFAULT 0,
    bytes     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
);

-- Lists of one tenant among many.
CREATE INDEX tasks_of_tenant ON tasks (tenant_id, created_at, id);
CREATE INDEX audit_tenant ON audit_records (tenant_id, id);
CREATE INDEX deliveries_tenant ON deliveries (tenant_id, created_at, id);
