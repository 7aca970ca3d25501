//! Every way to lay pixels out is read back, and every contradiction is refused by its field.

#[path = "support/tiff.rs"]
mod tiff;

use contract::{Mpp, RgbImage, Size};
use slide::{OpenError, ReadError, Regions, Slide};
use tiff::{CLASSIC, Dialect, Page, Value};

const WIDTH: usize = 23;
const HEIGHT: usize = 17;

#[test]
fn tiles_and_strips_of_every_dialect_give_their_pixels() {
    for big in [false, true] {
        for big_endian in [false, true] {
            let dialect = Dialect { big, big_endian };
            for page in [tiles([16, 32], 3), tiles([5, 3], 3), strips(4), strips(100)] {
                let slide = open(dialect.write(&[page])).unwrap();

                let whole = slide.read(0, 0, slide.size()).unwrap();
                assert_eq!(whole, expected(), "{dialect:?}");
            }
        }
    }
}

#[test]
fn separate_planes_give_the_same_pixels() {
    for tile in [[16, 16], [7, 5]] {
        let mut page = Page::tiled([WIDTH as u32, HEIGHT as u32], tile, 3);
        page.set(284, Value::Short(vec![2]));
        for channel in 0..3 {
            for (x, y) in corners(tile) {
                page.segments.push(block(x, y, tile, |x, y| vec![sample(x, y)[channel]]));
            }
        }

        let slide = open(CLASSIC.write(&[page])).unwrap();

        assert_eq!(slide.read(0, 0, slide.size()).unwrap(), expected());
    }
}

#[test]
fn every_region_is_a_cut_of_the_whole() {
    let slide = open(CLASSIC.write(&[tiles([8, 8], 3)])).unwrap();
    let whole = expected();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let size = Size::new((WIDTH - x).min(9), (HEIGHT - y).min(10));
            let region = slide.read(x, y, size).unwrap();
            for (dx, dy) in [(0, 0), (size.width - 1, 0), (size.width - 1, size.height - 1)] {
                assert_eq!(region.pixel(dx, dy), whole.pixel(x + dx, y + dy), "{x} {y}");
            }
        }
    }
}

#[test]
fn a_large_uncompressed_strip_is_read_in_parts() {
    let (width, height) = (1000, 700);
    let pixels = (0..width * height).flat_map(|at| [(at % 251) as u8, (at % 241) as u8, 9]);
    let page = Page::stripped([width, height], height, 3).with_segments(vec![pixels.collect()]);
    let slide = open(CLASSIC.write(&[page])).unwrap();

    let region = slide.read(990, 250, Size::new(10, 300)).unwrap();

    for (x, y) in [(0, 0), (9, 11), (9, 12), (5, 299)] {
        let at = (250 + y) * 1000 + 990 + x;
        assert_eq!(region.pixel(x, y), [(at % 251) as u8, (at % 241) as u8, 9], "{x} {y}");
    }
}

#[test]
fn a_tile_that_was_left_out_is_white() {
    let mut page = tiles([16, 16], 3);
    page.segments[1].clear();

    let slide = open(CLASSIC.write(&[page])).unwrap();

    assert_eq!(slide.read(17, 3, Size::new(1, 1)).unwrap().pixel(0, 0), [255; 3]);
    assert_eq!(slide.read(3, 3, Size::new(1, 1)).unwrap().pixel(0, 0), sample(3, 3));
}

#[test]
fn samples_after_the_colour_that_are_no_opacity_are_passed_over() {
    let slide = open(CLASSIC.write(&[tiles([16, 16], 5)])).unwrap();

    assert_eq!(slide.read(0, 0, slide.size()).unwrap(), expected());
}

