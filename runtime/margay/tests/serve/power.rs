//! A box that loses its power at any moment, and a scanner that comes back.

use std::time::Duration;

use crate::appliance::{Appliance, assert_same_figures, melanoma, said};

/// Lives of the box before it may run to the end.
const LIVES: u64 = 8;

#[test]
fn a_box_that_is_killed_at_any_moment_has_every_tile_in_one_result() {
    let mut appliance = Appliance::new();
    let (expected, _) = appliance.analyze(&melanoma(), &[]);
    let seed = std::env::var("MARGAY_SEED").ok().map_or_else(
        || u64::from(std::process::id()),
        |text| text.parse().expect("MARGAY_SEED is a number"),
    );
    println!("seed {seed}");

    appliance.start();
    let scanner =
        appliance.scanner(&melanoma(), &["--tile", "128", "--rate", "40"]).spawn().unwrap();
    let mut random = seed;
    for _ in 0..LIVES {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(30 + (random >> 33) % 400));
        appliance.kill();
        appliance.start();
    }

    let output = scanner.wait_with_output().unwrap();
    assert!(output.status.success(), "seed {seed}: {}", said(&output));
    let results = appliance.wait_for_results(1);
    assert_eq!(results[0].scan.tiles, 64, "seed {seed}");
    assert_same_figures(&results[0].report, &expected);
    appliance.kill();
    appliance.start();
    assert_eq!(appliance.stop(), 0);
    assert_eq!(appliance.journal().len(), 1, "seed {seed}: a result was given twice");
}
