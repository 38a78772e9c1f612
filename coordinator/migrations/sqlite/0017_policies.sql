-- Standing policies. `revision` is compared and set; `images` is what is wanted and what is known of each, `paused` why nothing is ordered.
CREATE TABLE policies (
    id             TEXT   PRIMARY KEY,
    tenant_id      TEXT   NOT NULL DEFAULT 'default',
    created_by     TEXT   NOT NULL DEFAULT '',
    epoch          BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    name           TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    library_tag    TEXT   NOT NULL,
    task_spec      TEXT   NOT NULL,
    following      TEXT   NOT NULL,
    cron_expr      TEXT   NOT NULL,
    time_zone      TEXT   NOT NULL,
    paused         TEXT,
    images         TEXT   NOT NULL,
    followed_until BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_name ON policies (tenant_id, name);
CREATE INDEX policies_newest ON policies (created_at DESC, id);

-- Images that somebody else removed from a node of a policy: the last two times. `place` stands for node and image.
CREATE TABLE policy_evictions (
    policy_id   TEXT   NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    place       TEXT   NOT NULL,
    node        TEXT   NOT NULL,
    image       TEXT   NOT NULL,
    previous_at BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (policy_id, place)
);

-- The policy that ordered a task.
ALTER TABLE tasks ADD COLUMN policy_id TEXT;
CREATE INDEX tasks_of_policy ON tasks (policy_id, created_at);
