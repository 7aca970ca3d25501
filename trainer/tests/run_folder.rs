//! Promise: one plan leads from images to a package that the runtime's engine serves, and its run
//! folder says how.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::disallowed_methods, reason = "a test's files need not outlive a power cut")]

#[path = "support/plan.rs"]
mod plan;
#[path = "support/program.rs"]
mod program;

use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use contract::{Digest, Figure, exit};
use serde_json::Value;
use tempfile::TempDir;

use plan::{PLAN, data_root};
use program::trainer;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn fit(desk: &Path) {
    let (plan, data, out) = (desk.join("plan.toml"), data_root(), desk.join("run"));
    fs::write(&plan, PLAN).unwrap();
    let data = [OsStr::new("--data"), data.as_ref()];
    let out = [OsStr::new("--out"), out.as_ref()];
    let ended = trainer(["fit".as_ref(), plan.as_ref(), data[0], data[1], out[0], out[1]]);
    assert_eq!(ended.code, exit::DONE, "{}", ended.errors);
    assert!(ended.errors.contains("dots got an outline"), "{}", ended.errors);
}

fn assert_folder_tells_all(run: &Path) {
    assert_eq!(fs::read_to_string(run.join("plan.toml")).unwrap(), PLAN);

    let versions = json(&run.join("versions.json"));
    assert_eq!(versions["plan_sha256"], Digest::of(PLAN.as_bytes()).to_string());
    assert_eq!(versions["seed"], 7);
    assert_eq!(versions["burn"], "0.22.1");
    for name in ["margay_trainer", "rten", "rustc", "target"] {
        let version = versions[name].as_str().unwrap();
        assert!(version.len() > 2 && version != "unknown", "{name} {version}");
    }

    let fingerprint = json(&run.join("fingerprint.json"));
    assert_eq!(fingerprint["sources"].as_array().unwrap().len(), 3);

    let progress = fs::read_to_string(run.join("progress.csv")).unwrap();
    for line in ["1,3,loss_np,", "1,6,validation_class,", "2,6,loss_class,", "2,6,crops_per_s,"] {
        assert_eq!(progress.matches(&format!("\n{line}")).count(), 1, "{line} in {progress}");
    }

    let log = fs::read_to_string(run.join("log.txt")).unwrap();
    assert!(log.contains("stage 2 step 6/6 loss") && log.contains(" left"), "{log}");
    let picture = fs::read(run.join("curves.png")).unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    assert!(info.info().width > 1000 && info.info().height > 500);

    let figures: Vec<Figure> =
        serde_json::from_slice(&fs::read(run.join("figures.json")).unwrap()).unwrap();
    assert!(figures.iter().any(|figure| figure.data == "tnbc, validation"), "{figures:?}");
    assert!(figures.iter().any(|figure| figure.data == "puma, test"), "{figures:?}");
}

fn assert_package_serves(package: &Path) {
    let loaded = engine::package::load(package).unwrap();
    let card = loaded.card();
    assert_eq!(card.name, "tiny");
    assert!(!card.evaluation.is_empty());
    let learnt: Vec<&str> = card.training_data.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(learnt, ["brca", "tnbc"]);
    assert_eq!(card.golden.len(), 1);

    let threads = engine::Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };
    let engine = engine::Cpu::load(loaded.model_bytes(), card, threads).unwrap();
    let size = contract::Size::new(96, 64);
    let input = vec![0.25; 3 * size.pixels()];
    let network = engine::Network::new(
        card.clone(),
        Digest::of(loaded.model_bytes()),
        std::sync::Arc::new(engine),
    )
    .unwrap();
    let maps = network.run(engine::Batch::new(&input, 1, size).unwrap()).unwrap();
    assert_eq!(maps.np.unwrap().len(), size.pixels());
    assert_eq!(maps.dist.unwrap().len(), size.pixels());
    assert_eq!(maps.tp.unwrap().len(), 3 * size.pixels());
    assert!(maps.hv.is_none(), "the plan does not serve it");
}

#[test]
fn two_stages_an_evaluation_and_an_export_give_a_package_that_serves() {
    let desk = TempDir::new().unwrap();
    fit(desk.path());
    let (run, package) = (desk.path().join("run"), desk.path().join("package"));
    assert_folder_tells_all(&run);

    let data = data_root();
    let (data, out) =
        ([OsStr::new("--data"), data.as_ref()], [OsStr::new("--out"), package.as_ref()]);
    let ended = trainer(["export".as_ref(), run.as_ref(), data[0], data[1], out[0], out[1]]);
    assert_eq!(ended.code, exit::DONE, "{}", ended.errors);
    assert!(ended.errors.contains("agrees with the network"), "{}", ended.errors);
    assert_package_serves(&package);
}