/// Aperio's tiles look like YCbCr to a decoder left to itself; their tag says RGB.
#[test]
fn the_tag_decides_the_colour_of_a_jpeg_tile() {
    let path = format!("{}/tests/data/jpeg.svs", env!("CARGO_MANIFEST_DIR"));
    let rgb_bytes = std::fs::read(path).unwrap();
    let mut ycbcr_bytes = rgb_bytes.clone();
    let photometric = [6, 1, 3, 0, 1, 0, 0, 0, 2, 0];
    let at = rgb_bytes.windows(10).position(|w| w == photometric).unwrap();
    ycbcr_bytes[at + 8] = 6;

    let size = Size::new(64, 64);
    let as_rgb = open(rgb_bytes).unwrap().read(0, 0, size).unwrap();
    let as_ycbcr = open(ycbcr_bytes).unwrap().read(0, 0, size).unwrap();

    for (x, y) in [(0, 0), (13, 50), (63, 63), (30, 31)] {
        let [l, b, r] = as_rgb.pixel(x, y).map(f64::from);
        let (b, r) = (b - 128.0, r - 128.0);
        let converted = [l + 1.402 * r, l - 0.344_136 * b - 0.714_136 * r, l + 1.772 * b];
        for (found, converted) in as_ycbcr.pixel(x, y).into_iter().zip(converted) {
            let difference = (f64::from(found) - converted.clamp(0.0, 255.0)).abs();
            assert!(
                difference < 0.51,
                "{x} {y}: {found} is not {converted}, {:?} {:?}",
                as_rgb.pixel(x, y),
                as_ycbcr.pixel(x, y)
            );
        }
    }
}

#[test]
fn lower_levels_are_the_pages_that_say_so_and_have_the_shape() {
    let mut half = Page::tiled([12, 9], [16, 16], 3).with_segments(vec![vec![7; 768]]);
    half.set(254, Value::Long(vec![1]));
    let mut other = Page::tiled([4, 15], [16, 16], 3).with_segments(vec![vec![7; 768]]);
    other.set(254, Value::Long(vec![1]));
    let unmarked = Page::tiled([6, 4], [16, 16], 3).with_segments(vec![vec![7; 768]]);

    let slide = open(CLASSIC.write(&[tiles([16, 16], 3), other, unmarked, half])).unwrap();

    let sizes: Vec<_> = slide.levels().iter().map(|level| level.size).collect();
    assert_eq!(sizes, [Size::new(WIDTH, HEIGHT), Size::new(12, 9)]);
    let named: Vec<_> = slide.associated().iter().map(|a| a.name.as_str()).collect();
    assert_eq!(named, ["page 1", "page 2"]);
    assert_eq!(slide.read_level(1, 11, 8, Size::new(1, 1)).unwrap().pixel(0, 0), [7; 3]);
    let error = slide.read_level(2, 0, 0, Size::new(1, 1)).unwrap_err();
    assert!(matches!(error, ReadError::Level { level: 2, levels: 2 }), "{error}");
}

#[test]
fn a_resolution_is_read_in_every_unit() {
    // Pixels per unit over a divisor, the unit, µm/px.
    for (x, y, unit, um) in [
        (40_000, 40_000, Some(3), Some(0.25)),
        (101_600, 101_600, Some(2), Some(0.25)),
        (50_800, 50_800, None, Some(0.5)),
        (40_000, 40_000, Some(1), None),
        (40_000, 41_000, Some(3), None),
        (72, 72, Some(2), None),
        (0, 0, Some(3), None),
    ] {
        let mut page = tiles([16, 16], 3);
        page.set(282, Value::Rational(x, 1)).set(283, Value::Rational(y, 1));
        if let Some(unit) = unit {
            page.set(296, Value::Short(vec![unit]));
        }
        let opened = Slide::from_bytes("a.tif".as_ref(), CLASSIC.write(&[page]), None);

        let found = opened.as_ref().ok().map(|slide| slide.mpp().um_per_px());
        match um {
            Some(um) => assert!((found.unwrap() - um).abs() < 1e-9, "{found:?} is not {um}"),
            None => assert!(matches!(opened, Err(OpenError::Resolution { .. })), "{opened:?}"),
        }
    }
}

/// What makes a page contradict itself.
enum Change {
    Set(u16, Value),
    Remove(u16),
}

