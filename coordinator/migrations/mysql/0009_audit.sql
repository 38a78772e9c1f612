-- Who did what, when, from where, with what result. Rows are added, and removed when they are old enough; none is ever changed. Ids sort by
-- time.
CREATE TABLE audit_records (
    id         VARCHAR(36)  NOT NULL PRIMARY KEY,
    tenant_id  VARCHAR(64)  NOT NULL,
    done_at    BIGINT       NOT NULL,
    subject    VARCHAR(255) NOT NULL,
    edge       VARCHAR(8)   NOT NULL,
    operation  VARCHAR(64)  NOT NULL,
    resource   VARCHAR(255) NOT NULL,
    result     VARCHAR(16)  NOT NULL,
    status     BIGINT       NOT NULL,
    request_id VARCHAR(64)  NOT NULL,
    source     VARCHAR(64)  NOT NULL,
    user_agent VARCHAR(255) NOT NULL,
    INDEX audit_age (done_at),
    INDEX audit_subject (subject, done_at),
    INDEX audit_operation (operation, done_at),
    INDEX audit_resource (resource, done_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
