//! Two processes write to one ledger; one of them is killed at any moment.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ledger::{Class, Ledger, Limits, NewMessage};
use powercut::Chance;

/// Tells the second process which file it writes to.
const FILE: &str = "MARGAY_LEDGER_FILE";

#[test]
fn both_processes_write_and_nothing_acknowledged_is_lost_when_one_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).unwrap();
    let mut chance = Chance::new(1);

    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let mut other = start(&path);
        let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
        for n in 0..=chance.below(20) {
            let id = format!("{round}-{n}");
            ledger.enqueue(vec![message(&id)], 0).unwrap();
            acknowledged.push(id);
            acknowledged.extend(lines.by_ref().find_map(|line| said(&line.unwrap())));
        }
        other.kill().unwrap();
        other.wait().unwrap();
        acknowledged.extend(lines.filter_map(|line| said(&line.unwrap())));
    }

    // The other process may have written more than a page holds.
    let mut there = Vec::new();
    let mut after = 0;
    loop {
        let page = ledger.outbox(after, 1024, usize::MAX).unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        there.extend(page.into_iter().map(|found| found.id));
    }
    for id in &acknowledged {
        assert_eq!(there.iter().filter(|found| *found == id).count(), 1, "{id}");
    }
    assert!(acknowledged.iter().any(|id| id.starts_with("other")), "{acknowledged:?}");
}

#[test]
fn a_watcher_sees_what_another_process_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).unwrap();
    let mut changes = ledger.changes().unwrap();
    assert!(!changes.any().unwrap());
    assert!(!changes.wait(Duration::ZERO).unwrap());

    let mut other = start(&path);

    assert!(changes.wait(Duration::from_mins(1)).unwrap());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_watcher_sees_what_its_own_process_commits_once() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("work.db"), Limits::default(), 0).unwrap();
    let mut changes = ledger.changes().unwrap();

    ledger.enqueue(vec![message("a")], 0).unwrap();

    assert!(changes.wait(Duration::from_mins(1)).unwrap());
    assert!(!changes.any().unwrap());
}

#[test]
fn the_last_handle_dropped_closes_the_file_and_lets_it_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).unwrap();
    let clone = ledger.clone();
    drop(ledger);
    clone.enqueue(vec![message("a")], 0).unwrap();

    drop(clone);

    assert!(!folder.path().join("work.db-wal").exists());
    let lock = std::fs::File::open(folder.path().join("work.db.lock")).unwrap();
    lock.try_lock().unwrap();
}

/// Not a test of its own: what the second process does until it is killed.
#[test]
fn the_other_process_writes() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let (ledger, _) = Ledger::open(Path::new(&path), Limits::default(), 0).unwrap();
    for n in 0_u64.. {
        let id = format!("other-{}-{n}", std::process::id());
        ledger.enqueue(vec![message(&id)], 0).unwrap();
        println!("acknowledged {id}");
    }
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["the_other_process_writes", "--exact", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn said(line: &str) -> Option<String> {
    line.split_once("acknowledged ").map(|(_, id)| id.to_owned())
}

fn message(id: &str) -> NewMessage {
    let (topic, stream) = ("t".into(), "s".into());
    NewMessage { class: Class::Result, id: id.into(), topic, payload: vec![1; 100], stream }
}