#[test]
fn a_contradiction_is_refused_by_its_field() {
    use Change::{Remove, Set};
    let cases: [(&str, Change); 21] = [
        ("ImageWidth × ImageLength is 0 × 17", Set(256, Value::Long(vec![0]))),
        ("ImageWidth is missing", Remove(256)),
        ("ImageWidth has a type", Set(256, Value::Rational(23, 1))),
        ("ImageWidth has no value", Set(256, Value::Long(vec![]))),
        ("a tile or strip has 0 × 16 px", Set(322, Value::Long(vec![0]))),
        ("PhotometricInterpretation is missing", Remove(262)),
        ("PhotometricInterpretation is 5 (CMYK)", Set(262, Value::Short(vec![5]))),
        ("PhotometricInterpretation is 6", Set(262, Value::Short(vec![6]))),
        ("ColorMap is missing", Set(262, Value::Short(vec![3]))),
        ("SamplesPerPixel is 0", Set(277, Value::Short(vec![0]))),
        ("SamplesPerPixel is 2, too few", Set(277, Value::Short(vec![2]))),
        ("SamplesPerPixel is 4000", Set(277, Value::Short(vec![4000]))),
        ("BitsPerSample is [8, 8, 16]", Set(258, Value::Short(vec![8, 8, 16]))),
        ("BitsPerSample is 1", Set(258, Value::Short(vec![1]))),
        ("SampleFormat is 3", Set(339, Value::Short(vec![3]))),
        ("Compression is 50001 (WebP)", Set(259, Value::Long(vec![50001]))),
        ("Predictor is 3", Set(317, Value::Short(vec![3]))),
        ("PlanarConfiguration is 9", Set(284, Value::Short(vec![9]))),
        ("Orientation is 9", Set(274, Value::Short(vec![9]))),
        ("TileOffsets has 1 values, and the page 4", Set(324, Value::Long(vec![8]))),
        ("reaches over the end of the file", Set(324, Value::Long(vec![9999; 4]))),
    ];
    for (reason, change) in cases {
        let mut page = tiles([16, 16], 3);
        match change {
            Set(tag, value) => drop(page.fields.insert(tag, value)),
            Remove(tag) => drop(page.fields.remove(&tag)),
        }

        let error = open(CLASSIC.write(&[page])).unwrap_err().to_string();

        assert!(error.starts_with("a.tif: ") && error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_chain_of_directories_that_loops_is_refused() {
    let mut bytes = CLASSIC.write(&[tiles([16, 16], 3)]);
    let first = bytes[4..8].to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&first);

    let error = open(bytes).unwrap_err().to_string();

    assert!(error.contains("the chain of directories loops"), "{error}");

    let mut page = tiles([16, 16], 3);
    page.set(330, Value::Long(vec![0]));
    let mut bytes = CLASSIC.write(&[page]);
    let first = bytes[4..8].to_vec();
    let field = [0x4a, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let at = bytes.windows(12).position(|window| window == field).unwrap();
    bytes[at + 8..at + 12].copy_from_slice(&first);

    let error = open(bytes).unwrap_err().to_string();

    assert!(error.contains("the chain of directories loops"), "{error}");
}

#[test]
fn a_tiff_of_a_scanner_that_is_not_read_is_refused_by_its_name() {
    let mut ndpi = tiles([16, 16], 3);
    ndpi.set(65420, Value::Long(vec![1]));
    let mut scn = tiles([16, 16], 3);
    let text = "<scn xmlns=\"http://www.leica-microsystems.com/scn/2010/10/01\">";
    scn.set(270, Value::Text(text.into()));
    for (page, format) in [(ndpi, "Hamamatsu NDPI"), (scn, "Leica SCN")] {
        let error = open(CLASSIC.write(&[page])).unwrap_err().to_string();

        let refusal = format!("{format} is recognised and not read; export it as SVS, OME-TIFF");
        assert!(error.contains(&refusal), "{error}");
    }
}

#[test]
fn channels_in_pages_of_their_own_are_refused() {
    let mut page = tiles([16, 16], 1);
    let xml = "<OME><Image><Pixels SizeC=\"3\"/></Image></OME>";
    page.set(270, Value::Text(xml.into()));

    let error = open(CLASSIC.write(&[page])).unwrap_err().to_string();

    assert!(error.contains("the OME-XML announces 3 channels, and a page has 1"), "{error}");
}

#[test]
fn a_strip_that_cannot_be_held_is_refused_with_a_way_out() {
    let mut page = Page::stripped([100_000, 100_000], 100_000, 3).with_segments(vec![vec![0; 9]]);
    page.set(259, Value::Short(vec![5]));

    let error = open(CLASSIC.write(&[page])).unwrap_err();

    assert!(matches!(error, OpenError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("convert it to a tiled TIFF"), "{error}");
}

#[test]
fn a_damaged_tile_is_refused_when_it_is_read_and_the_others_are_not() {
    let mut page = tiles([16, 16], 3);
    page.segments[3].truncate(100);
    let slide = open(CLASSIC.write(&[page])).unwrap();

    let error = slide.read(20, 16, Size::new(1, 1)).unwrap_err();

    assert_eq!(error.to_string(), "a.tif: tile 3 of level 0 cannot be read");
    let causes: Vec<_> = std::iter::successors(std::error::Error::source(&error), |e| e.source())
        .map(ToString::to_string)
        .collect();
    assert_eq!(causes[1], "the uncompressed data end after 100 of 768 bytes");
    assert!(slide.read(0, 0, Size::new(16, 16)).is_ok());
}

#[test]
fn any_number_of_threads_read_the_same_pixels() {
    let slide = open(CLASSIC.write(&[tiles([5, 3], 3)])).unwrap();
    let whole = expected();

    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (slide, whole) = (&slide, &whole);
            scope.spawn(move || {
                for at in 0..500 {
                    let (x, y) = ((at * 7 + thread) % WIDTH, (at * 5 + thread) % HEIGHT);
                    let pixel = slide.read(x, y, Size::new(1, 1)).unwrap();
                    assert_eq!(pixel.pixel(0, 0), whole.pixel(x, y));
                }
            });
        }
    });
}

fn open(bytes: Vec<u8>) -> Result<Slide, OpenError> {
    Slide::from_bytes("a.tif".as_ref(), bytes, Some(quarter()))
}

fn quarter() -> Mpp {
    Mpp::new(0.25).expect("0.25 µm/px is believable")
}

/// The colour at column `x`, row `y` of every image here.
fn sample(x: usize, y: usize) -> [u8; 3] {
    [(x * 11 % 256) as u8, (y * 13 % 256) as u8, ((x + 3) * (y + 5) % 256) as u8]
}

fn expected() -> RgbImage {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| sample(x, y)));
    RgbImage::new(Size::new(WIDTH, HEIGHT), pixels.collect()).expect("a colour for each pixel")
}

