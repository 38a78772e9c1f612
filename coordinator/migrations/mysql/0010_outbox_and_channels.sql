INSERT IGNORE INTO numbers (name, last) VALUES ('channels', 0);

-- Where notifications go. `secrets` is nonce and ciphertext in base64, as the passwords of credentials are.
CREATE TABLE channels (
    id         BIGINT       NOT NULL PRIMARY KEY,
    tenant_id  VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by VARCHAR(255) NOT NULL DEFAULT '',
    name       VARCHAR(255) NOT NULL,
    kind       VARCHAR(32)  NOT NULL,
    enabled    BIGINT       NOT NULL,
    language   VARCHAR(16)  NOT NULL,
    events     LONGTEXT     NOT NULL,
    settings   LONGTEXT     NOT NULL,
    key_id     VARCHAR(64)  NOT NULL,
    secrets    LONGTEXT     NOT NULL,
    created_at BIGINT       NOT NULL,
    updated_at BIGINT       NOT NULL,
    UNIQUE INDEX channels_name (tenant_id, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What people are told of, written with the change that caused it. Pending until its deliveries are made.
CREATE TABLE outbox (
    id         VARCHAR(64)  NOT NULL PRIMARY KEY,
    tenant_id  VARCHAR(64)  NOT NULL DEFAULT 'default',
    kind       VARCHAR(32)  NOT NULL,
    about      VARCHAR(255) NOT NULL,
    body       LONGTEXT     NOT NULL,
    pending    BIGINT       NOT NULL,
    created_at BIGINT       NOT NULL,
    INDEX outbox_pending (pending, created_at),
    INDEX outbox_age (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One event on its way to one receiver, and the log of that. A channel that is gone leaves its log.
CREATE TABLE deliveries (
    id              VARCHAR(64)   NOT NULL PRIMARY KEY,
    tenant_id       VARCHAR(64)   NOT NULL DEFAULT 'default',
    event_id        VARCHAR(64)   NOT NULL,
    channel_id      BIGINT        NOT NULL,
    target          VARCHAR(64)   NOT NULL,
    kind            VARCHAR(32)   NOT NULL,
    about           VARCHAR(255)  NOT NULL,
    state           VARCHAR(16)   NOT NULL,
    attempts        BIGINT        NOT NULL,
    created_at      BIGINT        NOT NULL,
    due_at          BIGINT        NOT NULL,
    give_up_at      BIGINT        NOT NULL,
    last_attempt_at BIGINT        NOT NULL,
    finished_at     BIGINT        NOT NULL,
    status          BIGINT        NOT NULL,
    message         VARCHAR(2048) NOT NULL,
    INDEX deliveries_due (state, due_at),
    INDEX deliveries_target (target, state, due_at),
    INDEX deliveries_channel (channel_id, created_at),
    INDEX deliveries_about (about, created_at),
    INDEX deliveries_event (event_id),
    INDEX deliveries_age (created_at),
    FOREIGN KEY (event_id) REFERENCES outbox (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
