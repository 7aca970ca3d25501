//! What must hold after each restart.

use std::collections::BTreeSet;

use ledger::{JobState, SlideId, SlideState};
use rusqlite::Connection;

use crate::work::{World, finished, id_of, tile};

pub(crate) fn after_restart(world: &World) {
    let ledger = world.pipeline.as_ref().unwrap();
    let raw = Connection::open(&world.path).unwrap();
    let sound: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    ledger.verify_audit().unwrap();

    slides(world);
    tiles(world);
    verdicts(world, &raw);
    messages(world, &raw);
    said_between_roles(world);
    counters(&raw);
}

/// Every acknowledged tile has exactly one result, or exactly one refusal.
pub(crate) fn all_is_done(world: &World) {
    let ledger = world.pipeline.as_ref().unwrap();
    for (key, slide) in &world.told.slides {
        let counts = ledger.job_counts(Some(*slide)).unwrap()["window"];
        assert_eq!((counts.waiting, counts.leased), (0, 0));
        assert_eq!(counts.done + counts.refused, ledger.tiles(*slide).unwrap().len() as u64);
        let results = ledger.results(*slide, "window", 0, 1000).unwrap();
        assert_eq!(results.len() as u64, counts.done);
        assert_eq!(ledger.slide(*slide).unwrap().unwrap().state, SlideState::Finished, "{key}");
    }
    assert!(ledger.outbox(0, 1000, usize::MAX).unwrap().is_empty());
}

fn slides(world: &World) {
    let ledger = world.pipeline.as_ref().unwrap();
    for (key, id) in &world.told.slides {
        let slide = ledger.slide(*id).unwrap().unwrap();
        assert_eq!((slide.key, slide.meta), (key.to_string(), vec![*key as u8; 100]));
        let least = match (world.told.ended.contains(key), world.told.finished.contains(key)) {
            (_, true) => SlideState::Finished,
            (true, false) => SlideState::Ended,
            (false, false) => SlideState::Open,
        };
        assert!(slide.state >= least, "slide {key} fell back to {:?}", slide.state);
        assert_eq!(slide.meta_end.is_some(), slide.state > SlideState::Open);
    }
}

fn tiles(world: &World) {
    let ledger = world.pipeline.as_ref().unwrap();
    for ((key, x), sequence) in &world.told.tiles {
        let slide = world.told.slides[key];
        let stored = ledger.tiles(slide).unwrap();
        let stored: Vec<_> = stored.iter().filter(|row| row.x == *x).collect();
        assert_eq!(stored.len(), 1, "tile {key}-{x}");
        assert!([0, stored[0].sequence].contains(sequence));
        assert_eq!(stored[0].digest, tile(*key, *x).digest);
        assert_eq!(ledger.tile_bytes(slide, *x, 0).unwrap(), Some(tile(*key, *x).bytes));
    }
    for slide in world.told.slides.values() {
        let numbers: Vec<u64> =
            ledger.tiles(*slide).unwrap().iter().map(|row| row.sequence).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    }
}

/// A verdict is there with its result, its message and its audit row, or not at all.
fn verdicts(world: &World, raw: &Connection) {
    let ledger = world.pipeline.as_ref().unwrap();
    for (place, result) in &world.told.results {
        let slide = world.told.slides[&place.0];
        let found = ledger.results(slide, "window", place.1.into(), 1).unwrap();
        assert_eq!(found, [(place.1.into(), result.clone())], "the result of {place:?}");
    }
    for (key, slide) in &world.told.slides {
        for x in 0..5 {
            verdict(world, raw, (*key, x), *slide);
        }
    }
}

