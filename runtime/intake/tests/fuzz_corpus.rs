//! The fuzz targets' corpora, replayed: each seed does what it was made for, each find does no harm.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "../fuzz/exchange.rs"]
mod exchange;
#[path = "../fuzz/listing.rs"]
mod listing;

use std::collections::BTreeMap;
use std::path::Path;

use exchange::Summary;
use intake::frame::Farewell;

/// Inputs that a fuzzer found carry a hash as their name; seeds carry a word.
fn is_seed(name: &str) -> bool {
    !(name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn every_conversation_of_the_corpus_is_held_to_its_end() {
    let mut seeds = BTreeMap::new();
    for (name, bytes) in corpus("frames") {
        let summary = exchange::exchange(&bytes);
        if is_seed(&name) {
            seeds.insert(name, summary);
        }
    }

    let said = |frames, stored, farewell| Summary { frames, stored, farewell };
    assert_eq!(seeds["a-slide"], said(6, 2, None));
    assert_eq!(seeds["in-pieces-of-a-byte"], said(4, 1, None));
    assert_eq!(seeds["a-jpeg"], said(4, 1, None));
    assert_eq!(seeds["without-a-credit"].frames, 11);
    assert_eq!(seeds["every-refusal"], said(17, 0, None));
    assert_eq!(seeds["many-slides"].farewell, None);
    assert_eq!(seeds["another-version"], said(1, 0, Some(Farewell::Version)));
    assert_eq!(seeds["twice-hello"], said(2, 0, Some(Farewell::Order)));
    assert_eq!(seeds["no-hello"], said(1, 0, Some(Farewell::Order)));
    assert_eq!(seeds["not-our-protocol"], said(0, 0, Some(Farewell::Frame)));
    assert_eq!(seeds.len(), 10);
}

#[test]
fn every_manifest_of_the_corpus_is_refused_or_stays_in_its_folder() {
    let read = corpus("manifest").into_iter().filter(|(name, bytes)| {
        let is_manifest = listing::listing(bytes);
        assert!(is_manifest || !is_seed(name), "{name}");
        is_seed(name)
    });

    assert_eq!(read.count(), 2);
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
}
