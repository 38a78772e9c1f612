-- People and programs that may log in. `password_hash` says by its prefix how it was made.
CREATE TABLE users (
    id            BIGINT PRIMARY KEY,
    tenant_id     TEXT COLLATE "C"   NOT NULL DEFAULT 'default',
    username      TEXT COLLATE "C"   NOT NULL,
    password_hash TEXT COLLATE "C"   NOT NULL,
    role          TEXT COLLATE "C"   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
INSERT INTO numbers (name, last) VALUES ('users', 0);
