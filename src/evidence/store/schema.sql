-- Format 1, never to be changed: later formats are steps of their own. One file holds every run of every tenant; a run is never changed after it is complete.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,          -- profile name
    fingerprint TEXT NOT NULL,     -- of the roster's content
    started TEXT NOT NULL,
    finished TEXT,                 -- when every question had an outcome; NULL while open
    settings TEXT NOT NULL,        -- JSON: what judging needs of the profile
    roster TEXT NOT NULL           -- JSON: sources in words, own columns
);
CREATE INDEX run_by_tenant ON run (tenant, id);

CREATE TABLE entry (
    run INTEGER NOT NULL,
    row INTEGER NOT NULL,          -- data line from 1 over all files
    subject INTEGER,               -- row of the first entry with this address; NULL: no usable address
    written TEXT NOT NULL,
    problem TEXT,                  -- why the address is not usable
    known TEXT NOT NULL,           -- JSON: recognised columns
    columns TEXT NOT NULL,         -- JSON: the roster's own columns
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

CREATE TABLE subject (
    run INTEGER NOT NULL,
    id INTEGER NOT NULL,           -- row of its first entry
    address TEXT NOT NULL,         -- wire form, lower case
    roster_object TEXT,            -- object id the roster gives for it, lower case
    object_id TEXT,                -- the one account it belongs to, once known
    mailbox TEXT,                  -- that account's primary SMTP address
    PRIMARY KEY (run, id)
) WITHOUT ROWID;

CREATE TABLE observation (
    run INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    question INTEGER NOT NULL,
    open INTEGER NOT NULL,         -- 1: unknown, to be asked again
    body TEXT NOT NULL,            -- JSON: the observation
    PRIMARY KEY (run, subject, question)
) WITHOUT ROWID;
CREATE INDEX observation_open ON observation (run) WHERE open = 1;

CREATE TABLE tenant_fact (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    open INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- How far a paged listing got, so that a killed run goes on with the next page.
CREATE TABLE listing (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    next TEXT,                     -- NULL: done
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- Accounts found for an address while the directory is still being read.
CREATE TABLE candidate (
    run INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    object_id TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, subject, object_id)
) WITHOUT ROWID;

CREATE TABLE traffic (
    run INTEGER NOT NULL,
    service TEXT NOT NULL,
    body TEXT NOT NULL,            -- JSON: counts, added up over all sessions of the run
    PRIMARY KEY (run, service)
) WITHOUT ROWID;

-- The cutover waves planned for a run, if any; planned again, they are replaced.
CREATE TABLE plan (
    run INTEGER PRIMARY KEY,
    made TEXT NOT NULL,
    body TEXT NOT NULL             -- JSON: rules, waves and who is in which
);
