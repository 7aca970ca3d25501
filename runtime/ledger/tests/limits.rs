//! Every bound has its answer: results and tiles are refused, telemetry drops its oldest.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use ledger::{
    Audit, Bound, Class, Finish, Finished, JobState, Keep, Ledger, Limits, NewJob, NewMessage,
    NewRequest, NewSlide, NewTile, SlideId, SlideState, Stored, WriteError,
};
use tempfile::TempDir;

#[test]
fn a_result_beyond_the_outbox_is_refused_and_its_job_stays_open() {
    let bound = Bound { rows: 2, bytes: 10_000 };
    let (_folder, ledger) = open(Limits { outbox_results: bound, ..Limits::default() });
    let slide = begin(&ledger, "a");
    ledger.add_jobs(slide, (0..3).map(job).collect(), 1).unwrap();
    let jobs = ledger.lease("window", 3, "worker", 1, 1000).unwrap();
    for job in &jobs[..2] {
        ledger.finish(job.id, "worker", finished(job.key), 2).unwrap();
    }

    let full = ledger.finish(jobs[2].id, "worker", finished(2), 2).unwrap_err();

    assert!(matches!(full, WriteError::Full { rows: 2, limit, .. } if limit == bound), "{full}");
    assert_eq!(ledger.job(slide, "window", 2).unwrap().unwrap().state, JobState::Leased);
    assert_eq!(ledger.results(slide, "window", 0, 9).unwrap().len(), 2);

    let first = ledger.outbox(0, 1, 1).unwrap()[0].seq;
    ledger.sent(&[first], 3).unwrap();
    assert_eq!(ledger.finish(jobs[2].id, "worker", finished(2), 4).unwrap(), Finish::Done);
}

#[test]
fn telemetry_beyond_the_outbox_drops_its_oldest_and_counts_them() {
    let bound = Bound { rows: 3, bytes: 10_000 };
    let (_folder, ledger) = open(Limits { outbox_telemetry: bound, ..Limits::default() });
    ledger.enqueue(vec![message(Class::Result, "kept", 10)], 1).unwrap();

    for n in 0..5 {
        ledger.enqueue(vec![message(Class::Telemetry, &format!("t{n}"), 10)], 1).unwrap();
    }

    let ids: Vec<String> =
        ledger.outbox(0, 9, 9999).unwrap().into_iter().map(|message| message.id).collect();
    assert_eq!(ids, ["kept", "t2", "t3", "t4"]);
    let census = ledger.census().unwrap();
    assert_eq!((census.outbox_telemetry.rows, census.outbox_telemetry.dropped), (3, 2));
    assert_eq!(census.outbox_results.dropped, 0);
}

#[test]
fn telemetry_larger_than_its_bound_is_refused_and_drops_nothing() {
    let bound = Bound { rows: 9, bytes: 1000 };
    let (_folder, ledger) = open(Limits { outbox_telemetry: bound, ..Limits::default() });
    ledger.enqueue(vec![message(Class::Telemetry, "small", 10)], 1).unwrap();

    let full = ledger.enqueue(vec![message(Class::Telemetry, "huge", 2000)], 1).unwrap_err();

    assert!(matches!(full, WriteError::Full { .. }), "{full}");
    assert_eq!(ledger.outbox(0, 9, 9999).unwrap()[0].id, "small");
    assert_eq!(ledger.census().unwrap().outbox_telemetry.dropped, 0);
}

#[test]
fn tiles_beyond_the_bound_prune_finished_slides_first_and_are_then_refused() {
    let bound = Bound { rows: 100, bytes: 3000 };
    let (_folder, ledger) = open(Limits { tiles: bound, ..Limits::default() });
    let old = begin(&ledger, "old");
    ledger.store_tile(old, tile(0, 1000), 1).unwrap();
    ledger.store_tile(old, tile(1, 1000), 1).unwrap();
    finish_slide(&ledger, old);
    let new = begin(&ledger, "new");

    for x in 0..3 {
        let stored = ledger.store_tile(new, tile(x, 1000), 2).unwrap();
        assert_eq!(stored, Stored::New { sequence: u64::from(x) + 1 });
    }
    let full = ledger.store_tile(new, tile(3, 1), 2).unwrap_err();

    assert!(matches!(full, WriteError::Full { rows: 3, bytes: 3000, .. }), "{full}");
    assert_eq!(ledger.tiles(old).unwrap(), []);
    assert_eq!(ledger.tile_bytes(old, 0, 0).unwrap(), None);
    assert_eq!(ledger.slide(old).unwrap().unwrap().pruned_ms, Some(2));
    assert_eq!(ledger.store_tile(new, tile(2, 1000), 3).unwrap(), Stored::Duplicate);
}

