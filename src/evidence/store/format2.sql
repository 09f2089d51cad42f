-- Format 2: what a run's rows were judged to be when its report was written, so that a later comparison can tell a
-- change of the rules from a change of the tenant; and what people wrote beside the causes.
CREATE TABLE judging (
    run INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    tool TEXT NOT NULL,            -- version of the program
    rules TEXT NOT NULL            -- fingerprint of rules, facts and settings
);

CREATE TABLE judged (
    run INTEGER NOT NULL,
    row INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,          -- rule id
    object_id TEXT NOT NULL,       -- directory object id; empty: none known
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

CREATE TABLE annotation (
    tenant TEXT NOT NULL,          -- profile name
    reason TEXT NOT NULL,          -- rule id
    owner TEXT NOT NULL,
    due TEXT NOT NULL,             -- as written; a date as YYYY-MM-DD
    comment TEXT NOT NULL,
    PRIMARY KEY (tenant, reason)
) WITHOUT ROWID;
