-- Identity of this database, the epoch that fences its writers, and the oldest program that may serve it.
CREATE TABLE meta (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    store_uuid     TEXT    NOT NULL,
    epoch          BIGINT  NOT NULL,
    oldest_program TEXT    NOT NULL
);

-- One row per accepted task. Counts, bytes and failures are kept in step with pulls by the transaction that changes those.
CREATE TABLE tasks (
    id            TEXT   PRIMARY KEY,
    tenant_id     TEXT   NOT NULL DEFAULT 'default',
    created_by    TEXT   NOT NULL DEFAULT '',
    request_id    TEXT,
    epoch         BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    spec          TEXT   NOT NULL,
    images        TEXT   NOT NULL,
    counts        TEXT   NOT NULL,
    settled_bytes TEXT   NOT NULL,
    failures      TEXT   NOT NULL,
    error_message TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX tasks_request_id ON tasks (tenant_id, request_id);
CREATE INDEX tasks_newest ON tasks (created_at DESC, id);
CREATE INDEX tasks_state ON tasks (state, created_at DESC);

-- One row per node and image of a task; `state` and `attempt` are compared and set.
CREATE TABLE pulls (
    id              TEXT   PRIMARY KEY,
    task_id         TEXT   NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    epoch           BIGINT NOT NULL,
    node            TEXT   NOT NULL,
    image           TEXT   NOT NULL,
    image_index     BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    attempt         BIGINT NOT NULL,
    retries         BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    success         TEXT,
    failure         TEXT,
    message         TEXT   NOT NULL,
    digests         TEXT   NOT NULL,
    digest_verified BIGINT NOT NULL,
    bytes           TEXT   NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX pulls_of_task ON pulls (task_id, node, image_index);
CREATE INDEX pulls_open ON pulls (state) WHERE state IN ('queued', 'dispatched', 'pulling');

-- Every node that has ever said hello.
CREATE TABLE nodes (
    name                 TEXT   PRIMARY KEY,
    uid                  TEXT   NOT NULL,
    runtime_uuid         TEXT   NOT NULL,
    labels               TEXT   NOT NULL,
    platform             TEXT   NOT NULL,
    agent_version        TEXT   NOT NULL,
    runtime_name         TEXT   NOT NULL,
    runtime_version      TEXT   NOT NULL,
    max_concurrent_pulls BIGINT NOT NULL,
    first_seen_at        BIGINT NOT NULL,
    last_seen_at         BIGINT NOT NULL
);
