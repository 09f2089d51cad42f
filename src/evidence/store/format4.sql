-- Format 4: evidence lies question by question. A run puts its questions side by side and each goes through the roster in
-- its own time: this way every one of them writes at one place, and not between what the others have written.
CREATE TABLE observation_by_question (
    run INTEGER NOT NULL,
    question INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    open INTEGER NOT NULL,         -- 1: unknown, to be asked again
    body TEXT NOT NULL,            -- JSON: the observation
    PRIMARY KEY (run, question, subject)
) WITHOUT ROWID;
INSERT INTO observation_by_question (run, question, subject, open, body)
    SELECT run, question, subject, open, body FROM observation;
DROP TABLE observation;
ALTER TABLE observation_by_question RENAME TO observation;
CREATE INDEX observation_open ON observation (run) WHERE open = 1;
