//! A full disk refuses, loses nothing that was acknowledged, and the ledger works on when there is
//! room again.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use ledger::{
    Audit, Class, Ledger, Limits, NewMessage, NewSlide, NewTile, OpenError, Opened, SlideId,
    Stored, WriteError,
};
use powercut::Disk;

powercut::serve_here!();

/// The disk of these tests: a few dozen tiles.
const ROOM_BYTES: u64 = 1 << 20;
const TILE_BYTES: usize = 20_000;

#[test]
fn what_does_not_fit_is_refused_and_what_was_acknowledged_stays() {
    let (disk, ledger, slide) = small_disk();

    let mut stored = 0;
    let full = loop {
        match ledger.store_tile(slide, tile(stored, TILE_BYTES), 1) {
            Ok(Stored::New { .. }) => stored += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };

    assert!(stored > 3, "{stored}");
    assert!(matches!(full, WriteError::Storage { doing: "store a tile", .. }), "{full}");
    assert_eq!(ledger.tiles(slide).unwrap().len() as u32, stored);

    disk.set_room(None).unwrap();

    assert!(matches!(
        ledger.store_tile(slide, tile(stored, TILE_BYTES), 1).unwrap(),
        Stored::New { sequence } if sequence == u64::from(stored) + 1
    ));
    ledger.verify_audit().unwrap();
    for x in 0..=stored {
        assert_eq!(ledger.tile_bytes(slide, x, 0).unwrap(), Some(tile(x, TILE_BYTES).bytes));
    }
}

#[test]
fn a_small_result_fits_where_a_large_tile_beside_it_does_not() {
    let (_disk, ledger, slide) = small_disk();
    let much = ROOM_BYTES as usize;

    let (tiles, messages) = std::thread::scope(|scope| {
        let tiles: Vec<_> = (0..4)
            .map(|x| (x, ledger.clone()))
            .map(|(x, ledger)| scope.spawn(move || ledger.store_tile(slide, tile(x, much), 1)))
            .collect();
        let messages: Vec<_> = (0..4)
            .map(|n| (n, ledger.clone()))
            .map(|(n, ledger)| scope.spawn(move || ledger.enqueue(vec![message(n)], 1)))
            .collect();
        let tiles: Vec<_> = tiles.into_iter().map(|caller| caller.join().unwrap()).collect();
        let messages: Vec<_> = messages.into_iter().map(|caller| caller.join().unwrap()).collect();
        (tiles, messages)
    });

    assert!(tiles.iter().all(|tile| matches!(tile, Err(WriteError::Storage { .. }))), "{tiles:?}");
    assert!(messages.iter().all(|queued| matches!(queued, Ok(1))), "{messages:?}");
    assert_eq!(ledger.outbox(0, 9, 9999).unwrap().len(), 4);
}

#[test]
fn a_disk_too_small_for_a_new_ledger_says_so_and_leaves_none() {
    let disk = Disk::mount().unwrap();
    disk.set_room(Some(10_000)).unwrap();
    let path = disk.path().join("work.db");

    let refused = Ledger::open(&path, Limits::default(), 1).unwrap_err();
    assert!(matches!(refused, OpenError::Storage { doing: "make the file", .. }), "{refused}");
    assert!(!path.exists());

    disk.set_room(None).unwrap();
    assert_eq!(Ledger::open(&path, Limits::default(), 1).unwrap().1, Opened::Fresh);
}

fn small_disk() -> (Disk, Ledger, SlideId) {
    let disk = Disk::mount().unwrap();
    disk.set_room(Some(ROOM_BYTES)).unwrap();
    let (ledger, _) = Ledger::open(&disk.path().join("work.db"), Limits::default(), 1).unwrap();
    let slide = NewSlide { key: "a".into(), meta: Vec::new() };
    let audit = Audit { who: "test".into(), what: "begin".into(), detail: Vec::new() };
    let slide = ledger.begin_slide(slide, audit, 1).unwrap().id();
    (disk, ledger, slide)
}

fn tile(x: u32, bytes: usize) -> NewTile {
    NewTile { x, y: 0, digest: [1; 32], meta: Vec::new(), bytes: vec![x as u8; bytes] }
}

fn message(n: u32) -> NewMessage {
    let (topic, stream) = ("t".into(), "s".into());
    NewMessage { class: Class::Result, id: n.to_string(), topic, payload: vec![1; 10], stream }
}
