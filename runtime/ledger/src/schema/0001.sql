-- Version 1: slides, tiles, jobs, results, outbox, audit.

-- What is bounded, counted by triggers, so that no way in or out can forget it.
CREATE TABLE counters (
    name    TEXT PRIMARY KEY,
    rows    INTEGER NOT NULL DEFAULT 0,
    bytes   INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name) VALUES
    ('slides_open'), ('tiles'), ('results'), ('outbox_result'), ('outbox_telemetry'), ('poisoned');

-- state: 0 open, 1 ended, 2 finished, 3 refused
CREATE TABLE slides (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    key         TEXT NOT NULL UNIQUE,
    meta        BLOB NOT NULL,
    meta_end    BLOB,
    state       INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    model       TEXT,
    begun_ms    INTEGER NOT NULL,
    ended_ms    INTEGER,
    finished_ms INTEGER,
    pruned_ms   INTEGER,
    gone        INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    tiles       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX slides_by_state ON slides (state, id);
CREATE INDEX slides_to_prune ON slides (finished_ms, id) WHERE state >= 2 AND gone = 0;
CREATE TRIGGER slides_begun AFTER INSERT ON slides WHEN NEW.state < 2 BEGIN
    UPDATE counters SET rows = rows + 1 WHERE name = 'slides_open';
END;
CREATE TRIGGER slides_moved AFTER UPDATE OF state ON slides
WHEN (OLD.state < 2) <> (NEW.state < 2) BEGIN
    UPDATE counters SET rows = rows + (NEW.state < 2) - (OLD.state < 2) WHERE name = 'slides_open';
END;

CREATE TABLE tiles (
    id        INTEGER PRIMARY KEY,
    slide     INTEGER NOT NULL REFERENCES slides (id),
    x         INTEGER NOT NULL,
    y         INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    bytes_len INTEGER NOT NULL,
    stored_ms INTEGER NOT NULL,
    meta      BLOB NOT NULL,
    UNIQUE (slide, x, y)
) STRICT;
CREATE TABLE tile_bytes (
    tile  INTEGER PRIMARY KEY REFERENCES tiles (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;
CREATE TRIGGER tiles_in AFTER INSERT ON tiles BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.bytes_len WHERE name = 'tiles';
END;
CREATE TRIGGER tiles_out AFTER DELETE ON tiles BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.bytes_len WHERE name = 'tiles';
END;

-- state: 0 waiting (not before due_ms), 1 leased (until due_ms), 2 done, 3 refused
CREATE TABLE jobs (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    slide   INTEGER NOT NULL REFERENCES slides (id),
    kind    TEXT NOT NULL,
    key     INTEGER NOT NULL,
    state   INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 3),
    tries   INTEGER NOT NULL DEFAULT 0,
    due_ms  INTEGER NOT NULL,
    owner   TEXT,
    reason  TEXT,
    payload BLOB NOT NULL,
    UNIQUE (slide, kind, key)
) STRICT;
CREATE INDEX jobs_open ON jobs (kind, id) WHERE state < 2;
CREATE TABLE results (
    job   INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    len   INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE TRIGGER results_in AFTER INSERT ON results BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.len WHERE name = 'results';
END;
CREATE TRIGGER results_out AFTER DELETE ON results BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.len WHERE name = 'results';
END;

-- class: 0 result, 1 telemetry; state: 0 queued, 1 sent and kept for the journal, 2 poisoned
CREATE TABLE outbox (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    class     INTEGER NOT NULL CHECK (class IN (0, 1)),
    state     INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),
    bytes     INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    queued_ms INTEGER NOT NULL,
    topic     TEXT NOT NULL,
    stream    TEXT NOT NULL,
    reason    TEXT,
    payload   BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_queued ON outbox (seq) WHERE state = 0;
CREATE INDEX outbox_telemetry ON outbox (seq) WHERE state = 0 AND class = 1;
CREATE TRIGGER outbox_in AFTER INSERT ON outbox BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.bytes
    WHERE name = iif(NEW.state = 2, 'poisoned', iif(NEW.class = 0, 'outbox_result', 'outbox_telemetry'));
END;
CREATE TRIGGER outbox_out AFTER DELETE ON outbox BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.bytes
    WHERE name = iif(OLD.state = 2, 'poisoned', iif(OLD.class = 0, 'outbox_result', 'outbox_telemetry'));
END;
CREATE TRIGGER outbox_poisoned AFTER UPDATE OF state ON outbox
WHEN (OLD.state = 2) <> (NEW.state = 2) BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.bytes
    WHERE name = iif(OLD.state = 2, 'poisoned', iif(OLD.class = 0, 'outbox_result', 'outbox_telemetry'));
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.bytes
    WHERE name = iif(NEW.state = 2, 'poisoned', iif(NEW.class = 0, 'outbox_result', 'outbox_telemetry'));
END;
-- What has left: the same id is not queued a second time.
CREATE TABLE sent (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    class   INTEGER NOT NULL,
    sent_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sent_telemetry ON sent (seq) WHERE class = 1;

CREATE TABLE audit (
    n      INTEGER PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,
    detail BLOB NOT NULL,
    hash   BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    n    INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
