INSERT IGNORE INTO numbers (name, last) VALUES ('bootstrap_tokens', 0);

-- What lets an agent bind its key to its node. Kept as a hash.
CREATE TABLE bootstrap_tokens (
    id         BIGINT       NOT NULL PRIMARY KEY,
    name       VARCHAR(255) NOT NULL,
    token_hash VARCHAR(64)  NOT NULL,
    created_at BIGINT       NOT NULL,
    expires_at BIGINT       NOT NULL,
    revoked_at BIGINT       NOT NULL DEFAULT 0,
    UNIQUE INDEX bootstrap_tokens_hash (token_hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The key of each node's agent, as a hash. One that was revoked proves nothing, and leaves the name to the next one.
CREATE TABLE node_keys (
    node       VARCHAR(255) NOT NULL PRIMARY KEY,
    key_hash   VARCHAR(64)  NOT NULL,
    token_id   BIGINT       NOT NULL,
    created_at BIGINT       NOT NULL,
    revoked_at BIGINT       NOT NULL DEFAULT 0,
    UNIQUE INDEX node_keys_hash (key_hash),
    INDEX node_keys_revoked (revoked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
