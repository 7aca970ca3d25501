//! The fuzz target's corpus, replayed: each seed has the outcome that its name promises, each find
//! breaks no promise.

use std::path::Path;

use contract::message::Outcome;
use uplink::command::trial;

/// Seeds that are good commands; all others are refused, or are none.
const GOOD: [&str; 4] = ["status", "pause", "resume", "reanalyse"];

/// Inputs that a fuzzer found carry a hash as their name; seeds carry words.
fn is_seed(name: &str) -> bool {
    !(name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn every_input_of_the_corpus_keeps_the_promises_and_every_seed_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/command");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let outcome = trial::run(&std::fs::read(&path).unwrap());
        if is_seed(&name) {
            let expected = match name.as_str() {
                "two-levels" => None,
                good if GOOD.contains(&good) => Some(Outcome::Ok),
                _ => Some(Outcome::Refused),
            };
            assert_eq!(outcome, expected, "{name}");
            seeds += 1;
        }
    }

    assert_eq!(seeds, 15);
}
