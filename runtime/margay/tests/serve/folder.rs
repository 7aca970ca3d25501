//! Slides that come as files.

use std::fs;

use crate::appliance::{Appliance, assert_same_figures, assert_same_file, melanoma, write};

#[test]
fn a_slide_in_a_watched_folder_gets_files_and_a_line_in_the_journal() {
    let mut appliance = Appliance::new();
    let (expected, analyzed) = appliance.analyze(&melanoma(), &[]);
    appliance.start();
    fs::copy(melanoma(), appliance.path("in/slide.tif")).unwrap();

    let results = appliance.wait_for_results(1);

    assert_same_figures(&results[0].report, &expected);
    let folder = appliance.result_folder(&results[0]);
    for file in ["nuclei-labels.tif", "tissue-labels.tif"] {
        assert_same_file(&folder.join(file), &analyzed.join(file));
    }
    assert!(appliance.path("in/slide.tif").exists(), "the scanner's file was touched");
    assert_eq!(appliance.stop(), 0);
}

#[test]
fn the_same_slide_twice_is_one_result_also_after_a_restart() {
    let mut appliance = Appliance::new();
    appliance.start();
    fs::copy(melanoma(), appliance.path("in/slide.tif")).unwrap();
    appliance.wait_for_results(1);

    fs::copy(melanoma(), appliance.path("in/again.tif")).unwrap();
    appliance.stop();
    appliance.start();
    let other = other_image(&appliance);
    fs::copy(other, appliance.path("in/other.png")).unwrap();

    // The other slide is taken after those that are there already.
    let results = appliance.wait_for_results(2);
    assert_ne!(results[0].slide, results[1].slide);
}

#[test]
fn a_damaged_file_is_refused_with_its_reason_and_the_others_go_on() {
    let mut appliance = Appliance::new();
    let whole = fs::read(melanoma()).unwrap();
    write(&appliance.path("in/a-cut.tif"), &whole[..whole.len() / 2]);
    fs::copy(melanoma(), appliance.path("in/b-sound.tif")).unwrap();

    appliance.start();

    appliance.wait_for_results(1);
    let note = appliance.wait_for("note on the refused file", |this| {
        let folders = fs::read_dir(this.path("results")).ok()?;
        folders
            .flatten()
            .find_map(|entry| fs::read_to_string(entry.path().join("refused.txt")).ok())
    });
    assert!(note.contains("a-cut.tif"), "{note}");
    assert!(appliance.log().contains("A file is not taken"), "{}", appliance.log());
}

/// A smaller image with a resolution of its own: the ROI's first rows, which is another slide.
fn other_image(appliance: &Appliance) -> std::path::PathBuf {
    let path = appliance.path("other.png");
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 300, 200);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: 4_000_000,
        yppu: 4_000_000,
        unit: png::Unit::Meter,
    }));
    let pixels: Vec<u8> = (0..300 * 200 * 3).map(|i| (i % 251) as u8).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    write(&path, &bytes);
    path
}
