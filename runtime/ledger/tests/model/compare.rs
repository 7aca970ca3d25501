//! All that can be read is what the reference holds.

use ledger::{Class, Count, JobState, Ledger};

use crate::reference::{Letter, Place, Reference, id};

pub(crate) fn all(ledger: &Ledger, reference: &Reference) {
    for at in 0..reference.slides.len() {
        slide(ledger, reference, at);
    }
    messages(ledger, reference);
    census(ledger, reference);
    assert_eq!(ledger.verify_audit().unwrap().rows, reference.audit);
    for key in ["0", "1"] {
        assert_eq!(ledger.get(key).unwrap().as_ref(), reference.settings.get(key));
    }
    let open: Vec<String> = ledger.requests(0).unwrap().into_iter().map(|asked| asked.id).collect();
    let wanted = reference.requests.iter().filter(|asked| asked.1.is_none());
    assert_eq!(open, wanted.map(|asked| asked.0.clone()).collect::<Vec<_>>());
}

fn slide(ledger: &Ledger, reference: &Reference, at: usize) {
    let wanted = &reference.slides[at];
    let found = ledger.slide(id(at)).unwrap().unwrap();
    assert_eq!(
        (&found.key, &found.meta, &found.meta_end),
        (&wanted.key, &wanted.meta, &wanted.meta_end)
    );
    assert_eq!((found.state, &found.model), (wanted.state, &wanted.model));
    assert_eq!((found.finished_ms, found.tiles), (wanted.finished_ms, wanted.stored));
    assert_eq!(found.pruned_ms.is_some(), wanted.pruned);

    let tiles = ledger.tiles(id(at)).unwrap();
    let tiles: Vec<_> =
        tiles.iter().map(|tile| (tile.x, tile.digest[0], tile.bytes_len as usize)).collect();
    assert_eq!(tiles, wanted.tiles);
    for (x, _, bytes) in tiles {
        assert_eq!(ledger.tile_bytes(id(at), x, 0).unwrap().unwrap().len(), bytes);
    }

    for kind in ["window", "score"] {
        let jobs = reference.jobs.iter().filter(|job| job.slide == at && job.kind == kind);
        let mut results: Vec<_> =
            jobs.filter_map(|job| Some((job.key, job.result.clone()?))).collect();
        results.sort();
        assert_eq!(ledger.results(id(at), kind, 0, 99).unwrap(), results);
    }
    for job in reference.jobs.iter().filter(|job| job.slide == at) {
        let found = ledger.job(id(at), job.kind, job.key).unwrap().unwrap();
        let found = (found.id.0, found.state, found.tries, found.owner);
        assert_eq!(found, (job.id, job.state, job.tries, job.owner.clone()));
    }
}

fn messages(ledger: &Ledger, reference: &Reference) {
    let wanted = |keep: &dyn Fn(&Letter) -> bool| -> Vec<(u64, String)> {
        let kept = reference.letters.iter().filter(|letter| keep(letter));
        kept.map(|letter| (letter.seq, letter.message.id.clone())).collect()
    };
    let found = |messages: Vec<ledger::Message>| -> Vec<(u64, String)> {
        messages.into_iter().map(|message| (message.seq, message.id)).collect()
    };
    let outbox = ledger.outbox(0, 99, usize::MAX).unwrap();
    assert_eq!(found(outbox), wanted(&|letter| letter.place == Place::Queued));
    let journal = ledger.journal(0, 99, usize::MAX).unwrap();
    assert_eq!(found(journal), wanted(&|letter| letter.message.class == Class::Result));
    let poison = ledger.poison(0).unwrap().into_iter().map(|apart| apart.message).collect();
    assert_eq!(found(poison), wanted(&|letter| letter.place == Place::Poisoned));
}

fn census(ledger: &Ledger, reference: &Reference) {
    let census = ledger.census().unwrap();
    let two = |count: Count| (count.rows, count.bytes);
    assert_eq!(census.slides_open, reference.open_slides());
    assert_eq!(two(census.tiles), reference.tiles());
    assert_eq!(two(census.results), reference.results());
    assert_eq!(two(census.outbox_results), reference.counted(Class::Result));
    assert_eq!(two(census.outbox_telemetry), reference.counted(Class::Telemetry));
    assert_eq!(two(census.poisoned), reference.poisoned());
    assert_eq!(census.outbox_telemetry.dropped, reference.dropped);
    for (kind, count) in &census.jobs {
        let of = |state| {
            let jobs = reference.jobs.iter().filter(|job| job.kind == kind && job.state == state);
            jobs.count() as u64
        };
        let wanted =
            [JobState::Waiting, JobState::Leased, JobState::Done, JobState::Refused].map(of);
        assert_eq!([count.waiting, count.leased, count.done, count.refused], wanted);
    }
}
