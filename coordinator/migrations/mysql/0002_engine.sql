-- What operators set over the API: the limits.
CREATE TABLE settings (
    name       VARCHAR(64) NOT NULL PRIMARY KEY,
    value      LONGTEXT    NOT NULL,
    updated_at BIGINT      NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- When the failed pulls of a task were last ordered again; its deadline counts from then.
ALTER TABLE tasks ADD COLUMN retried_at BIGINT NOT NULL DEFAULT 0;
