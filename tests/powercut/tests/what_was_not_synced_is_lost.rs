//! The tester tested: a careless program loses its file, a careful one does not.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use powercut::Disk;

powercut::serve_here!();

/// Restarts that are tried for each program: enough that each fate comes up.
const RESTARTS: u64 = 64;

#[test]
fn a_program_that_forgets_fsync_loses_data() {
    let disk = Disk::mount().unwrap();

    let outcomes = outcomes(&disk, forget_fsync);

    assert!(outcomes.contains(&Outcome::Lost), "{outcomes:?}");
    assert!(outcomes.contains(&Outcome::Torn), "{outcomes:?}");
}

#[test]
fn a_program_that_forgets_to_sync_the_folder_loses_the_rename() {
    let disk = Disk::mount().unwrap();

    let outcomes = outcomes(&disk, forget_the_folder);

    assert_eq!(outcomes, BTreeSet::from([Outcome::Lost, Outcome::New]));
}

#[test]
fn a_program_that_syncs_file_and_folder_loses_nothing() {
    let disk = Disk::mount().unwrap();

    assert_eq!(outcomes(&disk, with_care), BTreeSet::from([Outcome::New]));
}

#[test]
fn a_careful_replacement_is_old_or_new_wherever_the_power_goes() {
    let disk = Disk::mount().unwrap();

    let mut seen = BTreeSet::new();
    for seed in 0..400 {
        disk.wipe().unwrap();
        with_care(&disk.path(), &OLD).unwrap();
        disk.cut_after(1 + seed % 8).unwrap();
        let acknowledged = with_care(&disk.path(), &NEW).is_ok();
        disk.restart(seed).unwrap();

        let outcome = look(&disk.path());
        assert!(matches!(outcome, Outcome::Old | Outcome::New), "seed {seed}: {outcome:?}");
        assert!(!acknowledged || outcome == Outcome::New, "seed {seed}");
        seen.insert(outcome);
    }

    assert_eq!(seen, BTreeSet::from([Outcome::Old, Outcome::New]));
}

#[test]
fn after_the_cut_nothing_can_be_changed_until_the_restart() {
    let disk = Disk::mount().unwrap();
    let mut open = File::create(disk.path().join("open")).unwrap();

    disk.cut_after(1).unwrap();

    assert_eq!(open.write_all(b"x").unwrap_err().raw_os_error(), Some(5));
    assert_eq!(File::create(disk.path().join("other")).unwrap_err().raw_os_error(), Some(5));
    assert_eq!(open.sync_all().unwrap_err().raw_os_error(), Some(5));

    disk.restart(1).unwrap();

    assert!(open.write_all(b"x").is_err(), "a file of the dead machine stays dead");
    with_care(&disk.path(), &NEW).unwrap();
}

#[test]
fn the_same_seed_loses_the_same() {
    let disk = Disk::mount().unwrap();

    let run = |seed| {
        disk.wipe().unwrap();
        forget_fsync(&disk.path(), &NEW).unwrap();
        disk.restart(seed).unwrap();
        fs::read(disk.path().join("file")).ok()
    };

    assert!((0..32).all(|seed| run(seed) == run(seed)));
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let disk = Disk::mount().unwrap();
    disk.set_room(Some(10_000)).unwrap();
    let mut file = File::create(disk.path().join("file")).unwrap();

    let full = file.write_all(&vec![1; 20_000]).unwrap_err();
    disk.set_room(None).unwrap();

    assert_eq!(full.raw_os_error(), Some(28));
    file.write_all(&vec![1; 20_000]).unwrap();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Lost,
    Old,
    New,
    Torn,
}

const OLD: [u8; 5000] = [b'o'; 5000];
const NEW: [u8; 5000] = [b'n'; 5000];

fn outcomes(disk: &Disk, program: fn(&Path, &[u8]) -> io::Result<()>) -> BTreeSet<Outcome> {
    (0..RESTARTS)
        .map(|seed| {
            disk.wipe().unwrap();
            program(&disk.path(), &NEW).unwrap();
            disk.restart(seed).unwrap();
            look(&disk.path())
        })
        .collect()
}

fn look(folder: &Path) -> Outcome {
    match fs::read(folder.join("file")) {
        Ok(bytes) if bytes == OLD => Outcome::Old,
        Ok(bytes) if bytes == NEW => Outcome::New,
        Ok(_) => Outcome::Torn,
        Err(_) => Outcome::Lost,
    }
}

fn forget_fsync(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create(folder.join("file"))?.write_all(bytes)
}

fn forget_the_folder(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(folder.join("file.new"))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(folder.join("file.new"), folder.join("file"))
}

fn with_care(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    forget_the_folder(folder, bytes)?;
    File::open(folder)?.sync_all()
}
