INSERT INTO numbers (name, last) VALUES ('channels', 0);

-- Where notifications go. `secrets` is nonce and ciphertext in base64, as the passwords of credentials are.
CREATE TABLE channels (
    id         BIGINT NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL DEFAULT 'default',
    created_by TEXT   NOT NULL DEFAULT '',
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    enabled    BIGINT NOT NULL,
    language   TEXT   NOT NULL,
    events     TEXT   NOT NULL,
    settings   TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    secrets    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX channels_name ON channels (tenant_id, name);

-- What people are told of, written with the change that caused it. Pending until its deliveries are made.
CREATE TABLE outbox (
    id         TEXT   NOT NULL PRIMARY KEY,
    tenant_id  TEXT   NOT NULL DEFAULT 'default',
    kind       TEXT   NOT NULL,
    about      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    pending    BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_pending ON outbox (pending, created_at);
CREATE INDEX outbox_age ON outbox (created_at);

-- One event on its way to one receiver, and the log of that. A channel that is gone leaves its log.
CREATE TABLE deliveries (
    id              TEXT   NOT NULL PRIMARY KEY,
    tenant_id       TEXT   NOT NULL DEFAULT 'default',
    event_id        TEXT   NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    channel_id      BIGINT NOT NULL,
    target          TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    about           TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    attempts        BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    give_up_at      BIGINT NOT NULL,
    last_attempt_at BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL,
    status          BIGINT NOT NULL,
    message         TEXT   NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (state, due_at);
CREATE INDEX deliveries_target ON deliveries (target, state, due_at);
CREATE INDEX deliveries_channel ON deliveries (channel_id, created_at);
CREATE INDEX deliveries_about ON deliveries (about, created_at);
CREATE INDEX deliveries_event ON deliveries (event_id);
CREATE INDEX deliveries_age ON deliveries (created_at);
