-- Identity of this database, the epoch that fences its writers, and the oldest program that may serve it.
CREATE TABLE meta (
    id             BIGINT      NOT NULL PRIMARY KEY CHECK (id = 1),
    store_uuid     VARCHAR(64) NOT NULL,
    epoch          BIGINT      NOT NULL,
    oldest_program VARCHAR(64) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per accepted task. Counts, bytes and failures are kept in step with pulls by the transaction that changes those.
CREATE TABLE tasks (
    id            VARCHAR(255) NOT NULL PRIMARY KEY,
    tenant_id     VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by    VARCHAR(255) NOT NULL DEFAULT '',
    request_id    VARCHAR(255),
    epoch         BIGINT       NOT NULL,
    state         VARCHAR(32)  NOT NULL,
    spec          LONGTEXT     NOT NULL,
    images        LONGTEXT     NOT NULL,
    counts        LONGTEXT     NOT NULL,
    settled_bytes LONGTEXT     NOT NULL,
    failures      LONGTEXT     NOT NULL,
    error_message LONGTEXT     NOT NULL,
    created_at    BIGINT       NOT NULL,
    started_at    BIGINT       NOT NULL,
    finished_at   BIGINT       NOT NULL,
    UNIQUE INDEX tasks_request_id (tenant_id, request_id),
    INDEX tasks_newest (created_at, id),
    INDEX tasks_state (state, created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per node and image of a task; `state` and `attempt` are compared and set.
CREATE TABLE pulls (
    id              VARCHAR(255) NOT NULL PRIMARY KEY,
    task_id         VARCHAR(255) NOT NULL,
    epoch           BIGINT       NOT NULL,
    node            VARCHAR(255) NOT NULL,
    image           LONGTEXT     NOT NULL,
    image_index     BIGINT       NOT NULL,
    state           VARCHAR(32)  NOT NULL,
    attempt         BIGINT       NOT NULL,
    retries         BIGINT       NOT NULL,
    not_before      BIGINT       NOT NULL,
    success         VARCHAR(64),
    failure         VARCHAR(64),
    message         LONGTEXT     NOT NULL,
    digests         LONGTEXT     NOT NULL,
    digest_verified BIGINT       NOT NULL,
    bytes           LONGTEXT     NOT NULL,
    started_at      BIGINT       NOT NULL,
    finished_at     BIGINT       NOT NULL,
    UNIQUE INDEX pulls_of_task (task_id, node, image_index),
    INDEX pulls_open (state),
    CONSTRAINT pulls_task FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every node that has ever said hello.
CREATE TABLE nodes (
    name                 VARCHAR(255) NOT NULL PRIMARY KEY,
    uid                  LONGTEXT     NOT NULL,
    runtime_uuid         LONGTEXT     NOT NULL,
    labels               LONGTEXT     NOT NULL,
    platform             LONGTEXT     NOT NULL,
    agent_version        LONGTEXT     NOT NULL,
    runtime_name         LONGTEXT     NOT NULL,
    runtime_version      LONGTEXT     NOT NULL,
    max_concurrent_pulls BIGINT       NOT NULL,
    first_seen_at        BIGINT       NOT NULL,
    last_seen_at         BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
