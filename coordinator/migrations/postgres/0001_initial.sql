-- Identity of this database, the epoch that fences its writers, and the oldest program that may serve it.
CREATE TABLE meta (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    store_uuid     TEXT COLLATE "C"    NOT NULL,
    epoch          BIGINT  NOT NULL,
    oldest_program TEXT COLLATE "C"    NOT NULL
);

-- One row per accepted task. Counts, bytes and failures are kept in step with pulls by the transaction that changes those.
CREATE TABLE tasks (
    id            TEXT COLLATE "C"   PRIMARY KEY,
    tenant_id     TEXT COLLATE "C"   NOT NULL DEFAULT 'default',
    created_by    TEXT COLLATE "C"   NOT NULL DEFAULT '',
    request_id    TEXT COLLATE "C",
    epoch         BIGINT NOT NULL,
    state         TEXT COLLATE "C"   NOT NULL,
    spec          TEXT COLLATE "C"   NOT NULL,
    images        TEXT COLLATE "C"   NOT NULL,
    counts        TEXT COLLATE "C"   NOT NULL,
    settled_bytes TEXT COLLATE "C"   NOT NULL,
    failures      TEXT COLLATE "C"   NOT NULL,
    error_message TEXT COLLATE "C"   NOT NULL,
    created_at    BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    finished_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX tasks_request_id ON tasks (tenant_id, request_id);
CREATE INDEX tasks_newest ON tasks (created_at DESC, id);
CREATE INDEX tasks_state ON tasks (state, created_at DESC);

-- One row per node and image of a task; `state` and `attempt` are compared and set.
CREATE TABLE pulls (
    id              TEXT COLLATE "C"   PRIMARY KEY,
    task_id         TEXT COLLATE "C"   NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    epoch           BIGINT NOT NULL,
    node            TEXT COLLATE "C"   NOT NULL,
    image           TEXT COLLATE "C"   NOT NULL,
    image_index     BIGINT NOT NULL,
    state           TEXT COLLATE "C"   NOT NULL,
    attempt         BIGINT NOT NULL,
    retries         BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    success         TEXT COLLATE "C",
    failure         TEXT COLLATE "C",
    message         TEXT COLLATE "C"   NOT NULL,
    digests         TEXT COLLATE "C"   NOT NULL,
    digest_verified BIGINT NOT NULL,
    bytes           TEXT COLLATE "C"   NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX pulls_of_task ON pulls (task_id, node, image_index);
CREATE INDEX pulls_open ON pulls (state) WHERE state IN ('queued', 'dispatched', 'pulling');

-- Every node that has ever said hello.
CREATE TABLE nodes (
    name                 TEXT COLLATE "C"   PRIMARY KEY,
    uid                  TEXT COLLATE "C"   NOT NULL,
    runtime_uuid         TEXT COLLATE "C"   NOT NULL,
    labels               TEXT COLLATE "C"   NOT NULL,
    platform             TEXT COLLATE "C"   NOT NULL,
    agent_version        TEXT COLLATE "C"   NOT NULL,
    runtime_name         TEXT COLLATE "C"   NOT NULL,
    runtime_version      TEXT COLLATE "C"   NOT NULL,
    max_concurrent_pulls BIGINT NOT NULL,
    first_seen_at        BIGINT NOT NULL,
    last_seen_at         BIGINT NOT NULL
);
