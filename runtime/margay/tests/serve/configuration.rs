//! The configuration as an operator meets it.

use std::process::Command;

use contract::exit;

use crate::appliance::{Appliance, said, write};

#[test]
fn check_names_every_fault_and_starts_nothing() {
    let appliance = Appliance::new();
    let path = appliance.path("margay.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let broken = text.replace("\"lab\"", "\"a/b\"").replace("poll_s = 0.1", "poll_s = 0");
    write(&path, broken.as_bytes());

    let output = check(&appliance);

    assert_eq!(output.status.code(), Some(i32::from(exit::CONFIGURATION)));
    let said = said(&output);
    assert!(said.contains("[device] site") && said.contains("poll_s"), "{said}");
    assert!(!appliance.path("state").exists());
}

#[test]
fn check_says_that_a_sound_file_is_sound() {
    let appliance = Appliance::new();

    let output = check(&appliance);

    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("is sound"), "{}", said(&output));
}

fn check(appliance: &Appliance) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_margay"))
        .args(["serve", "--check", "--config"])
        .arg(appliance.path("margay.toml"))
        .output()
        .unwrap()
}
