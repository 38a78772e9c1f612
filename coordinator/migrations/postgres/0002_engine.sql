-- What operators set over the API: the limits.
CREATE TABLE settings (
    name       TEXT   PRIMARY KEY,
    value      TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

-- When the failed pulls of a task were last ordered again; its deadline counts from then.
ALTER TABLE tasks ADD COLUMN retried_at BIGINT NOT NULL DEFAULT 0;
