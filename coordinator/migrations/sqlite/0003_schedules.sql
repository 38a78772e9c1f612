-- One row per schedule. `revision` is compared and set; what was due up to `dealt_until` is dealt with, the next time is `next_due_at`.
CREATE TABLE schedules (
    id                TEXT   PRIMARY KEY,
    tenant_id         TEXT   NOT NULL DEFAULT 'default',
    created_by        TEXT   NOT NULL DEFAULT '',
    epoch             BIGINT NOT NULL,
    revision          BIGINT NOT NULL,
    name              TEXT   NOT NULL,
    description       TEXT   NOT NULL,
    cron_expr         TEXT   NOT NULL,
    time_zone         TEXT   NOT NULL,
    enabled           BIGINT NOT NULL,
    task_spec         TEXT   NOT NULL,
    overlap_policy    TEXT   NOT NULL,
    timeout_seconds   BIGINT NOT NULL,
    missed_runs       TEXT   NOT NULL,
    anchor            BIGINT NOT NULL,
    dealt_until       BIGINT NOT NULL,
    next_due_at       BIGINT,
    pruned_until      BIGINT NOT NULL,
    last_execution_at BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL
);
CREATE INDEX schedules_newest ON schedules (created_at DESC, id);
CREATE INDEX schedules_due ON schedules (enabled, next_due_at);

-- The history of schedules. `slot` says what asked for the run: the same due time never gets a second one.
CREATE TABLE schedule_executions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule_id  TEXT    NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    tenant_id    TEXT    NOT NULL DEFAULT 'default',
    created_by   TEXT    NOT NULL DEFAULT '',
    epoch        BIGINT  NOT NULL,
    slot         TEXT    NOT NULL,
    due_at       BIGINT  NOT NULL,
    state        TEXT    NOT NULL,
    task_id      TEXT    NOT NULL,
    launched     BIGINT  NOT NULL,
    triggered_at BIGINT  NOT NULL,
    started_at   BIGINT  NOT NULL,
    finished_at  BIGINT  NOT NULL,
    message      TEXT    NOT NULL
);
CREATE UNIQUE INDEX schedule_executions_slot ON schedule_executions (schedule_id, slot);
CREATE INDEX schedule_executions_newest ON schedule_executions (schedule_id, started_at DESC, id DESC);
CREATE INDEX schedule_executions_open ON schedule_executions (state) WHERE state IN ('queued', 'running');
