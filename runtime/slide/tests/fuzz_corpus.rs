//! The fuzz target's corpus, replayed: each seed is an image, each find is refused or read.

use std::path::Path;

use contract::{Mpp, Size};
use slide::{Regions, Slide};

/// Inputs that a fuzzer found carry a hash as their name; seeds carry a word.
fn is_seed(name: &str) -> bool {
    !(name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn every_input_of_the_corpus_is_refused_or_read_and_every_seed_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/open");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mpp = Mpp::new(0.25).unwrap();
        let opened = Slide::from_bytes(&path, std::fs::read(&path).unwrap(), Some(mpp));
        if is_seed(&name) {
            let slide = opened.unwrap();
            assert_eq!(slide.size(), Size::new(20, 24), "{name}");
            assert!(slide.read(0, 0, slide.size()).is_ok(), "{name}");
            seeds += 1;
        } else if let Ok(slide) = opened {
            let image = slide.size();
            let size = Size::new(image.width.min(300), image.height.min(300));
            if let Ok(region) = slide.read(0, 0, size) {
                assert_eq!(region.size(), size, "{name}");
            }
        }
    }

    assert_eq!(seeds, 13);
}
