//! How the box ends, and that there is one.

use std::process::Command;

use contract::exit;

use crate::appliance::{Appliance, melanoma, said};

#[test]
fn a_stop_in_the_middle_of_a_slide_is_clean_and_the_next_life_goes_on() {
    let mut appliance = Appliance::new();
    appliance.start();
    let scanner =
        appliance.scanner(&melanoma(), &["--tile", "128", "--rate", "60"]).spawn().unwrap();
    appliance.wait_for("first tile", |this| this.path("state/work.db").exists().then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(400));

    assert_eq!(appliance.stop(), 0, "{}", appliance.log());
    appliance.start();

    let output = scanner.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let results = appliance.wait_for_results(1);
    assert_eq!(results[0].scan.tiles, 64);
}

#[test]
fn a_second_box_on_the_same_state_is_refused() {
    let mut appliance = Appliance::new();
    appliance.start();
    appliance.wait_for("word that it is up", |this| this.log().contains("is up").then_some(()));

    let second = Command::new(env!("CARGO_BIN_EXE_margay"))
        .args(["serve", "--config"])
        .arg(appliance.path("margay.toml"))
        .output()
        .unwrap();

    assert_eq!(second.status.code(), Some(i32::from(exit::INTERNAL)));
    assert!(said(&second).contains("another margay serves from"), "{}", said(&second));
}
