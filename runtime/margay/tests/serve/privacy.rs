//! The name of a slide may be a patient's.

use std::fs;

use crate::appliance::{Appliance, melanoma, said, write};

#[test]
fn no_name_of_a_slide_is_in_the_log_or_in_a_result() {
    let mut appliance = Appliance::new();
    let whole = fs::read(melanoma()).unwrap();
    write(&appliance.path("in/Jane Doe cut.tif"), &whole[..whole.len() / 2]);
    fs::copy(melanoma(), appliance.path("in/Jane Doe.tif")).unwrap();
    appliance.start();

    let output = appliance
        .scanner(&melanoma(), &["--tile", "512", "--slide", "Jane Doe 1961"])
        .output()
        .unwrap();

    assert!(output.status.success(), "{}", said(&output));
    appliance.wait_for_results(2);
    appliance.wait_for("word on the damaged file", |this| {
        this.log().contains("A file is not taken").then_some(())
    });
    assert_eq!(appliance.stop(), 0);
    let log = appliance.log();
    assert!(!log.contains("Jane") && !log.contains("Doe"), "{log}");
    let journal = fs::read_to_string(appliance.path("journal.jsonl")).unwrap();
    assert!(!journal.contains("Jane"), "{journal}");
}
