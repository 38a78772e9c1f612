-- What log-in needs to know of a user. `must_change_password`: a first or reset password may do nothing but be changed.
ALTER TABLE users ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN must_change_password BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_login_at BIGINT NOT NULL DEFAULT 0;
-- Who it is at a provider of log-ins: issuer and subject; none for those with a password.
ALTER TABLE users ADD COLUMN external_id VARCHAR(512);
CREATE UNIQUE INDEX users_external_id ON users (external_id);

-- One log-in with all tokens that it was refreshed with. `revoked_at` is 0 while it holds.
CREATE TABLE login_sessions (
    id           VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id      BIGINT      NOT NULL,
    created_at   BIGINT      NOT NULL,
    last_used_at BIGINT      NOT NULL,
    expires_at   BIGINT      NOT NULL,
    revoked_at   BIGINT      NOT NULL DEFAULT 0,
    INDEX login_sessions_user (user_id),
    INDEX login_sessions_end (expires_at),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Refresh tokens by their SHA-256. Used ones stay until their session goes, so that a second use is noticed.
CREATE TABLE refresh_tokens (
    token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    session_id VARCHAR(64) NOT NULL,
    created_at BIGINT      NOT NULL,
    used_at    BIGINT      NOT NULL DEFAULT 0,
    INDEX refresh_tokens_session (session_id),
    FOREIGN KEY (session_id) REFERENCES login_sessions (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Tokens of programs by their SHA-256; the token itself was shown once. `shown` is its beginning, by which people know it again;
-- `scopes` a list of permissions, null for all of the role; 0 in a time means never.
CREATE TABLE api_tokens (
    id           BIGINT       NOT NULL PRIMARY KEY,
    tenant_id    VARCHAR(64)  NOT NULL DEFAULT 'default',
    user_id      BIGINT       NOT NULL,
    name         VARCHAR(255) NOT NULL,
    shown        VARCHAR(64)  NOT NULL,
    token_hash   VARCHAR(64)  NOT NULL,
    role         VARCHAR(32)  NOT NULL,
    scopes       TEXT,
    created_at   BIGINT       NOT NULL,
    expires_at   BIGINT       NOT NULL DEFAULT 0,
    last_used_at BIGINT       NOT NULL DEFAULT 0,
    revoked_at   BIGINT       NOT NULL DEFAULT 0,
    UNIQUE INDEX api_tokens_token_hash (token_hash),
    INDEX api_tokens_user (user_id),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT IGNORE INTO numbers (name, last) VALUES ('api_tokens', 0);
