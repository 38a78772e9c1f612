-- What log-in needs to know of a user. `must_change_password`: a first or reset password may do nothing but be changed.
ALTER TABLE users ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN must_change_password BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_login_at BIGINT NOT NULL DEFAULT 0;
-- Who it is at a provider of log-ins: issuer and subject; none for those with a password.
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_external_id ON users (external_id);

-- One log-in with all tokens that it was refreshed with. `revoked_at` is 0 while it holds.
CREATE TABLE login_sessions (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX login_sessions_user ON login_sessions (user_id);
CREATE INDEX login_sessions_end ON login_sessions (expires_at);

-- Refresh tokens by their SHA-256. Used ones stay until their session goes, so that a second use is noticed.
CREATE TABLE refresh_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES login_sessions (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Tokens of programs by their SHA-256; the token itself was shown once. `shown` is its beginning, by which people know it again;
-- `scopes` a list of permissions, null for all of the role; 0 in a time means never.
CREATE TABLE api_tokens (
    id           BIGINT NOT NULL PRIMARY KEY,
    tenant_id    TEXT NOT NULL DEFAULT 'default',
    user_id      BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    shown        TEXT NOT NULL,
    token_hash   TEXT NOT NULL,
    role         TEXT NOT NULL,
    scopes       TEXT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL DEFAULT 0,
    last_used_at BIGINT NOT NULL DEFAULT 0,
    revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_tokens_token_hash ON api_tokens (token_hash);
CREATE INDEX api_tokens_user ON api_tokens (user_id);
INSERT INTO numbers (name, last) VALUES ('api_tokens', 0);