/// The top-left corners of the tiles, row by row.
fn corners([width, height]: [u32; 2]) -> Vec<(usize, usize)> {
    let (width, height) = (width as usize, height as usize);
    let rows = (0..HEIGHT).step_by(height);
    rows.flat_map(|y| (0..WIDTH).step_by(width).map(move |x| (x, y))).collect()
}

/// The samples of a tile at (`left`, `top`), padded beyond the edge.
fn block(
    left: usize,
    top: usize,
    [width, height]: [u32; 2],
    sample: impl Fn(usize, usize) -> Vec<u8>,
) -> Vec<u8> {
    let rows = top..top + height as usize;
    rows.flat_map(|y| (left..left + width as usize).flat_map(|x| sample(x, y)).collect::<Vec<_>>())
        .collect()
}

fn tiles(tile: [u32; 2], samples: u16) -> Page {
    let pixel = |x, y| {
        let mut values = sample(x, y).to_vec();
        values.resize(usize::from(samples), 77);
        values
    };
    let blocks = corners(tile).into_iter().map(|(x, y)| block(x, y, tile, pixel)).collect();
    Page::tiled([WIDTH as u32, HEIGHT as u32], tile, samples).with_segments(blocks)
}

fn strips(rows: u32) -> Page {
    let pixels = expected().into_pixels();
    let strips = pixels.chunks(3 * WIDTH * rows as usize).map(<[u8]>::to_vec).collect();
    Page::stripped([WIDTH as u32, HEIGHT as u32], rows, 3).with_segments(strips)
}