#[test]
fn one_more_open_slide_than_may_be_is_refused() {
    let (_folder, ledger) = open(Limits { slides_open: 2, ..Limits::default() });
    let first = begin(&ledger, "a");
    begin(&ledger, "b");

    let third = NewSlide { key: "c".into(), meta: Vec::new() };
    let full = ledger.begin_slide(third.clone(), audit(), 1).unwrap_err();
    assert!(matches!(full, WriteError::Full { what: "open slides", rows: 2, .. }), "{full}");

    ledger.refuse_slide(first, "blurred", Vec::new(), audit(), 2).unwrap();
    ledger.begin_slide(third, audit(), 3).unwrap();
}

#[test]
fn poisoned_messages_beyond_their_bound_are_refused_and_stay_queued() {
    let bound = Bound { rows: 1, bytes: 10_000 };
    let (_folder, ledger) = open(Limits { poisoned: bound, ..Limits::default() });
    let messages = vec![message(Class::Result, "a", 1), message(Class::Result, "b", 1)];
    ledger.enqueue(messages, 1).unwrap();
    let [a, b] = ledger.outbox(0, 2, 9999).unwrap().try_into().unwrap();
    assert!(ledger.poisoned(a.seq, "not authorised", 2).unwrap());

    let full = ledger.poisoned(b.seq, "not authorised", 2).unwrap_err();

    assert!(matches!(full, WriteError::Full { .. }), "{full}");
    assert_eq!(ledger.outbox(0, 2, 9999).unwrap(), [b]);
    assert_eq!(ledger.poison(0).unwrap()[0].reason, "not authorised");
    assert!(ledger.give_up(a.seq, 3).unwrap());
    assert_eq!(ledger.enqueue(vec![message(Class::Result, "a", 1)], 4).unwrap(), 0);
}

#[test]
fn requests_beyond_their_bound_are_refused_until_one_is_answered() {
    let bound = Bound { rows: 1, bytes: 10_000 };
    let (_folder, ledger) = open(Limits { requests: bound, ..Limits::default() });
    let request = |id: &str| NewRequest { id: id.into(), verb: "status".into(), payload: vec![] };
    assert!(ledger.request(request("a"), 1).unwrap());
    assert!(!ledger.request(request("a"), 1).unwrap());

    assert!(matches!(ledger.request(request("b"), 1), Err(WriteError::Full { .. })));

    ledger.answer("a", b"well".to_vec(), Vec::new(), 2).unwrap();
    assert!(ledger.request(request("b"), 3).unwrap());
}

#[test]
fn a_row_that_is_too_large_or_nameless_is_refused_by_name() {
    let limits = Limits { row_bytes: 100, id_bytes: 10, ..Limits::default() };
    let (_folder, ledger) = open(limits);
    let slide = begin(&ledger, "a");

    let large = ledger.store_tile(slide, tile(0, 101), 1).unwrap_err();
    let long = ledger.enqueue(vec![message(Class::Result, "12345678901", 1)], 1).unwrap_err();
    let empty = ledger.enqueue(vec![message(Class::Result, "", 1)], 1).unwrap_err();

    assert_eq!(large.to_string(), "tile of 101 bytes; at most 100 are taken");
    assert_eq!(long.to_string(), "message id of 11 bytes; at most 10 are taken");
    assert_eq!(empty.to_string(), "message id is empty");
}

#[test]
fn a_page_is_bounded_in_rows_and_bytes_and_never_empty_for_one_large_row() {
    let (_folder, ledger) = open(Limits::default());
    let messages = ["a", "b", "c"].map(|id| message(Class::Result, id, 1000)).to_vec();
    ledger.enqueue(messages, 1).unwrap();

    let page = |most, bytes| ledger.outbox(0, most, bytes).unwrap().len();

    assert_eq!([page(9, 1), page(9, 2000), page(2, 9999), page(0, 9999)], [1, 2, 2, 0]);
}

