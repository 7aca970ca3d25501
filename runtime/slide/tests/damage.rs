//! Foreign bytes make a read fail, and nothing else: no cut, no flipped byte, no
//! invented directory ends the program or takes its memory.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/files.rs"]
mod files;
#[path = "support/tiff.rs"]
mod tiff;

use std::path::Path;

use contract::{Mpp, Size};
use proptest::prelude::*;
use slide::{Regions, Slide};
use tiff::{CLASSIC, Dialect, Page, Value};

/// Files of every format and codec, small enough to be changed many times.
const SEEDS: [&str; 14] = [
    "16-bit-deflate.tif",
    "grey.tif",
    "jpeg.ome.tif",
    "jpeg.svs",
    "jpeg2000-33003.svs",
    "orientation-6.jpg",
    "orientation-8.tif",
    "palette.tif",
    "rgb.jpg",
    "rgb.png",
    "strips-lzw.tif",
    "strips-packbits.tif",
    "tiles-deflate-planar-big-endian.tif",
    "tiles-zstd-bigtiff.tif",
];

#[test]
fn a_file_that_is_cut_anywhere_is_refused_or_reads_as_far_as_it_goes() {
    for name in ["orientation-8.tif", "grey.tif", "rgb.jpg", "orientation-6.jpg"] {
        let bytes = std::fs::read(files::bundled(name)).unwrap();
        for end in 0..bytes.len() {
            look_at(bytes[..end].to_vec());
        }
    }
}

#[test]
fn a_picture_that_is_cut_is_refused() {
    for name in ["rgb.png", "rgb.jpg"] {
        let bytes = std::fs::read(files::bundled(name)).unwrap();
        // The last marker of either holds no pixel.
        for end in (0..bytes.len() - 64).step_by(13) {
            let opened = Slide::from_bytes(name.as_ref(), bytes[..end].to_vec(), Some(quarter()));
            assert!(opened.is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn a_tile_that_is_cut_is_refused() {
    let slide = Slide::open(&files::bundled("jpeg.svs"), None).unwrap();
    let whole = slide.read(0, 0, slide.size()).unwrap();
    let bytes = std::fs::read(files::bundled("jpeg.svs")).unwrap();
    // Zeros in the middle of the tiles' bytes: as if a copy had lost a block.
    let mut holed = bytes;
    holed[30_000..31_000].fill(0);

    let slide = Slide::from_bytes("holed.svs".as_ref(), holed, None).unwrap();

    let read = slide.read(0, 0, slide.size());
    assert!(read.is_err() || read.unwrap() != whole);
}

#[test]
fn a_tiff_that_is_cut_inside_its_directory_is_refused() {
    let page = Page::tiled([20, 20], [16, 16], 3).with_segments(vec![vec![9; 768]; 4]);
    let bytes = CLASSIC.write(&[page]);

    for end in 0..bytes.len() {
        let opened = Slide::from_bytes("cut.tif".as_ref(), bytes[..end].to_vec(), Some(quarter()));
        assert!(opened.is_err(), "cut at {end}");
    }
    assert!(Slide::from_bytes("whole.tif".as_ref(), bytes, Some(quarter())).is_ok());
}

#[test]
fn every_file_of_the_scanners_that_is_cut_short_is_refused() {
    for name in ["cmu-1-small-region.svs", "he-ome-jpeg-tiled.tif", "rgba.tiff"] {
        let Some(path) = files::find(name) else { continue };
        let bytes = std::fs::read(path).unwrap();
        for part in 1..20 {
            let cut = bytes[..bytes.len() * part / 20].to_vec();
            let opened = Slide::from_bytes(name.as_ref(), cut, Some(quarter()));
            assert!(opened.is_err(), "{name} cut to {part} of 20 parts");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn changed_bytes_never_end_the_program(
        seed in prop::sample::select(SEEDS.as_slice()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = std::fs::read(files::bundled(seed)).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        look_at(bytes);
    }

    #[test]
    fn an_invented_directory_never_ends_the_program(
        big in any::<bool>(),
        big_endian in any::<bool>(),
        tiled in any::<bool>(),
        fields in prop::collection::vec(field(), 0..6),
        segment in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut page = if tiled {
            Page::tiled([20, 20], [16, 16], 3)
        } else {
            Page::stripped([20, 20], 16, 3)
        };
        for (tag, value) in fields {
            page.set(tag, value);
        }
        let page = page.with_segments(vec![segment; 4]);
        look_at(Dialect { big, big_endian }.write(&[page]));
    }
}

/// A field that is read, with a value that is likely to matter.
fn field() -> impl Strategy<Value = (u16, Value)> {
    let tags = [
        254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317,
        320, 322, 323, 324, 325, 330, 338, 339, 347, 700,
    ];
    let number = prop_oneof![
        0..20_u32,
        Just(34712),
        Just(33003),
        Just(50000),
        Just(32773),
        Just(u32::MAX),
        any::<u32>()
    ];
    let value = prop_oneof![
        prop::collection::vec(any::<u16>(), 0..9).prop_map(Value::Short),
        (0..20_u16).prop_map(|v| Value::Short(vec![v])),
        number.prop_map(|v| Value::Long(vec![v])),
        prop::collection::vec(any::<u64>(), 0..4).prop_map(Value::Long8),
        (any::<u32>(), any::<u32>()).prop_map(|(n, d)| Value::Rational(n, d)),
        "(Aperio|<OME|<\\?xml)?[ -~\r\n]{0,60}".prop_map(Value::Text),
    ];
    (prop::sample::select(tags.to_vec()), value)
}

/// Opens `bytes` and, where they are an image, reads its corners.
fn look_at(bytes: Vec<u8>) {
    let Ok(slide) = Slide::from_bytes(Path::new("foreign"), bytes, Some(quarter())) else { return };
    for (level, image) in slide.levels().iter().enumerate() {
        let size = Size::new(image.size.width.min(300), image.size.height.min(300));
        let (x, y) = (image.size.width - size.width, image.size.height - size.height);
        let corners = [slide.read_level(level, 0, 0, size), slide.read_level(level, x, y, size)];
        for region in corners.into_iter().flatten() {
            assert_eq!(region.size(), size);
        }
    }
}

fn quarter() -> Mpp {
    Mpp::new(0.25).unwrap()
}
