-- Which replica leads, and until when by this database's clock unless it renews; an empty holder is nobody. The secret, sealed, is what
-- replicas show each other while it leads.
CREATE TABLE leadership (
    id             BIGINT NOT NULL PRIMARY KEY,
    epoch          BIGINT NOT NULL,
    holder_id      VARCHAR(255) NOT NULL,
    holder_address VARCHAR(255) NOT NULL,
    secret         LONGTEXT NOT NULL,
    expires_at     BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO leadership (id, epoch, holder_id, holder_address, secret, expires_at) VALUES (1, 0, '', '', '', 0);

-- Replicas that are there, and when each was last heard of, by the same clock.
CREATE TABLE replicas (
    id      VARCHAR(255) NOT NULL PRIMARY KEY,
    address VARCHAR(255) NOT NULL,
    seen_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