#[test]
fn pruning_keeps_what_is_to_be_kept_and_gives_room_back() {
    let (_folder, ledger) = open(Limits::default());
    for (name, finished_ms) in [("a", 10), ("b", 20), ("c", 30)] {
        let slide = begin(&ledger, name);
        ledger.store_tile(slide, tile(0, 1 << 20), 1).unwrap();
        finish_slide_at(&ledger, slide, finished_ms);
    }
    let before = ledger.census().unwrap();

    let by_age = ledger.prune(Keep { finished_since_ms: 20, bytes: u64::MAX }, 99).unwrap();
    let by_size = ledger.prune(Keep { finished_since_ms: 0, bytes: 1 << 20 }, 99).unwrap();

    assert_eq!((by_age.slides, by_age.bytes), (1, 1 << 20));
    assert_eq!((by_size.slides, by_size.bytes), (1, 1 << 20));
    let after = ledger.census().unwrap();
    assert_eq!((after.tiles.rows, after.free_bytes), (1, 0));
    assert!(after.file_bytes + (2 << 20) <= before.file_bytes, "{before:?} {after:?}");
}

#[test]
fn a_refusal_in_a_group_undoes_only_itself() {
    let (_folder, ledger) = open(Limits { row_bytes: 5000, ..Limits::default() });
    let slide = begin(&ledger, "a");

    let stored: Vec<Result<Stored, WriteError>> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..32)
            .map(|x| {
                let ledger = ledger.clone();
                let slide = if x % 4 == 0 { SlideId(999) } else { slide };
                scope.spawn(move || ledger.store_tile(slide, tile(x, 100), 1))
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });

    for (x, stored) in stored.iter().enumerate() {
        match stored {
            Ok(Stored::New { .. }) => assert_ne!(x % 4, 0),
            Err(WriteError::Unknown { .. }) => assert_eq!(x % 4, 0),
            other => panic!("{x}: {other:?}"),
        }
    }
    assert_eq!(ledger.tiles(slide).unwrap().len(), 24);
    assert_eq!(ledger.census().unwrap().tiles.rows, 24);
}

fn open(limits: Limits) -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("work.db"), limits, 0).unwrap();
    (folder, ledger)
}

fn begin(ledger: &Ledger, key: &str) -> SlideId {
    let slide = NewSlide { key: key.into(), meta: Vec::new() };
    ledger.begin_slide(slide, audit(), 1).unwrap().id()
}

fn finish_slide(ledger: &Ledger, slide: SlideId) {
    finish_slide_at(ledger, slide, 1);
}

fn finish_slide_at(ledger: &Ledger, slide: SlideId, now_ms: u64) {
    let score = NewJob { kind: "score".into(), key: 0, payload: Vec::new() };
    ledger.end_slide(slide, vec![score], Vec::new(), audit(), 1).unwrap();
    let job = ledger.lease_job(slide, "score", 0, "worker", 1, 1000).unwrap().unwrap();
    let finished = Finished { slide_state: Some(SlideState::Finished), ..Finished::default() };
    ledger.finish(job.id, "worker", finished, now_ms).unwrap();
}

fn job(key: u64) -> NewJob {
    NewJob { kind: "window".into(), key, payload: Vec::new() }
}

fn finished(key: u64) -> Finished {
    let messages = vec![message(Class::Result, &key.to_string(), 10)];
    Finished { result: vec![1; 10], messages, ..Finished::default() }
}

fn message(class: Class, id: &str, bytes: usize) -> NewMessage {
    let (topic, stream) = ("t".into(), "s".into());
    NewMessage { class, id: id.into(), topic, payload: vec![0; bytes], stream }
}

fn tile(x: u32, bytes: usize) -> NewTile {
    NewTile { x, y: 0, digest: [7; 32], meta: Vec::new(), bytes: vec![1; bytes] }
}

fn audit() -> Audit {
    Audit { who: "test".into(), what: "test".into(), detail: Vec::new() }
}
