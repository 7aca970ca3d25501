//! A damaged file is set aside with its name, and the box works on; a sound file of another
//! program, or of a newer one, is refused.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::path::{Path, PathBuf};

use ledger::{
    Audit, Class, Keep, Ledger, Limits, NewMessage, NewSlide, NewTile, OpenError, Opened, SlideId,
};
use powercut::{Chance, Disk};
use rusqlite::Connection;

powercut::serve_here!();

const PAGE_BYTES: usize = 4096;
const NOW_MS: u64 = 1_700_000_000_000;

#[test]
fn a_file_that_is_no_database_is_set_aside() {
    let file = Filled::new();
    fs::File::create(&file.path).and_then(|mut out| write(&mut out, &[b'x'; 9000])).unwrap();

    let aside = file.opens_set_aside();

    assert_eq!(aside, file.path.with_file_name(format!("work.db.damaged-{NOW_MS}")));
    assert_eq!(fs::read(aside).unwrap(), [b'x'; 9000]);
}

#[test]
fn an_empty_file_is_set_aside() {
    let file = Filled::new();
    file.put(&[]);

    assert_eq!(fs::read(file.opens_set_aside()).unwrap(), []);
}

#[test]
fn a_file_cut_short_at_any_page_is_set_aside() {
    let file = Filled::new();

    for pages in 0..file.sound.len() / PAGE_BYTES {
        file.put(&file.sound[..pages * PAGE_BYTES + 100]);
        file.opens_set_aside();
    }
}

#[test]
fn pages_of_noise_are_found_or_hit_nothing_that_is_read() {
    let file = Filled::new();
    let mut set_aside = 0;
    for page in 0..file.sound.len() / PAGE_BYTES {
        let mut chance = Chance::new(page as u64);
        let mut bytes = file.sound.clone();
        for byte in &mut bytes[page * PAGE_BYTES..][..PAGE_BYTES] {
            *byte = chance.bits() as u8;
        }
        set_aside += u32::from(file.survives(&bytes, page as u64));
    }
    assert!(set_aside > 10, "{set_aside}");
}

#[test]
fn a_flipped_byte_anywhere_never_stops_the_box() {
    // SQLite has no checksum of a page: most flips are not found, all are survived.
    let file = Filled::new();
    for seed in 0..100 {
        let mut chance = Chance::new(seed);
        let mut bytes = file.sound.clone();
        // Half of them in the first page, which holds the schema and the header.
        let end = if chance.one(1, 2) { PAGE_BYTES } else { bytes.len() };
        bytes[chance.below(end as u64) as usize] ^= 1 + chance.below(255) as u8;
        file.survives(&bytes, seed);
    }
}

#[test]
fn a_log_without_its_file_is_set_aside_and_never_mixed_into_a_new_one() {
    let file = Filled::new();
    fs::remove_file(&file.path).unwrap();
    let log = file.path.with_file_name("work.db-wal");
    fs::File::create(&log).and_then(|mut out| write(&mut out, b"orphan")).unwrap();

    let aside = file.opens_set_aside();

    assert!(!aside.exists());
    assert_eq!(fs::read(aside.with_file_name(name_of(&aside) + "-wal")).unwrap(), b"orphan");
}

#[test]
fn a_log_of_noise_is_ignored_and_the_file_is_sound() {
    let file = Filled::new();
    fs::File::create(file.path.with_file_name("work.db-wal"))
        .and_then(|mut out| write(&mut out, &vec![0xA5; 20_000]))
        .unwrap();

    let (ledger, opened) = file.open().unwrap();

    assert_eq!(opened, Opened::Existing);
    assert_eq!(ledger.tiles(SlideId(1)).unwrap().len(), 8);
}

#[test]
fn a_second_damaged_file_of_the_same_moment_has_a_name_of_its_own() {
    let file = Filled::new();
    file.put(&[]);
    let first = file.opens_set_aside();
    file.put(&[]);

    let second = file.open_aside();

    assert_ne!(first, second);
    assert!(first.exists() && second.exists());
}

