-- The last number that was given to a record of each kind; none is ever given twice.
CREATE TABLE numbers (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    last BIGINT      NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO numbers (name, last) VALUES ('credentials', 0), ('library', 0);

-- Logins for registries. `password` is nonce and ciphertext in base64; the key is not in this database. One with a task belongs to it:
-- it has no name and goes with it.
CREATE TABLE credentials (
    id         BIGINT       NOT NULL PRIMARY KEY,
    tenant_id  VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by VARCHAR(255) NOT NULL DEFAULT '',
    task_id    VARCHAR(255),
    name       VARCHAR(255),
    registry   VARCHAR(512) NOT NULL,
    username   VARCHAR(512) NOT NULL,
    key_id     VARCHAR(64)  NOT NULL,
    password   LONGTEXT     NOT NULL,
    created_at BIGINT       NOT NULL,
    updated_at BIGINT       NOT NULL,
    UNIQUE INDEX credentials_name (tenant_id, name),
    INDEX credentials_task (task_id),
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Stored credentials that tasks name.
CREATE TABLE task_credentials (
    task_id       VARCHAR(255) NOT NULL,
    credential_id BIGINT       NOT NULL,
    PRIMARY KEY (task_id, credential_id),
    INDEX task_credentials_credential (credential_id),
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    FOREIGN KEY (credential_id) REFERENCES credentials (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Images that people use again.
CREATE TABLE library (
    id         BIGINT       NOT NULL PRIMARY KEY,
    tenant_id  VARCHAR(64)  NOT NULL DEFAULT 'default',
    created_by VARCHAR(255) NOT NULL DEFAULT '',
    name       VARCHAR(512) NOT NULL,
    image      VARCHAR(512) NOT NULL,
    created_at BIGINT       NOT NULL,
    updated_at BIGINT       NOT NULL,
    UNIQUE INDEX library_image (tenant_id, image),
    INDEX library_newest (created_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE library_tags (
    entry_id BIGINT       NOT NULL,
    tag      VARCHAR(255) NOT NULL,
    PRIMARY KEY (entry_id, tag),
    INDEX library_tags_tag (tag),
    FOREIGN KEY (entry_id) REFERENCES library (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
