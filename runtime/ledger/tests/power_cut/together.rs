//! Several callers at once, whose writes share a transaction and a sync.

use ledger::{Class, Ledger, Limits, NewMessage};
use powercut::{Chance, Disk};

const CALLERS: u64 = 4;
/// The disk's operations until the cut, at most; opening takes the first few dozen.
const OPERATIONS_MAX: u64 = 800;

/// All queue messages until the power goes; what was acknowledged must be there, once.
pub(crate) fn until_the_power_goes(disk: &Disk, seed: u64) {
    let mut chance = Chance::new(seed);
    let path = disk.path().join("work.db");
    disk.wipe().unwrap();
    let open = || Ledger::open(&path, Limits::default(), 0).unwrap().0;
    let ledger = open();
    disk.cut_after(1 + chance.below(OPERATIONS_MAX)).unwrap();

    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| (caller, ledger.clone()))
            .map(|(caller, ledger)| scope.spawn(move || queue_until_refused(&ledger, caller)))
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    drop(ledger);
    disk.restart(chance.bits()).unwrap();

    let ledger = open();
    let there: Vec<String> =
        ledger.outbox(0, 1024, usize::MAX).unwrap().into_iter().map(|found| found.id).collect();
    for id in &acknowledged {
        assert_eq!(there.iter().filter(|found| *found == id).count(), 1, "{id}");
    }
    // Each caller waits for its answer, so at most one of its messages is unsure.
    assert!(there.len() as u64 <= acknowledged.len() as u64 + CALLERS);
    assert_eq!(ledger.census().unwrap().outbox_results.rows, there.len() as u64);
}

fn queue_until_refused(ledger: &Ledger, caller: u64) -> Vec<String> {
    let message = |n: u64| NewMessage {
        class: Class::Result,
        id: format!("{caller}-{n}"),
        topic: "t".into(),
        payload: vec![7; 300],
        stream: caller.to_string(),
    };
    let queued = |n: &u64| ledger.enqueue(vec![message(*n)], 0).is_ok();
    (0..OPERATIONS_MAX).take_while(queued).map(|n| message(n).id).collect()
}
