-- Format 3: what makes the pseudonyms of a tenant, so that its anonymised reports of all months go together. It is in
-- no report: without it nobody finds the person behind a pseudonym, not even with a list of everybody.
CREATE TABLE pseudonym_key (
    tenant TEXT PRIMARY KEY,       -- profile name
    key BLOB NOT NULL              -- 32 random bytes
) WITHOUT ROWID;
