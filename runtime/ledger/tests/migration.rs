//! A file of an older version becomes one of this, with all that it held; one of a newer version is
//! refused.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;

use ledger::{
    Finish, Finished, JobCount, Ledger, Limits, NewRequest, OpenError, Opened, SlideId, SlideState,
};
use powercut::{Chance, Disk};
use rusqlite::Connection;

powercut::serve_here!();

/// A ledger of version 1, made by hand; its audit was hashed by a program that is not ours.
const VERSION_1: &str = include_str!("version_1.sql");

#[test]
fn a_file_of_version_1_keeps_all_that_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    write_version_1(&path);

    let (ledger, opened) = Ledger::open(&path, Limits::default(), 5000).unwrap();

    assert_eq!(opened, Opened::Existing);
    all_is_there(&ledger);
}

#[test]
fn a_migrated_file_works_as_a_new_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    write_version_1(&path);
    let (ledger, _) = Ledger::open(&path, Limits::default(), 5000).unwrap();

    let job = ledger.lease("window", 9, "worker", 5000, 100).unwrap().remove(0);
    let finish = ledger.finish(job.id, "worker", Finished::default(), 5001).unwrap();
    let sent = ledger.sent(&[2], 5002).unwrap();
    let request = NewRequest { id: "q".into(), verb: "status".into(), payload: vec![1] };

    assert_eq!((finish, sent), (Finish::Done, 1));
    assert!(ledger.request(request, 5003).unwrap());
    let census = ledger.census().unwrap();
    assert_eq!((census.results.rows, census.outbox_results.rows, census.requests.bytes), (2, 0, 1));
}

#[test]
fn a_power_cut_during_the_migration_loses_nothing() {
    let disk = Disk::mount().unwrap();
    let path = disk.path().join("work.db");
    for seed in 0..60 {
        let mut chance = Chance::new(seed);
        disk.wipe().unwrap();
        write_version_1(&path);
        std::fs::File::open(disk.path()).and_then(|folder| folder.sync_all()).unwrap();

        disk.cut_after(1 + chance.below(60)).unwrap();
        drop(Ledger::open(&path, Limits::default(), 5000));
        disk.restart(chance.bits()).unwrap();

        let (ledger, opened) = Ledger::open(&path, Limits::default(), 5000).unwrap();
        assert_eq!(opened, Opened::Existing, "seed {seed}");
        all_is_there(&ledger);
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_both_numbers_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    drop(Ledger::open(&path, Limits::default(), 0).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();

    let refused = Ledger::open(&path, Limits::default(), 0).unwrap_err();

    assert!(matches!(refused, OpenError::Newer { found: 99, known: 2, .. }), "{refused}");
    assert!(refused.to_string().contains("schema 99, this program knows up to 2"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_file_that_another_program_has_open_is_not_migrated_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    write_version_1(&path);
    let lock = std::fs::File::create(folder.path().join("work.db.lock")).unwrap();
    lock.lock_shared().unwrap();

    let refused = Ledger::open(&path, Limits::default(), 0).unwrap_err();

    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    drop(lock);
    all_is_there(&Ledger::open(&path, Limits::default(), 0).unwrap().0);
}

fn write_version_1(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(VERSION_1).unwrap();
    connection.close().unwrap();
}

fn all_is_there(ledger: &Ledger) {
    let open = ledger.slide_by_key("S-1").unwrap().unwrap();
    let finished = ledger.slide_by_key("S-2").unwrap().unwrap();
    assert_eq!((open.state, open.model.as_deref()), (SlideState::Open, Some("nuclei 1.0.0")));
    assert_eq!((open.tiles, open.begun_ms), (2, 1000));
    assert_eq!((finished.state, finished.finished_ms), (SlideState::Finished, Some(1300)));
    assert_eq!(finished.meta_end, Some(vec![2, 2]));

    let tiles = ledger.tiles(SlideId(1)).unwrap();
    assert_eq!((tiles.len(), tiles[1].x, tiles[1].digest), (2, 1, [1; 32]));
    assert_eq!(ledger.tile_bytes(SlideId(1), 1, 0).unwrap(), Some(vec![1; 4]));

    let jobs = ledger.job_counts(Some(SlideId(1))).unwrap()["window"];
    assert_eq!(jobs, JobCount { waiting: 1, done: 1, ..JobCount::default() });
    assert_eq!(ledger.results(SlideId(1), "window", 0, 9).unwrap(), [(1, vec![1, 2, 3])]);

    let outbox = ledger.outbox(0, 9, 9999).unwrap();
    assert_eq!((outbox.len(), outbox[0].seq, &*outbox[0].id), (1, 2, "r-1"));
    assert_eq!(ledger.poison(0).unwrap()[0].reason, "not authorised");
    assert_eq!(ledger.verify_audit().unwrap().rows, 3);
    let census = ledger.census().unwrap();
    assert_eq!((census.slides_open, census.tiles.bytes, census.poisoned.rows), (1, 8, 1));
}