fn verdict(world: &World, raw: &Connection, place: (u64, u32), slide: SlideId) {
    let ledger = world.pipeline.as_ref().unwrap();
    let job = ledger.job(slide, "window", place.1.into()).unwrap();
    let told = &world.told;
    assert!(job.is_some() || !told.jobs.contains(&place), "job {place:?} is gone");
    let state = job.map_or(JobState::Waiting, |job| job.state);
    assert!(state == JobState::Done || !told.results.contains_key(&place), "{place:?}");
    assert!(state == JobState::Refused || !told.refused.contains(&place), "{place:?}");

    let audited = |what: &str| -> u64 {
        let count = "SELECT count(*) FROM audit WHERE what = ? AND detail = ?";
        let detail = id_of(place).to_string().into_bytes();
        raw.query_row(count, (what, detail), |row| row.get(0).map(i64::cast_unsigned)).unwrap()
    };
    let known = known(raw, &format!("{}-{}", place.0, place.1));
    let result = ledger.results(slide, "window", place.1.into(), 1).unwrap();
    let result = result.into_iter().find(|(key, _)| *key == u64::from(place.1));
    assert_eq!(audited("finish"), u64::from(state == JobState::Done), "{place:?}");
    assert_eq!(audited("refuse"), u64::from(state == JobState::Refused), "{place:?}");
    assert_eq!(known, u64::from(state >= JobState::Done), "{place:?}");
    assert_eq!(result.is_some(), state == JobState::Done, "{place:?}");
    if let Some((_, result)) = result {
        assert_eq!(result, finished(place).result);
    }
}

/// What was queued is queued, sent or set apart; what has left does not come back.
fn messages(world: &World, raw: &Connection) {
    let ledger = world.pipeline.as_ref().unwrap();
    let queued: BTreeSet<String> =
        ledger.outbox(0, 1000, usize::MAX).unwrap().into_iter().map(|message| message.id).collect();
    let apart: BTreeSet<String> =
        ledger.poison(0).unwrap().into_iter().map(|poisoned| poisoned.message.id).collect();
    for id in &world.told.queued {
        assert_eq!(known(raw, id), 1, "message {id}");
    }
    assert!(world.told.gone.is_disjoint(&queued) && world.told.gone.is_disjoint(&apart));
    assert!(world.told.poisoned.is_subset(&apart));
}

fn said_between_roles(world: &World) {
    let ledger = world.pipeline.as_ref().unwrap();
    let value = ledger.get("paused").unwrap();
    assert!(world.told.setting_unsure || value == world.told.setting);
    let open: BTreeSet<String> =
        ledger.requests(0).unwrap().into_iter().map(|request| request.id).collect();
    for id in &world.told.asked {
        let answered = ledger.answer_to(&id.to_string()).unwrap().is_some();
        assert_ne!(answered, open.contains(&id.to_string()), "request {id}");
        assert!(answered || !world.told.answered.contains(id));
    }
}

fn known(raw: &Connection, id: &str) -> u64 {
    let count = "SELECT (SELECT count(*) FROM outbox WHERE id = ?1) \
                 + (SELECT count(*) FROM sent WHERE id = ?1)";
    raw.query_row(count, [id], |row| row.get(0).map(i64::cast_unsigned)).unwrap()
}

/// The counters that the triggers keep are what is there.
fn counters(raw: &Connection) {
    let there = [
        ("tiles", "SELECT count(*), total(bytes_len) FROM tiles"),
        ("results", "SELECT count(*), total(length(bytes)) FROM results"),
        (
            "outbox_result",
            "SELECT count(*), total(bytes) FROM outbox WHERE class = 0 AND state < 2",
        ),
        ("poisoned", "SELECT count(*), total(bytes) FROM outbox WHERE state = 2"),
        ("slides_open", "SELECT count(*), 0.0 FROM slides WHERE state < 2"),
        ("requests", "SELECT count(*), total(length(payload)) FROM requests WHERE answer IS NULL"),
    ];
    for (name, count) in there {
        let two = |sql: &str| -> (i64, f64) {
            raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        };
        let kept = format!("SELECT rows, CAST(bytes AS REAL) FROM counters WHERE name = '{name}'");
        assert_eq!(two(&kept), two(count), "{name}");
    }
}
