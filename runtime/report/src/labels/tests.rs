use std::fs::File;

use contract::Role;
use proptest::prelude::*;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::*;

fn mpp() -> Mpp {
    Mpp::new(0.2263).unwrap()
}

fn square(id: u32, (x, y): (f32, f32), edge: f32) -> Nucleus {
    let corners = [(x, y), (x + edge, y), (x + edge, y + edge), (x, y + edge)];
    Nucleus {
        id,
        class: 0,
        probability: 1.0,
        centroid: Point { x: x + edge / 2.0, y: y + edge / 2.0 },
        area_um2: 1.0,
        polygon: corners.map(|(x, y)| Point { x, y }).into(),
    }
}

/// Reads all pixels through the tiles, as 32-bit labels.
fn read(path: &Path) -> (Size, Vec<u32>) {
    let mut decoder = Decoder::new(File::open(path).unwrap()).unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let image = decoder.read_image().unwrap();
    let labels = if let DecodingResult::U32(labels) = image {
        labels
    } else {
        let DecodingResult::U8(labels) = image else { panic!("neither 32 nor 8 bits") };
        labels.into_iter().map(u32::from).collect()
    };
    (Size::new(width as usize, height as usize), labels)
}

#[test]
fn nuclei_over_the_edges_of_tiles_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei-labels.tif");
    let size = Size::new(1200, 1100);
    let nuclei = [
        square(1, (500.0, 10.0), 30.0),
        square(2, (505.0, 500.0), 20.0),
        square(3, (1190.0, 1020.0), 40.0),
        square(4, (-5.0, 700.0), 10.0),
    ];

    let mut labels = NucleiLabels::create(&path, size, mpp(), 100).unwrap();
    for nucleus in &nuclei {
        labels.rows_done(nucleus.centroid.y - 50.0).unwrap();
        labels.push(nucleus).unwrap();
    }
    labels.finish().unwrap();

    let (read_size, pixels) = read(&path);
    assert_eq!(read_size, size);
    let areas = [30 * 30, 20 * 20, 10 * 40, 5 * 10];
    for (id, area) in (1..).zip(areas) {
        assert_eq!(pixels.iter().filter(|&&label| label == id).count(), area, "nucleus {id}");
    }
    assert_eq!(pixels[10 * 1200 + 500], 1);
    assert_eq!(pixels[519 * 1200 + 524], 2);
    assert_eq!(pixels[520 * 1200 + 524], 0);
}

#[test]
fn rows_are_written_as_soon_as_they_are_done_and_outlines_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei-labels.tif");
    let mut labels = NucleiLabels::create(&path, Size::new(600, 5000), mpp(), 64).unwrap();

    for row in 0..40 {
        let y = row as f32 * 120.0;
        labels.rows_done(y).unwrap();
        labels.push(&square(row + 1, (10.0, y - 50.0), 100.0)).unwrap();
        assert!(labels.pending.len() <= 8, "{} outlines are kept", labels.pending.len());
    }
    // The last row of windows began at 4,680; nuclei may reach 64 px above it.
    assert_eq!(labels.written, 4608);
    labels.finish().unwrap();
}

#[test]
fn a_nucleus_above_what_is_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei-labels.tif");
    let mut labels = NucleiLabels::create(&path, Size::new(600, 2000), mpp(), 10).unwrap();

    labels.rows_done(600.0).unwrap();
    let refused = labels.push(&square(9, (0.0, 500.0), 300.0));

    assert_eq!(
        refused.unwrap_err().to_string(),
        "nucleus 9 reaches up to row 500, but the labels are written down to row 512: \
         it is larger than the reach of 10 px that was stated"
    );
}

#[test]
fn a_pixel_of_two_outlines_goes_to_the_smaller_id_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let images = [[1, 2], [2, 1]].map(|order| {
        let path = folder.path().join(format!("{order:?}.tif"));
        let mut labels = NucleiLabels::create(&path, Size::new(20, 20), mpp(), 10).unwrap();
        for id in order {
            labels.push(&square(id, (id as f32 * 3.0, 2.0), 5.0)).unwrap();
        }
        labels.finish().unwrap();
        read(&path).1
    });

    assert_eq!(images[0], images[1]);
    assert_eq!(images[0].iter().filter(|&&label| label == 1).count(), 25);
    assert_eq!(images[0].iter().filter(|&&label| label == 2).count(), 15);
}

