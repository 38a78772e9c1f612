-- One row per schedule. `revision` is compared and set; what was due up to `dealt_until` is dealt with, the next time is `next_due_at`.
CREATE TABLE schedules (
    id                VARCHAR(255) NOT NULL PRIMARY KEY,
    tenant_id         VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by        VARCHAR(255) NOT NULL DEFAULT '',
    epoch             BIGINT       NOT NULL,
    revision          BIGINT       NOT NULL,
    name              LONGTEXT     NOT NULL,
    description       LONGTEXT     NOT NULL,
    cron_expr         LONGTEXT     NOT NULL,
    time_zone         VARCHAR(64)  NOT NULL,
    enabled           BIGINT       NOT NULL,
    task_spec         LONGTEXT     NOT NULL,
    overlap_policy    VARCHAR(32)  NOT NULL,
    timeout_seconds   BIGINT       NOT NULL,
    missed_runs       VARCHAR(32)  NOT NULL,
    anchor            BIGINT       NOT NULL,
    dealt_until       BIGINT       NOT NULL,
    next_due_at       BIGINT,
    pruned_until      BIGINT       NOT NULL,
    last_execution_at BIGINT       NOT NULL,
    created_at        BIGINT       NOT NULL,
    updated_at        BIGINT       NOT NULL,
    INDEX schedules_newest (created_at, id),
    INDEX schedules_due (enabled, next_due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The history of schedules. `slot` says what asked for the run: the same due time never gets a second one.
CREATE TABLE schedule_executions (
    id           BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    schedule_id  VARCHAR(255) NOT NULL,
    tenant_id    VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by   VARCHAR(255) NOT NULL DEFAULT '',
    epoch        BIGINT       NOT NULL,
    slot         VARCHAR(128) NOT NULL,
    due_at       BIGINT       NOT NULL,
    state        VARCHAR(32)  NOT NULL,
    task_id      VARCHAR(255) NOT NULL,
    launched     BIGINT       NOT NULL,
    triggered_at BIGINT       NOT NULL,
    started_at   BIGINT       NOT NULL,
    finished_at  BIGINT       NOT NULL,
    message      LONGTEXT     NOT NULL,
    UNIQUE INDEX schedule_executions_slot (schedule_id, slot),
    INDEX schedule_executions_newest (schedule_id, started_at, id),
    INDEX schedule_executions_open (state),
    CONSTRAINT schedule_executions_schedule FOREIGN KEY (schedule_id) REFERENCES schedules (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
