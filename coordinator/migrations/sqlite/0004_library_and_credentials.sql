-- The last number that was given to a record of each kind; none is ever given twice.
CREATE TABLE numbers (
    name TEXT   PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO numbers (name, last) VALUES ('credentials', 0), ('library', 0);

-- Logins for registries. `password` is nonce and ciphertext in base64; the key is not in this database. One with a task belongs to it:
-- it has no name and goes with it.
CREATE TABLE credentials (
    id         BIGINT PRIMARY KEY,
    tenant_id  TEXT   NOT NULL DEFAULT 'default',
    created_by TEXT   NOT NULL DEFAULT '',
    task_id    TEXT   REFERENCES tasks (id) ON DELETE CASCADE,
    name       TEXT,
    registry   TEXT   NOT NULL,
    username   TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    password   TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX credentials_name ON credentials (tenant_id, name);
CREATE INDEX credentials_task ON credentials (task_id);

-- Stored credentials that tasks name.
CREATE TABLE task_credentials (
    task_id       TEXT   NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    credential_id BIGINT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, credential_id)
);
CREATE INDEX task_credentials_credential ON task_credentials (credential_id);

-- Images that people use again.
CREATE TABLE library (
    id         BIGINT PRIMARY KEY,
    tenant_id  TEXT   NOT NULL DEFAULT 'default',
    created_by TEXT   NOT NULL DEFAULT '',
    name       TEXT   NOT NULL,
    image      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX library_image ON library (tenant_id, image);
CREATE INDEX library_newest ON library (created_at, id);

CREATE TABLE library_tags (
    entry_id BIGINT NOT NULL REFERENCES library (id) ON DELETE CASCADE,
    tag      TEXT   NOT NULL,
    PRIMARY KEY (entry_id, tag)
);
CREATE INDEX library_tags_tag ON library_tags (tag);
