-- Version 2: what one role says to the other (settings, requests), and the journal.

CREATE TABLE control (
    key    TEXT PRIMARY KEY,
    value  BLOB NOT NULL,
    set_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE requests (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    verb        TEXT NOT NULL,
    asked_ms    INTEGER NOT NULL,
    answered_ms INTEGER,
    payload     BLOB NOT NULL,
    answer      BLOB
) STRICT;
CREATE INDEX requests_open ON requests (seq) WHERE answered_ms IS NULL;
CREATE INDEX requests_answered ON requests (seq) WHERE answered_ms IS NOT NULL;
INSERT INTO counters (name) VALUES ('requests');
CREATE TRIGGER requests_in AFTER INSERT ON requests BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + length(NEW.payload) WHERE name = 'requests';
END;
CREATE TRIGGER requests_answered_out AFTER UPDATE OF answered_ms ON requests
WHEN OLD.answered_ms IS NULL AND NEW.answered_ms IS NOT NULL BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - length(OLD.payload) WHERE name = 'requests';
END;

-- The journal: while somebody keeps one, a result stays until it was both sent and journaled.
CREATE TABLE journal (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    kept        INTEGER NOT NULL CHECK (kept IN (0, 1)),
    journaled   INTEGER NOT NULL
) STRICT;
INSERT INTO journal VALUES (1, 0, 0);
ALTER TABLE outbox ADD COLUMN sent_ms INTEGER;
ALTER TABLE outbox ADD COLUMN poisoned_ms INTEGER;
CREATE INDEX outbox_results ON outbox (seq) WHERE class = 0;
