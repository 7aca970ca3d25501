//! Opens foreign bytes as an image and reads what a caller would: two corners of each level.
//!
//! `cargo fuzz run open` from the crate's folder. The corpus is replayed by
//! `tests/fuzz_corpus.rs`; an input that fails here is added to it.

#![no_main]

use std::path::Path;

use contract::{Mpp, Size};
use libfuzzer_sys::fuzz_target;
use slide::Slide;

/// Larger regions cost time and show nothing new.
const EDGE_MAX: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let mpp = Mpp::new(0.25).expect("0.25 µm/px is believable");
    let Ok(slide) = Slide::from_bytes(Path::new("fuzz"), bytes.to_vec(), Some(mpp)) else { return };
    for (level, image) in slide.levels().iter().enumerate() {
        let size = Size::new(image.size.width.min(EDGE_MAX), image.size.height.min(EDGE_MAX));
        let (x, y) = (image.size.width - size.width, image.size.height - size.height);
        for (x, y) in [(0, 0), (x, y)] {
            if let Ok(region) = slide.read_level(level, x, y, size) {
                assert_eq!(region.size(), size);
            }
        }
    }
});
