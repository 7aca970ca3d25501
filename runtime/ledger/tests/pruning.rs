//! Finished slides go in short steps, and one that is half gone counts as gone.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use ledger::{
    Audit, Begun, Bound, Keep, Ledger, Limits, NewJob, NewSlide, NewTile, Reanalysis, SlideId,
    Stored,
};
use powercut::Disk;

powercut::serve_here!();

/// More tiles than one step takes.
const TILES: u32 = 300;
const ALL: Keep = Keep { finished_since_ms: u64::MAX, bytes: 0 };

#[test]
fn room_for_one_tile_takes_only_some_of_an_old_slide() {
    let (_disk, ledger, old) = one_refused_slide(u64::from(TILES));
    let new = begin(&ledger, "new").id();

    let stored = ledger.store_tile(new, tile(0), 5).unwrap();

    assert_eq!(stored, Stored::New { sequence: 1 });
    assert_eq!(ledger.tiles(old).unwrap().len(), 44);
    let half_gone = ledger.slide(old).unwrap().unwrap();
    assert_eq!((half_gone.pruned_ms, half_gone.tiles), (Some(5), u64::from(TILES)));
    let again = ledger.reanalyse(old, Vec::new(), audit(), 6).unwrap();
    assert_eq!(again, Reanalysis::TilesGone);
}

#[test]
fn a_whole_pruning_leaves_the_row_of_the_slide_alone() {
    let (_disk, ledger, old) = one_refused_slide(1000);

    let pruned = ledger.prune(ALL, 7).unwrap();

    assert_eq!((pruned.slides, pruned.bytes), (1, 10 * u64::from(TILES)));
    assert_eq!(ledger.tiles(old).unwrap(), []);
    assert!(ledger.job_counts(None).unwrap().is_empty());
    let census = ledger.census().unwrap();
    assert_eq!((census.tiles.rows, census.results.rows, census.free_bytes), (0, 0, 0));
    assert_eq!(begin(&ledger, "old"), Begun::Existing(old));
    assert_eq!(ledger.store_tile(old, tile(0), 8).unwrap(), Stored::Late);
    assert_eq!(ledger.prune(ALL, 9).unwrap().slides, 0);
}

#[test]
fn an_open_slide_is_never_pruned() {
    let disk = Disk::mount().unwrap();
    let (ledger, _) = Ledger::open(&disk.path().join("work.db"), Limits::default(), 0).unwrap();
    let open = begin(&ledger, "open").id();
    ledger.store_tile(open, tile(0), 1).unwrap();

    assert_eq!(ledger.prune(ALL, 7).unwrap().slides, 0);
    assert_eq!(ledger.tiles(open).unwrap().len(), 1);
}

fn one_refused_slide(tiles: u64) -> (Disk, Ledger, SlideId) {
    let disk = Disk::mount().unwrap();
    let limits = Limits { tiles: Bound { rows: tiles, bytes: u64::MAX }, ..Limits::default() };
    let (ledger, _) = Ledger::open(&disk.path().join("work.db"), limits, 0).unwrap();
    let slide = begin(&ledger, "old").id();
    std::thread::scope(|scope| {
        for part in 0..10 {
            let ledger = &ledger;
            scope.spawn(move || {
                for x in (part..TILES).step_by(10) {
                    ledger.store_tile(slide, tile(x), 1).unwrap();
                }
            });
        }
    });
    let jobs = (0..20).map(|key| NewJob { kind: "window".into(), key, payload: vec![1] });
    ledger.add_jobs(slide, jobs.collect(), 1).unwrap();
    ledger.refuse_slide(slide, "blurred", Vec::new(), audit(), 2).unwrap();
    (disk, ledger, slide)
}

fn begin(ledger: &Ledger, key: &str) -> Begun {
    let slide = NewSlide { key: key.into(), meta: Vec::new() };
    ledger.begin_slide(slide, audit(), 1).unwrap()
}

fn tile(x: u32) -> NewTile {
    NewTile { x, y: 0, digest: [1; 32], meta: Vec::new(), bytes: vec![1; 10] }
}

fn audit() -> Audit {
    Audit { who: "test".into(), what: "do".into(), detail: Vec::new() }
}
