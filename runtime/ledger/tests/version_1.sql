-- A ledger of version 1, as text: two slides, two tiles, a result, three messages, an audit.
PRAGMA auto_vacuum = incremental;
PRAGMA application_id = 1297237849;
PRAGMA user_version = 1;
PRAGMA journal_mode = wal;
PRAGMA foreign_keys = off;
BEGIN TRANSACTION;
CREATE TABLE audit (
    n      INTEGER PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,
    detail BLOB NOT NULL,
    hash   BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "audit" VALUES(1,1001,'intake','begin',X'532D31',X'59DCDC526EDC9FA9968C29436D067859EB994CDB0A71A1CCA82EEFFFE9809656');
INSERT INTO "audit" VALUES(2,1002,'intake','begin',X'532D32',X'0909A8E31A38D97C0CCC4E497532E3F50EADA9369393D3AB9289178706AD169A');
INSERT INTO "audit" VALUES(3,1003,'intake','finish',X'532D32',X'C37D40899FEB91C9D5A0360B45D51890962C5C9FC5B5CF6B2D4F5039FE2425BB');
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    n    INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "audit_head" VALUES(1,3,X'C37D40899FEB91C9D5A0360B45D51890962C5C9FC5B5CF6B2D4F5039FE2425BB');
CREATE TABLE counters (
    name    TEXT PRIMARY KEY,
    rows    INTEGER NOT NULL DEFAULT 0,
    bytes   INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO "counters" VALUES('outbox_result',1,80,0);
INSERT INTO "counters" VALUES('outbox_telemetry',0,0,0);
INSERT INTO "counters" VALUES('poisoned',1,80,0);
INSERT INTO "counters" VALUES('results',1,3,0);
INSERT INTO "counters" VALUES('slides_open',1,0,0);
INSERT INTO "counters" VALUES('tiles',2,8,0);
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
INSERT INTO "jobs" VALUES(1,1,'window',-9223372036854775808,0,1,1010,NULL,NULL,X'AA');
INSERT INTO "jobs" VALUES(2,1,'window',-9223372036854775807,2,1,9010,'worker',NULL,X'BB');
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
INSERT INTO "outbox" VALUES(2,'r-1',0,0,80,0,1300,'results/S-2','S-2',NULL,X'7B7D');
INSERT INTO "outbox" VALUES(3,'r-2',0,2,80,0,1301,'results/S-2','S-2','not authorised',X'7B7D');
CREATE TABLE results (
    job   INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    len   INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO "results" VALUES(2,3,X'010203');
CREATE TABLE sent (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    class   INTEGER NOT NULL,
    sent_ms INTEGER NOT NULL
) STRICT;
INSERT INTO "sent" VALUES(1,'r-0',0,1299);
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
INSERT INTO "slides" VALUES(1,'S-1',X'01',NULL,0,'nuclei 1.0.0',1000,NULL,NULL,NULL,0,2);
INSERT INTO "slides" VALUES(2,'S-2',X'02',X'0202',2,NULL,1100,1200,1300,NULL,0,0);
CREATE TABLE tile_bytes (
    tile  INTEGER PRIMARY KEY REFERENCES tiles (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO "tile_bytes" VALUES(1,X'00000000');
INSERT INTO "tile_bytes" VALUES(2,X'01010101');
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
INSERT INTO "tiles" VALUES(1,1,0,0,1,X'0000000000000000000000000000000000000000000000000000000000000000',4,1010,X'07');
INSERT INTO "tiles" VALUES(2,1,1,0,2,X'0101010101010101010101010101010101010101010101010101010101010101',4,1010,X'07');
CREATE INDEX slides_by_state ON slides (state, id);
CREATE INDEX slides_to_prune ON slides (finished_ms, id) WHERE state >= 2 AND gone = 0;
CREATE INDEX jobs_open ON jobs (kind, id) WHERE state < 2;
CREATE INDEX outbox_queued ON outbox (seq) WHERE state = 0;
CREATE INDEX outbox_telemetry ON outbox (seq) WHERE state = 0 AND class = 1;
CREATE INDEX sent_telemetry ON sent (seq) WHERE class = 1;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('slides',2);
INSERT INTO "sqlite_sequence" VALUES('jobs',2);
INSERT INTO "sqlite_sequence" VALUES('outbox',3);
CREATE TRIGGER slides_begun AFTER INSERT ON slides WHEN NEW.state < 2 BEGIN
    UPDATE counters SET rows = rows + 1 WHERE name = 'slides_open';
END;
CREATE TRIGGER slides_moved AFTER UPDATE OF state ON slides
WHEN (OLD.state < 2) <> (NEW.state < 2) BEGIN
    UPDATE counters SET rows = rows + (NEW.state < 2) - (OLD.state < 2) WHERE name = 'slides_open';
END;
CREATE TRIGGER tiles_in AFTER INSERT ON tiles BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.bytes_len WHERE name = 'tiles';
END;
CREATE TRIGGER tiles_out AFTER DELETE ON tiles BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.bytes_len WHERE name = 'tiles';
END;
CREATE TRIGGER results_in AFTER INSERT ON results BEGIN
    UPDATE counters SET rows = rows + 1, bytes = bytes + NEW.len WHERE name = 'results';
END;
CREATE TRIGGER results_out AFTER DELETE ON results BEGIN
    UPDATE counters SET rows = rows - 1, bytes = bytes - OLD.len WHERE name = 'results';
END;
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
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
COMMIT;
