//! Slides that come as tiles.

use crate::appliance::{Appliance, assert_same_figures, assert_same_file, melanoma, said};

#[test]
fn tiles_through_the_socket_come_to_what_analyze_says_of_the_whole_image() {
    let mut appliance = Appliance::new();
    let (expected, analyzed) = appliance.analyze(&melanoma(), &[]);
    appliance.start();

    let output = appliance.scanner(&melanoma(), &["--tile", "256"]).output().unwrap();

    assert!(output.status.success(), "{}", said(&output));
    let results = appliance.wait_for_results(1);
    let result = &results[0];
    assert_same_figures(&result.report, &expected);
    let labels = "nuclei-labels.tif";
    let folder = appliance.result_folder(result);
    assert_same_file(&folder.join(labels), &analyzed.join(labels));
    assert_eq!(result.scan.tiles, 16);
    assert_eq!(result.scan.missing_mm2.to_bits(), 0.0_f64.to_bits());
    let of_tiles: u64 = result.tiles.iter().flat_map(|tile| &tile.nuclei).sum();
    let of_slide: u64 = result.report.nuclei.iter().map(|class| class.count).sum();
    assert_eq!(of_tiles, of_slide, "each nucleus lies in one tile");
}

#[test]
fn a_scanner_that_comes_back_sends_only_what_the_box_has_not() {
    let mut appliance = Appliance::new();
    appliance.start();
    let first = appliance.scanner(&melanoma(), &["--tile", "512"]).output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
    appliance.wait_for_results(1);

    let again = appliance.scanner(&melanoma(), &["--tile", "512"]).output().unwrap();

    assert!(again.status.success(), "{}", said(&again));
    assert!(said(&again).contains("the box has 4 tiles"), "{}", said(&again));
    appliance.wait_for_results(1);
}
