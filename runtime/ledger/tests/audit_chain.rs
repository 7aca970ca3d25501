//! An audit that was edited, cut, reordered or forged is found, and its first bad row is named.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use ledger::{Audit, AuditFault, Ledger, Limits};
use powercut::Disk;
use rusqlite::Connection;

powercut::serve_here!();

const ROWS: u64 = 6;

#[test]
fn a_whole_chain_verifies_and_reads_back_in_order() {
    let (_disk, ledger, _) = chain();

    let tail = ledger.verify_audit().unwrap();

    assert_eq!((tail.rows, tail), (ROWS, ledger.census().unwrap().audit));
    let rows = ledger.audit(2, 3).unwrap();
    assert_eq!(rows.iter().map(|row| row.n).collect::<Vec<_>>(), [3, 4, 5]);
    assert_eq!((rows[0].at_ms, &*rows[0].audit.detail), (1003, &b"3"[..]));
}

#[test]
fn a_change_of_any_field_of_any_row_is_found_at_that_row() {
    for n in 1..=ROWS {
        for field in ["at_ms = at_ms + 1", "who = 'x'", "what = 'x'", "detail = x'00'"] {
            let (_disk, ledger, raw) = chain();
            raw.execute(&format!("UPDATE audit SET {field} WHERE n = ?"), [n.cast_signed()])
                .unwrap();

            let fault = ledger.verify_audit().unwrap_err();
            assert!(matches!(fault, AuditFault::Changed { n: at } if at == n), "{field}: {fault}");
        }
    }
}

#[test]
fn a_row_whose_hash_was_changed_with_it_is_found_at_the_next() {
    let (_disk, ledger, raw) = chain();
    raw.execute("UPDATE audit SET hash = zeroblob(32) WHERE n = 3", []).unwrap();

    assert!(matches!(ledger.verify_audit(), Err(AuditFault::Changed { n: 3 })));
}

#[test]
fn letters_cannot_move_between_fields() {
    let (_disk, ledger, raw) = chain();
    raw.execute("UPDATE audit SET who = 'te', what = 'stdo' WHERE n = 2", []).unwrap();

    assert!(matches!(ledger.verify_audit(), Err(AuditFault::Changed { n: 2 })));
}

#[test]
fn a_deleted_row_is_found_wherever_it_was() {
    for n in 1..ROWS {
        let (_disk, ledger, raw) = chain();
        raw.execute("DELETE FROM audit WHERE n = ?", [n.cast_signed()]).unwrap();

        let fault = ledger.verify_audit().unwrap_err();
        assert!(
            matches!(fault, AuditFault::Missing { expected, found } if (expected, found) == (n, n + 1)),
            "{fault}"
        );
    }
}

#[test]
fn rows_missing_at_the_end_are_found() {
    for n in 0..ROWS {
        let (_disk, ledger, raw) = chain();
        raw.execute("DELETE FROM audit WHERE n > ?", [n.cast_signed()]).unwrap();

        let fault = ledger.verify_audit().unwrap_err();
        assert!(
            matches!(fault, AuditFault::Length { expected: ROWS, found } if found == n),
            "{fault}"
        );
    }
}

#[test]
fn two_rows_that_changed_places_are_found() {
    let (_disk, ledger, raw) = chain();
    for swap in ["n = 99 WHERE n = 2", "n = 2 WHERE n = 3", "n = 3 WHERE n = 99"] {
        raw.execute(&format!("UPDATE audit SET {swap}"), []).unwrap();
    }

    assert!(matches!(ledger.verify_audit(), Err(AuditFault::Changed { n: 2 })));
}

#[test]
fn a_row_added_past_the_head_is_found() {
    let (_disk, ledger, raw) = chain();
    raw.execute("INSERT INTO audit VALUES (7, 0, 'x', 'x', x'', zeroblob(32))", []).unwrap();

    assert!(matches!(ledger.verify_audit(), Err(AuditFault::Changed { n: 7 })));
}

#[test]
fn a_head_of_another_chain_is_found() {
    let (_disk, ledger, raw) = chain();
    raw.execute("UPDATE audit_head SET hash = zeroblob(32)", []).unwrap();

    assert!(matches!(ledger.verify_audit(), Err(AuditFault::Head { n: ROWS })));
}

#[test]
fn the_file_itself_refuses_a_change_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).unwrap();
    ledger.note(audit(1), 1).unwrap();
    let raw = Connection::open(&path).unwrap();

    for change in ["UPDATE audit SET who = 'x'", "DELETE FROM audit"] {
        let refused = raw.execute(change, []).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

/// A chain, and a hand that may change it. The disk syncs at once, to be quick.
fn chain() -> (Disk, Ledger, Connection) {
    let disk = Disk::mount().unwrap();
    let path = disk.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).unwrap();
    for n in 1..=ROWS {
        ledger.note(audit(n), 1000 + n).unwrap();
    }
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted")
        .unwrap();
    (disk, ledger, raw)
}

fn audit(n: u64) -> Audit {
    Audit { who: "test".into(), what: "do".into(), detail: n.to_string().into() }
}
