//! Damaged network files are refused, whatever the damage: no panic passes to the caller.

use std::num::NonZeroUsize;
use std::path::Path;

use engine::{Cpu, Threads, package};
use proptest::prelude::*;

const ONE: Threads = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_mutated_network_loads_or_is_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/darkness");
        let package = package::load(&dir).unwrap();
        let mut bytes = package.model_bytes().to_vec();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }

        // Either is right; what must not happen is a panic or an abort.
        match Cpu::load(&bytes, package.card(), ONE) {
            Ok(_) => {}
            Err(refused) => prop_assert!(refused.to_string().contains("darkness 1.0.0")),
        }
    }
}