#[test]
fn the_tags_state_the_resolution_per_centimetre() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei-labels.tif");
    NucleiLabels::create(&path, Size::new(3, 2), mpp(), 0).unwrap().finish().unwrap();

    let mut decoder = Decoder::new(File::open(&path).unwrap()).unwrap();

    assert_eq!(decoder.get_tag_u32(Tag::ResolutionUnit).unwrap(), 3);
    let resolution = decoder.get_tag_u32_vec(Tag::XResolution).unwrap();
    let um_per_px = 10_000.0 * f64::from(resolution[1]) / f64::from(resolution[0]);
    assert!((um_per_px - 0.2263).abs() < 1e-9, "{um_per_px}");
}

#[test]
fn tissue_labels_are_the_cells_of_the_map() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tissue-labels.tif");
    let size = Size::new(700, 3);
    let classes = (0..size.pixels()).map(|at| [0, 1, UNLABELLED][at % 3]).collect();
    let map = TissueMap { size, mpp: Mpp::new(2.0).unwrap(), px_per_cell: 8.0, classes };
    let class = |name: &str| Class { name: name.into(), role: Role::Other, colour: [0; 3] };

    write_tissue(&path, &map, &[class("stroma"), class("tumour")]).unwrap();

    let (read_size, pixels) = read(&path);
    assert_eq!(read_size, size);
    assert!(pixels.iter().zip(&map.classes).all(|(&read, &class)| read == u32::from(class)));
    let mut decoder = Decoder::new(File::open(&path).unwrap()).unwrap();
    assert_eq!(
        decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap(),
        "tissue: 0 stroma, 1 tumour, 255 not looked at"
    );
}

#[test]
fn a_slide_is_a_bigtiff_of_empty_tiles_that_share_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei-labels.tif");
    let size = Size::new(60_000, 20_000);
    let mut labels = NucleiLabels::create(&path, size, mpp(), 64).unwrap();
    labels.push(&square(77, (59_990.0, 19_990.0), 5.0)).unwrap();

    labels.finish().unwrap();

    assert!(path.metadata().unwrap().len() < 200_000);
    assert_eq!(&std::fs::read(&path).unwrap()[..4], b"II\x2b\0");
    let limits = tiff::decoder::Limits::default();
    let mut decoder = Decoder::new(File::open(&path).unwrap()).unwrap().with_limits(limits);
    assert_eq!(decoder.dimensions().unwrap(), (60_000, 20_000));
    let last = decoder.tile_count().unwrap() - 1;
    let DecodingResult::U32(tile) = decoder.read_chunk(last).unwrap() else { panic!("32 bits") };
    assert_eq!(tile.iter().filter(|&&label| label == 77).count(), 25);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn labels_do_not_depend_on_when_rows_were_done(
        squares in proptest::collection::vec((0f32..700.0, 0f32..1500.0, 1f32..60.0), 1..30),
    ) {
        let mut nuclei: Vec<Nucleus> =
            (1..).zip(squares).map(|(id, (x, y, edge))| square(id, (x, y), edge)).collect();
        nuclei.sort_by(|a, b| a.centroid.y.total_cmp(&b.centroid.y));
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, early: bool| {
            let path = folder.path().join(name);
            let mut labels =
                NucleiLabels::create(&path, Size::new(700, 1500), mpp(), 60).unwrap();
            for nucleus in &nuclei {
                if early {
                    labels.rows_done(nucleus.centroid.y).unwrap();
                }
                labels.push(nucleus).unwrap();
            }
            labels.finish().unwrap();
            std::fs::read(&path).unwrap()
        };

        prop_assert!(write("early.tif", true) == write("late.tif", false));
    }
}
