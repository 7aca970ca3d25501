//! Promise: whatever goes wrong is said at once, by name, and ends the program with its code.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::disallowed_methods, reason = "a test's files need not outlive a power cut")]

#[path = "support/edited.rs"]
mod edited;
#[path = "support/plan.rs"]
mod plan;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use contract::exit;
use margay_trainer::plan::Plan;
use tempfile::TempDir;

use edited::edited;
use plan::{PLAN, data_root};
use program::{Ended, trainer};

/// A folder with a plan in it, and room for a run.
struct Desk {
    folder: TempDir,
    data: PathBuf,
}

impl Desk {
    fn with(plan: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("plan.toml"), plan).unwrap();
        Self { folder, data: data_root() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn fit(&self) -> Ended {
        self.fit_into(&self.path("run"))
    }

    fn fit_into(&self, out: &Path) -> Ended {
        let plan = self.path("plan.toml");
        let data = ["--data".as_ref(), self.data.as_os_str()];
        trainer(["fit".as_ref(), plan.as_ref(), data[0], data[1], "--out".as_ref(), out.as_ref()])
    }

    fn resume(&self) -> Ended {
        let (plan, out) = (self.path("plan.toml"), self.path("run"));
        let data = ["--data".as_ref(), self.data.as_os_str()];
        let out = ["--out".as_ref(), out.as_ref(), "--resume".as_ref()];
        trainer(["fit".as_ref(), plan.as_ref(), data[0], data[1], out[0], out[1], out[2]])
    }

    /// The bundled data, to be damaged.
    fn own_data(&mut self) -> &Path {
        self.data = self.path("data");
        copy_folder(&data_root(), &self.data);
        &self.data
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

/// One stage of three steps: enough for everything that goes wrong on the way.
fn short() -> String {
    let (first, rest) = PLAN.split_once("[[stages]]\nsteps = 6\n\n").unwrap();
    let (_, rest) = rest.split_once("\n[compute]").unwrap();
    format!("{first}[[stages]]\nsteps = 3\n\n[compute]{rest}")
}

fn assert_refused(ended: &Ended, code: u8, words: &[&str]) {
    assert_eq!(ended.code, code, "{}", ended.errors);
    for word in words {
        assert!(ended.errors.contains(word), "{word} is not in: {}", ended.errors);
    }
}

#[test]
fn the_plans_of_the_tests_and_those_that_are_shipped_hold() {
    Plan::parse(PLAN).unwrap();
    Plan::parse(&short()).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let parsed = Plan::parse(&fs::read_to_string(&path).unwrap());
        assert!(parsed.is_ok(), "{}: {parsed:?}", path.display());
        read += 1;
    }
    assert!(read > 0);
}

#[test]
fn a_result_that_cannot_be_scored_is_named_with_its_fault() {
    let desk = Desk::with(PLAN);
    let (truth, result) = (desk.path("truth.json"), desk.path("result.json"));
    fs::write(&truth, r#"{"polygons": []}"#).unwrap();
    fs::write(&result, r#"{"polygons": [{"name": "a"}]}"#).unwrap();

    let ended = trainer(["score".as_ref(), truth.as_ref(), result.as_ref()]);

    let words = ["nothing was scored", "result.json", "missing field `path_points`"];
    assert_refused(&ended, exit::INPUT_REFUSED, &words);
    let same = trainer(["score".as_ref(), truth.as_ref(), truth.as_ref()]);
    assert_eq!(same.code, exit::DONE, "{}", same.errors);
}

#[test]
fn a_field_that_no_plan_has_is_refused() {
    for (old, new, field) in [
        ("seed = 7", "seed = 7\ncolour_blind = true", "colour_blind"),
        ("clip_norm = 5.0", "clip_norm = 5.0\nmomentum = 0.9", "momentum"),
        ("[4, 6, 8]", "[4, 6, 8], depth = 3", "depth"),
    ] {
        let ended = Desk::with(&edited(PLAN, old, new)).fit();

        assert_refused(&ended, exit::CONFIGURATION, &["cannot follow the plan", field]);
    }
}

#[test]
fn the_contradictions_of_a_plan_are_named_all_at_once() {
    let plan = edited(PLAN, "crop_px = 32", "crop_px = 30")
        .replace("class_weights = [1.2, 0.7, 1.1]", "class_weights = [1.2, 0.7]")
        .replace("class_levels = [1, 2]", "class_levels = [1, 3]")
        .replace("report_steps = 3", "report_steps = 0")
        .replace("precision = \"f32\"", "precision = \"bf16\"");

    let ended = Desk::with(&plan).fit();

    let words = [
        "batch.crop_px is 30",
        "loss.class_weights has 2 for 3 classes",
        "network.class_levels is [1, 3]",
        "watch.report_steps is 0",
        "compute.precision is bf16",
    ];
    assert_refused(&ended, exit::CONFIGURATION, &words);
}

#[cfg(not(feature = "libtorch"))]
#[test]
fn a_back_end_that_is_not_built_in_is_refused() {
    let desk = Desk::with(&edited(PLAN, "backend = \"flex\"", "backend = \"libtorch\""));

    assert_refused(&desk.fit(), exit::CONFIGURATION, &["Libtorch is not in this build"]);
    assert!(!desk.path("run").exists());
}

#[test]
fn a_broken_image_is_named_before_anything_is_learnt() {
    let mut desk = Desk::with(&short());
    let image = desk.own_data().join("tnbc/images/02_2.jpg");
    let bytes = fs::read(&image).unwrap();
    fs::write(&image, &bytes[..300]).unwrap();

    let ended = desk.fit();

    assert_refused(&ended, exit::INPUT_REFUSED, &["1 files", "tnbc/images/02_2.jpg"]);
    assert!(!desk.path("run/progress.csv").exists());
}

#[test]
fn a_folder_with_a_run_in_it_is_left_alone() {
    let desk = Desk::with(&short());
    fs::create_dir(desk.path("run")).unwrap();
    fs::write(desk.path("run/plan.toml"), "another plan").unwrap();

    let ended = desk.fit();

    assert_refused(&ended, exit::CONFIGURATION, &["holds a run already", "--resume"]);
    assert_eq!(fs::read_to_string(desk.path("run/plan.toml")).unwrap(), "another plan");
    assert_eq!(fs::read_dir(desk.path("run")).unwrap().count(), 1);
}

#[test]
fn a_run_is_resumed_with_its_own_plan_checkpoint_and_data_alone() {
    let mut desk = Desk::with(&short());
    desk.own_data();
    assert_eq!(desk.fit().code, exit::DONE);

    fs::write(desk.path("plan.toml"), short().replace("seed = 7", "seed = 8")).unwrap();
    assert_refused(&desk.resume(), exit::CONFIGURATION, &["begun with another plan"]);

    fs::copy(desk.path("plan.toml"), desk.path("run/plan.toml")).unwrap();
    assert_refused(&desk.resume(), exit::CONFIGURATION, &["checkpoint is of another plan"]);

    fs::write(desk.path("plan.toml"), short()).unwrap();
    fs::write(desk.path("run/plan.toml"), short()).unwrap();
    assert_eq!(desk.resume().code, exit::DONE);
    fs::remove_file(desk.data.join("tnbc/images/02_2.jpg")).unwrap();
    fs::remove_file(desk.data.join("tnbc/labels/02_2.png")).unwrap();
    assert_refused(&desk.resume(), exit::CONFIGURATION, &["begun with other data"]);

    fs::write(desk.path("run/checkpoint.safetensors"), "half a file").unwrap();
    desk.own_data();
    assert_refused(&desk.resume(), exit::INTERNAL, &["checkpoint.safetensors", "no safetensors"]);
}

#[test]
fn numbers_out_of_bounds_end_the_training_and_are_named() {
    let desk = Desk::with(&short().replace("rate = 2e-3", "rate = 1e30"));

    let ended = desk.fit();

    assert_refused(&ended, exit::INTERNAL, &["stage 1: the training went astray: step 2"]);
    assert!(!desk.path("run/average.safetensors").exists());
    let log = fs::read_to_string(desk.path("run/log.txt")).unwrap();
    assert!(log.contains("the training went astray"), "{log}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let desk = Desk::with(&short());

    let ended = desk.fit_into(&desk.path("plan.toml").join("run"));
    assert_refused(&ended, exit::INTERNAL, &["cannot write", "plan.toml/run"]);

    fs::create_dir_all(desk.path("run/checkpoint.safetensors.part")).unwrap();
    let ended = desk.fit();
    assert_refused(&ended, exit::INTERNAL, &["cannot write the checkpoint"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_training_and_is_named() {
    for file in ["progress.csv", "checkpoint.safetensors.part", "curves.png.part"] {
        let desk = Desk::with(&short());
        fs::create_dir(desk.path("run")).unwrap();
        std::os::unix::fs::symlink("/dev/full", desk.path("run").join(file)).unwrap();

        let ended = desk.fit();

        let name = file.trim_end_matches(".part");
        assert_refused(&ended, exit::INTERNAL, &["cannot write", name, "No space left on device"]);
        assert!(!desk.path("run/average.safetensors").exists());
    }
}
