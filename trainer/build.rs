//! Tells the program what it was built from, for a run's `versions.json`: the compiler, the target,
//! and the versions of the crates that compute.

use std::process::Command;

/// The lock file of the workspace.
const LOCK: &str = "../Cargo.lock";

fn main() {
    say("RUSTC", &compiler().unwrap_or_else(|| "unknown".to_owned()));
    say("TARGET", &std::env::var("TARGET").expect("cargo tells a build script its target"));
    let lock = std::fs::read_to_string(LOCK).expect("cargo has written the workspace's lock file");
    for package in ["burn", "tch", "rten"] {
        let version = locked(&lock, package).expect("the manifests ask for this package");
        say(&package.to_uppercase(), version);
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={LOCK}");
}

fn say(name: &str, value: &str) {
    println!("cargo::rustc-env=MARGAY_{name}={value}");
}

fn compiler() -> Option<String> {
    let rustc = std::env::var("RUSTC").ok()?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The version of `package` in the lock file's text.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, after) = lock.split_once(&entry)?;
    Some(after.split_once('"')?.0)
}
