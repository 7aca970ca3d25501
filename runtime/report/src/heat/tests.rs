use contract::Mpp;

use super::*;
use crate::samples;

const TISSUE: [u8; 3] = [180, 90, 160];
/// The tissue once it is grey and pale.
const PALE: [u8; 3] = [196; 3];

/// 400 × 200 µm at 0.25 µm/px in cells of 100 µm: 4 × 2.
fn report(tils: [u32; 8], evaluated_mm2: [f32; 8]) -> TilReport {
    let mut report = samples::report();
    (report.image.width_px, report.image.height_px) = (1600, 800);
    report.image.mpp = Mpp::new(0.25).unwrap();
    report.density = Some(DensityGrid {
        cell_um: 100,
        columns: 4,
        rows: 2,
        tils: tils.into(),
        evaluated_mm2: evaluated_mm2.into(),
    });
    report
}

fn drawn(report: &TilReport) -> RgbImage {
    let image = RgbImage::filled(Size::new(800, 400), TISSUE);
    HeatMap::of(&image, report).unwrap().draw().unwrap()
}

#[test]
fn a_cell_has_the_colour_of_its_density_and_no_cell_runs_over_its_edge() {
    // 1,000 per mm² is the end of the scale, so that the others lie at its middle and its beginning.
    let picture = drawn(&report([10, 5, 0, 0, 0, 0, 0, 0], [0.01; 8]));

    let mixed = |part: f64| {
        let (colour, opacity) = (palette::colour(part), 0.32 + 0.42 * part as f32);
        std::array::from_fn(|at: usize| {
            f32::from(PALE[at]) + (f32::from(colour[at]) - f32::from(PALE[at])) * opacity
        })
    };
    let near = |(x, y): (usize, usize), part: f64| {
        let wanted: [f32; 3] = mixed(part);
        let off = picture.pixel(x, y).map(f32::from).into_iter().zip(wanted);
        assert!(off.into_iter().all(|(a, b)| (a - b).abs() < 1.5), "{:?}", picture.pixel(x, y));
    };
    near((0, 0), 1.0);
    near((199, 199), 1.0);
    near((200, 0), 0.5);
    near((399, 199), 0.5);
    near((400, 0), 0.0);
    near((0, 200), 0.0);
}

#[test]
fn a_cell_of_which_too_little_was_evaluated_has_no_colour() {
    let areas = [0.01, 0.0, 0.0009, 0.0011, 0.01, 0.01, 0.01, 0.01];
    let picture = drawn(&report([1, 0, 9, 0, 0, 0, 0, 0], areas));

    let at = |column: usize| picture.pixel(200 * column + 10, 10);
    assert_eq!((at(1), at(2)), (PALE, PALE));
    assert_ne!(at(0), PALE);
    assert_ne!(at(3), PALE);
    // Nor does it stretch the scale: one TIL in a whole cell is at its end.
    assert_eq!(at(0), drawn(&report([1, 0, 0, 0, 0, 0, 0, 0], [0.01; 8])).pixel(10, 10));
}

#[test]
fn a_number_stands_where_it_has_room() {
    let ink = |picture: &RgbImage, [left, top, width, height]: [usize; 4]| {
        let first = picture.pixel(left, top);
        let pixels = (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
        pixels.filter(|&(x, y)| picture.pixel(x, y) != first).count()
    };
    let roomy = drawn(&report([10, 0, 0, 0, 0, 0, 0, 0], [0.01; 8]));
    let mut narrow = report([10, 0, 0, 0, 0, 0, 0, 0], [0.01; 8]);
    (narrow.image.width_px, narrow.image.height_px) = (16_000, 8_000);
    let narrow = drawn(&narrow);

    assert!(ink(&roomy, [0, 0, 200, 200]) > 50);
    assert_eq!(ink(&narrow, [0, 0, 20, 20]), 0);
}

#[test]
fn scale_legend_and_warning_stand_beside_the_whole_image() {
    let picture = drawn(&report([10, 5, 0, 0, 0, 0, 0, 0], [0.01; 8]));

    assert_eq!(picture.width(), 800 + 520);
    assert!(picture.height() >= 400);
    let beside = || (0..picture.height()).flat_map(|y| (800..1320).map(move |x| (x, y)));
    let holds = |wanted: fn([u8; 3]) -> bool| {
        beside().filter(|&(x, y)| wanted(picture.pixel(x, y))).count()
    };
    assert!(holds(|[r, g, b]| r < 90 && g < 90 && b < 90) > 1000, "the legend is written");
    assert!(holds(|[r, g, b]| r > 150 && g < 60 && b < 90) > 100, "the warning is in its colour");
    let ramp: std::collections::BTreeSet<_> = beside().map(|(x, y)| picture.pixel(x, y)).collect();
    assert!(ramp.contains(&cells::on_tissue(0.5 / 512.0)), "the scale begins with no TIL");
}

#[test]
fn a_report_without_density_has_no_heat_map() {
    let image = RgbImage::filled(Size::new(800, 400), TISSUE);
    let mut report = report([0; 8], [0.01; 8]);
    report.density = None;

    assert!(HeatMap::of(&image, &report).is_none());
}

#[test]
fn an_image_of_glass_alone_is_drawn_without_a_cell() {
    let picture = drawn(&report([0; 8], [0.0; 8]));

    assert_eq!(picture.pixel(10, 10), PALE);
    assert_eq!(picture.pixel(790, 10), PALE);
}

#[test]
fn a_grid_that_contradicts_itself_and_an_image_of_another_shape_are_refused() {
    let refused = |size: Size, report: &TilReport| {
        let image = RgbImage::filled(size, TISSUE);
        HeatMap::of(&image, report).unwrap().draw().unwrap_err().to_string()
    };
    let mut short = report([0; 8], [0.01; 8]);
    short.density.as_mut().unwrap().tils.pop();

    assert_eq!(
        refused(Size::new(800, 400), &short),
        "the density grid of 4 × 2 cells of 100 µm has 7 counts and 8 areas"
    );
    assert_eq!(
        refused(Size::new(800, 500), &report([0; 8], [0.01; 8])),
        "an image of 800 × 500 px cannot stand for one of 1600 × 800 px"
    );
}

#[test]
fn the_file_is_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("til-density.png");
    let report = report([10, 5, 0, 0, 0, 0, 0, 3], [0.01; 8]);
    let image = RgbImage::filled(Size::new(800, 400), TISSUE);

    write_png(&path, &HeatMap::of(&image, &report).unwrap()).unwrap();

    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert!(pixels == drawn(&report).pixels());
}
