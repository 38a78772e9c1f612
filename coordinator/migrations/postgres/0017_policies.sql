-- Standing policies. `revision` is compared and set; `images` is what is wanted and what is known of each, `paused` why nothing is ordered.
CREATE TABLE policies (
    id             TEXT COLLATE "C"   PRIMARY KEY,
    tenant_id      TEXT COLLATE "C"   NOT NULL DEFAULT 'default',
    created_by     TEXT COLLATE "C"   NOT NULL DEFAULT '',
    epoch          BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    name           TEXT COLLATE "C"   NOT NULL,
    description    TEXT COLLATE "C"   NOT NULL,
    library_tag    TEXT COLLATE "C"   NOT NULL,
    task_spec      TEXT COLLATE "C"   NOT NULL,
    following      TEXT COLLATE "C"   NOT NULL,
    cron_expr      TEXT COLLATE "C"   NOT NULL,
    time_zone      TEXT COLLATE "C"   NOT NULL,
    paused         TEXT COLLATE "C",
    images         TEXT COLLATE "C"   NOT NULL,
    followed_until BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX policies_name ON policies (tenant_id, name);
CREATE INDEX policies_newest ON policies (created_at DESC, id);

-- Images that somebody else removed from a node of a policy: the last two times. `place` stands for node and image.
CREATE TABLE policy_evictions (
    policy_id   TEXT COLLATE "C"   NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    place       TEXT COLLATE "C"   NOT NULL,
    node        TEXT COLLATE "C"   NOT NULL,
    image       TEXT COLLATE "C"   NOT NULL,
    previous_at BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (policy_id, place)
);

-- The policy that ordered a task.
ALTER TABLE tasks ADD COLUMN policy_id TEXT COLLATE "C";
CREATE INDEX tasks_of_policy ON tasks (policy_id, created_at);
