//! Promise: a plan of tissue leads from dots to a package of a tissue network, by the same way as
//! one of nuclei.

#![expect(clippy::disallowed_methods, reason = "a test's files need not outlive a power cut")]

#[path = "support/program.rs"]
mod program;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use contract::{Figure, Kind, LabelQuality, exit};
use tempfile::TempDir;

use program::trainer;

const PLAN: &str = include_str!("support/tiny_tissue.toml");

/// Runs `command` on `what`, which becomes `out`.
fn run(command: &str, what: &Path, out: &Path) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/tests/data");
    let [data_flag, out_flag] = ["--data", "--out"].map(OsStr::new);
    let ended = trainer([
        command.as_ref(),
        what.as_ref(),
        data_flag,
        data.as_ref(),
        out_flag,
        out.as_ref(),
    ]);
    assert_eq!(ended.code, exit::DONE, "{}", ended.errors);
}

#[test]
fn a_training_an_evaluation_and_an_export_give_a_package_of_tissue() {
    let desk = TempDir::new().unwrap();
    let [plan, folder, package] =
        ["plan.toml", "run", "package"].map(|name| desk.path().join(name));
    fs::write(&plan, PLAN).unwrap();

    run("fit", &plan, &folder);
    run("export", &folder, &package);

    let progress = fs::read_to_string(folder.join("progress.csv")).unwrap();
    for line in ["1,3,loss_class,", "1,6,loss_class,", "1,6,validation_class,"] {
        assert_eq!(progress.matches(&format!("\n{line}")).count(), 1, "{line} in {progress}");
    }
    assert!(!progress.contains("loss_np"), "{progress}");
    let figures: Vec<Figure> =
        serde_json::from_slice(&fs::read(folder.join("figures.json")).unwrap()).unwrap();
    assert!(figures.iter().all(|figure| figure.data == "brca, validation, weak labels"));
    assert!(figures.iter().any(|figure| figure.measure == "pixel accuracy"), "{figures:?}");

    let loaded = engine::package::load(&package).unwrap();
    let card = loaded.card();
    assert_eq!((card.kind, card.labels), (Kind::Tissue, LabelQuality::Weak));
    assert_eq!(card.evaluation, figures);
    assert_eq!(card.training_data[0].images, 1);
    // What the tile is filled up with to a multiple is not counted.
    assert_eq!(card.golden[0].counts.iter().sum::<u64>(), 42 * 42);
}
