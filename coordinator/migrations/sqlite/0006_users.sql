-- People and programs that may log in. `password_hash` says by its prefix how it was made.
CREATE TABLE users (
    id            BIGINT PRIMARY KEY,
    tenant_id     TEXT   NOT NULL DEFAULT 'default',
    username      TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_username ON users (username);
INSERT INTO numbers (name, last) VALUES ('users', 0);