#[test]
fn a_sound_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let before = fs::read(&path).unwrap();

    let refused = Ledger::open(&path, Limits::default(), NOW_MS).unwrap_err();

    assert!(matches!(refused, OpenError::NotALedger { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_file_that_another_handle_has_open_is_not_taken_from_under_it() {
    let file = Filled::new();
    let _other = file.open().unwrap();
    file.put(&[b'x'; 9000]);

    let refused = file.open().unwrap_err();

    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    assert!(file.path.exists());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let refused =
        Ledger::open(Path::new("/no/such/folder/work.db"), Limits::default(), 0).unwrap_err();

    assert_eq!(refused.to_string(), "/no/such/folder/work.db.lock: cannot open the lock");
}

/// A ledger with something in each table, closed. Its disk syncs at once, to be quick.
struct Filled {
    disk: Disk,
    path: PathBuf,
    sound: Vec<u8>,
}

impl Filled {
    fn new() -> Self {
        let disk = Disk::mount().unwrap();
        let path = disk.path().join("work.db");
        let (ledger, opened) = Ledger::open(&path, Limits::default(), 0).unwrap();
        assert_eq!(opened, Opened::Fresh);
        fill(&ledger);
        drop(ledger);
        let sound = fs::read(&path).unwrap();
        Self { disk, path, sound }
    }

    /// Puts other bytes in the ledger's place, and nothing beside it.
    fn put(&self, bytes: &[u8]) {
        for beside in ["-wal", "-shm"] {
            drop(fs::remove_file(self.path.with_file_name(format!("work.db{beside}"))));
        }
        fs::File::create(&self.path).and_then(|mut out| write(&mut out, bytes)).unwrap();
    }

    fn open(&self) -> Result<(Ledger, Opened), OpenError> {
        Ledger::open(&self.path, Limits::default(), NOW_MS)
    }

    /// Opens, must be told of damage, and works with what it is given.
    fn opens_set_aside(&self) -> PathBuf {
        for entry in fs::read_dir(self.disk.path()).unwrap() {
            let path = entry.unwrap().path();
            if name_of(&path).contains("damaged") {
                fs::remove_file(path).unwrap();
            }
        }
        self.open_aside()
    }

    fn open_aside(&self) -> PathBuf {
        let (ledger, opened) = self.open().unwrap();
        let Opened::SetAside { file, reason } = opened else { panic!("{opened:?}") };
        assert!(!reason.is_empty());
        fill(&ledger);
        assert_eq!(ledger.tiles(SlideId(1)).unwrap().len(), 8);
        file
    }

    /// Opens damaged bytes and works on, whatever they hold; says whether they were set aside.
    fn survives(&self, bytes: &[u8], seed: u64) -> bool {
        self.put(bytes);
        let opened = match self.open() {
            Ok((ledger, opened)) => {
                touch_all(&ledger, seed);
                opened
            }
            Err(OpenError::NotALedger { .. } | OpenError::Newer { .. }) => return false,
            Err(error) => panic!("seed {seed}: {error}: {error:?}"),
        };
        matches!(opened, Opened::SetAside { .. })
    }
}

fn fill(ledger: &Ledger) {
    let slide = NewSlide { key: "a".into(), meta: vec![1; 50] };
    let slide = ledger.begin_slide(slide, audit(), 1).unwrap().id();
    for x in 0..8 {
        let bytes = vec![x as u8; 10_000];
        let tile = NewTile { x, y: 0, digest: [1; 32], meta: Vec::new(), bytes };
        ledger.store_tile(slide, tile, 1).unwrap();
        ledger.enqueue(vec![message(x)], 1).unwrap();
    }
}

/// Calls everything once. What it answers is not looked at: it must answer.
fn touch_all(ledger: &Ledger, seed: u64) {
    let read = (ledger.tiles(SlideId(1)), ledger.outbox(0, 99, 99_999), ledger.audit(0, 99));
    let checked = (ledger.verify_audit(), ledger.census(), ledger.job_counts(None));
    let bytes = ledger.tile_bytes(SlideId(1), 3, 0);
    let slide = NewSlide { key: "b".into(), meta: Vec::new() };
    let written = (ledger.begin_slide(slide, audit(), 2), ledger.enqueue(vec![message(99)], 2));
    let pruned = ledger.prune(Keep { finished_since_ms: 0, bytes: u64::MAX }, 3);
    drop((read, checked, bytes, written, pruned, seed));
}

fn message(x: u32) -> NewMessage {
    let (topic, stream) = ("t".into(), "s".into());
    let payload = vec![x as u8; 700];
    NewMessage { class: Class::Result, id: x.to_string(), topic, payload, stream }
}

fn audit() -> Audit {
    Audit { who: "test".into(), what: "begin".into(), detail: Vec::new() }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn write(out: &mut fs::File, bytes: &[u8]) -> std::io::Result<()> {
    std::io::Write::write_all(out, bytes)
}
