INSERT INTO numbers (name, last) VALUES ('bootstrap_tokens', 0);

-- What lets an agent bind its key to its node. Kept as a hash.
CREATE TABLE bootstrap_tokens (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    token_hash TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX bootstrap_tokens_hash ON bootstrap_tokens (token_hash);

-- The key of each node's agent, as a hash. One that was revoked proves nothing, and leaves the name to the next one.
CREATE TABLE node_keys (
    node       TEXT   NOT NULL PRIMARY KEY,
    key_hash   TEXT   NOT NULL,
    token_id   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX node_keys_hash ON node_keys (key_hash);
CREATE INDEX node_keys_revoked ON node_keys (revoked_at);
