-- Which replica leads, and until when by this database's clock unless it renews; an empty holder is nobody. The secret, sealed, is what
-- replicas show each other while it leads.
CREATE TABLE leadership (
    id             BIGINT NOT NULL PRIMARY KEY,
    epoch          BIGINT NOT NULL,
    holder_id      TEXT NOT NULL,
    holder_address TEXT NOT NULL,
    secret         TEXT NOT NULL,
    expires_at     BIGINT NOT NULL
);
INSERT INTO leadership (id, epoch, holder_id, holder_address, secret, expires_at) VALUES (1, 0, '', '', '', 0);

-- Replicas that are there, and when each was last heard of, by the same clock.
CREATE TABLE replicas (
    id      TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
