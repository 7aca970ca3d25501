use contract::{Point, Role};

use super::*;
use crate::samples::report;

const RED: [u8; 3] = [200, 0, 0];
const GREY: [u8; 3] = [180, 170, 180];

fn classes() -> Vec<Class> {
    vec![Class { name: "tumour".into(), role: Role::Tumour, colour: RED }]
}

fn overlay(size: Size) -> Overlay {
    let image = RgbImage::filled(size, GREY);
    Overlay::new(
        &image,
        Size::new(2 * size.width, 2 * size.height),
        Mpp::new(0.25).unwrap(),
        &classes(),
    )
    .unwrap()
}

fn square((left, top): (f32, f32), edge: f32) -> Nucleus {
    let corners = [(left, top), (left + edge, top), (left + edge, top + edge), (left, top + edge)];
    Nucleus {
        id: 1,
        class: 0,
        probability: 1.0,
        centroid: Point { x: left, y: top },
        area_um2: 1.0,
        polygon: corners.map(|(x, y)| Point { x, y }).into(),
    }
}

#[test]
fn an_outline_lies_where_the_nucleus_is_and_leaves_its_inside_alone() {
    let mut overlay = overlay(Size::new(1000, 800));

    overlay.push(&square((401.0, 201.0), 80.0)).unwrap();

    // Level 0 is twice as large: the upper edge runs through the middle of row 100.
    let image = overlay.frame.canvas.into_image();
    let [red, green, _] = image.pixel(220, 100);
    assert!(red > 190 && green < 20, "{:?}", image.pixel(220, 100));
    assert_eq!(image.pixel(220, 120), GREY);
    assert_eq!(image.pixel(190, 100), GREY);
}

#[test]
fn a_nucleus_of_a_pixel_is_a_dot() {
    let mut overlay = overlay(Size::new(1000, 800));

    overlay.push(&square((400.0, 200.0), 2.0)).unwrap();

    let image = overlay.frame.canvas.into_image();
    assert!(image.pixel(200, 100)[1] < 120, "{:?}", image.pixel(200, 100));
    assert_eq!(image.pixel(203, 100), GREY);
}

#[test]
fn nuclei_over_the_border_are_cut_off() {
    let mut overlay = overlay(Size::new(1000, 800));

    overlay.push(&square((-20.0, -20.0), 60.0)).unwrap();
    overlay.push(&square((1990.0, 1590.0), 60.0)).unwrap();
    overlay.push(&square((5000.0, 9000.0), 60.0)).unwrap();

    let image = overlay.frame.canvas.into_image();
    assert_ne!(image.pixel(5, 20), GREY);
    assert_eq!(image.pixel(500, 400), GREY);
}

#[test]
fn the_legend_stands_beside_the_whole_image() {
    let picture = overlay(Size::new(1000, 800)).finish(&report());

    assert_eq!((picture.width(), picture.height()), (1520, 800));
    assert_eq!(picture.pixel(500, 400), GREY);
    let dark = |x: usize, y: usize| picture.pixel(x, y).iter().all(|&value| value < 90);
    let ink = (1000..1520).flat_map(|x| (0..800).map(move |y| (x, y))).filter(|&(x, y)| dark(x, y));
    assert!(ink.count() > 1000, "the legend is written");
    assert!(dark(100, 770), "the scale bar is drawn");
}

#[test]
fn a_small_image_is_enlarged_and_a_flat_one_leaves_room_for_the_legend() {
    let small = overlay(Size::new(100, 50)).finish(&report());
    let flat = overlay(Size::new(2000, 40)).finish(&report());

    assert_eq!(small.width(), 800 + 520);
    assert!(flat.height() > 300);
}

#[test]
fn tissue_is_tinted_and_glass_is_not() {
    let mut overlay = overlay(Size::new(1000, 800));
    let map = TissueMap {
        size: Size::new(2, 1),
        mpp: Mpp::new(2.0).unwrap(),
        px_per_cell: 1000.0,
        classes: vec![0, 1],
    };
    let glass = Class { name: "glass".into(), role: Role::Background, colour: [0; 3] };

    overlay.tint(&map, &[classes().remove(0), glass]);

    let image = overlay.frame.canvas.into_image();
    assert_eq!(image.pixel(100, 100), [182, 153, 162]);
    assert_eq!(image.pixel(700, 100), GREY);
}

#[test]
fn an_image_of_another_shape_is_refused() {
    let image = RgbImage::filled(Size::new(100, 80), GREY);
    let refused = |level0| Overlay::new(&image, level0, Mpp::new(0.25).unwrap(), &[]).map(|_| ());

    assert!(refused(Size::new(2000, 1600)).is_ok());
    assert_eq!(
        refused(Size::new(2000, 1700)).unwrap_err().to_string(),
        "an image of 100 × 80 px cannot stand for one of 2000 × 1700 px"
    );
    assert!(refused(Size::new(0, 0)).is_err());
}

#[test]
fn a_tall_image_whose_width_was_rounded_has_its_nuclei_in_place() {
    // 100.3 columns were rounded up to 101: a scale taken from them would be off by 14 rows below.
    let image = RgbImage::filled(Size::new(101, 2000), GREY);
    let level0 = Size::new(1003, 20_000);
    let mut overlay = Overlay::new(&image, level0, Mpp::new(0.25).unwrap(), &classes()).unwrap();

    overlay.push(&square((405.0, 19_005.0), 800.0)).unwrap();

    let picture = overlay.frame.canvas.into_image();
    assert!(picture.pixel(60, 1900)[1] < 20, "{:?}", picture.pixel(60, 1900));
}

#[test]
fn a_png_reads_back_as_it_was_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overlay.png");
    let picture = overlay(Size::new(1000, 800)).finish(&report());

    write_png(&path, &picture).unwrap();

    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert!(pixels == picture.pixels());
}
