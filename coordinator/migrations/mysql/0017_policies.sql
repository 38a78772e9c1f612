-- Standing policies. `revision` is compared and set; `images` is what is wanted and what is known of each, `paused` why nothing is ordered.
CREATE TABLE policies (
    id             VARCHAR(64)  NOT NULL PRIMARY KEY,
    tenant_id      VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by     VARCHAR(255) NOT NULL DEFAULT '',
    epoch          BIGINT       NOT NULL,
    revision       BIGINT       NOT NULL,
    name           VARCHAR(255) NOT NULL,
    description    LONGTEXT     NOT NULL,
    library_tag    VARCHAR(255) NOT NULL,
    task_spec      LONGTEXT     NOT NULL,
    following      VARCHAR(32)  NOT NULL,
    cron_expr      VARCHAR(255) NOT NULL,
    time_zone      VARCHAR(64)  NOT NULL,
    paused         LONGTEXT,
    images         LONGTEXT     NOT NULL,
    followed_until BIGINT       NOT NULL,
    created_at     BIGINT       NOT NULL,
    updated_at     BIGINT       NOT NULL,
    UNIQUE INDEX policies_name (tenant_id, name),
    INDEX policies_newest (created_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Images that somebody else removed from a node of a policy: the last two times. `place` stands for node and image.
CREATE TABLE policy_evictions (
    policy_id   VARCHAR(64) NOT NULL,
    place       VARCHAR(64) NOT NULL,
    node        LONGTEXT    NOT NULL,
    image       LONGTEXT    NOT NULL,
    previous_at BIGINT      NOT NULL,
    last_at     BIGINT      NOT NULL,
    PRIMARY KEY (policy_id, place),
    CONSTRAINT policy_evictions_policy FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The policy that ordered a task.
ALTER TABLE tasks ADD COLUMN policy_id VARCHAR(64);
CREATE INDEX tasks_of_policy ON tasks (policy_id, created_at);
