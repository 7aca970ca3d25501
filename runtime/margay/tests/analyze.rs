//! `margay analyze` as its user meets it: files, exit codes and messages.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use contract::{TilReport, exit};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name)
}

fn margay(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_margay"))
        .arg("analyze")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn code(output: &Output) -> u8 {
    u8::try_from(output.status.code().unwrap()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn report(folder: &Path) -> TilReport {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

#[test]
fn without_an_argument_the_bundled_roi_is_analysed() {
    let folder = tempfile::tempdir().unwrap();

    let output = margay(folder.path(), &[]);

    assert_eq!(code(&output), exit::DONE, "{}", errors(&output));
    let out = folder.path().join("margay-out/puma-metastatic-094");
    let mut files: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "nuclei-labels.tif",
            "nuclei.geojson",
            "overlay.png",
            "report.json",
            "til-density.png",
            "tissue-labels.tif",
            "tissue.geojson"
        ]
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("eTIL %"), "{table}");
    assert!(table.contains("for research use only"), "{table}");
}

#[test]
fn the_bundled_roi_holds_about_as_many_nuclei_as_pathologists_drew() {
    let folder = tempfile::tempdir().unwrap();

    let output = margay(folder.path(), &[]);

    assert_eq!(code(&output), exit::DONE, "{}", errors(&output));
    let report = report(&folder.path().join("margay-out/puma-metastatic-094"));
    let count = |class: &str| report.nuclei.iter().find(|c| c.class == class).unwrap().count;
    let all: u64 = report.nuclei.iter().map(|class| class.count).sum();
    // 671 nuclei were drawn, 477 of them lymphocytes or plasma cells.
    assert!((536..=805).contains(&all), "{all} nuclei");
    assert!((334..=620).contains(&count("lymphocyte")), "{} lymphocytes", count("lymphocyte"));
    let density = report.density.unwrap();
    let tils = report.nuclei.iter().filter(|class| class.role == contract::Role::Til);
    assert_eq!((density.cell_um, density.columns, density.rows), (100, 3, 3));
    assert_eq!(
        density.tils.into_iter().map(u64::from).sum::<u64>(),
        tils.map(|class| class.count).sum::<u64>()
    );
    assert_eq!(report.models.len(), 2);
    assert!(report.research_use_only);
}

#[test]
fn one_thread_and_two_write_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let image = data("puma-metastatic-094.tif");
    let image = image.to_str().unwrap();

    let one = margay(folder.path(), &[image, "--threads", "1", "--out", "one"]);
    let two = margay(folder.path(), &[image, "--threads", "2", "--out", "two"]);

    assert_eq!((code(&one), code(&two)), (exit::DONE, exit::DONE));
    for file in [
        "report.json",
        "nuclei.geojson",
        "tissue.geojson",
        "nuclei-labels.tif",
        "overlay.png",
        "til-density.png",
    ] {
        let read = |out: &str| {
            fs::read(folder.path().join(out).join("puma-metastatic-094").join(file)).unwrap()
        };
        assert!(read("one") == read("two"), "{file} differs");
    }
}

#[test]
fn a_refused_image_is_named_and_the_others_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    fs::copy(data("puma-metastatic-094.tif"), images.join("good.tif")).unwrap();
    let bytes = fs::read(data("puma-metastatic-094.tif")).unwrap();
    write(&images.join("cut.tif"), &bytes[..bytes.len() / 2]);
    write(&images.join("text.png"), b"this is no picture");

    let output = margay(folder.path(), &["images", "--out", "out"]);

    assert_eq!(code(&output), exit::INPUT_REFUSED);
    let errors = errors(&output);
    assert!(errors.contains("cut.tif") && errors.contains("text.png"), "{errors}");
    assert!(!errors.contains("good.tif:"), "{errors}");
    assert_eq!(errors.matches("text.png").count(), 1, "a file is named once: {errors}");
    assert!(folder.path().join("out/good/report.json").exists());
    assert!(!folder.path().join("out/cut/report.json").exists());
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 of 3 images done"));
}

#[test]
fn an_image_without_a_resolution_is_refused_until_it_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("plain.png"), &png(300, 200));

    let refused = margay(folder.path(), &["plain.png"]);
    let stated = margay(folder.path(), &["plain.png", "--mpp", "0.5"]);

    assert_eq!(code(&refused), exit::INPUT_REFUSED);
    assert!(errors(&refused).contains("--mpp"), "{}", errors(&refused));
    assert_eq!(code(&stated), exit::DONE, "{}", errors(&stated));
    let report = report(&folder.path().join("margay-out/plain"));
    assert_eq!(report.image.mpp_source, contract::MppSource::Operator);
    assert!(report.warnings.iter().any(|w| w.contains("all glass")), "{:?}", report.warnings);
    assert!(report.tils.iter().all(|figure| figure.value.is_none() || figure.area_mm2 > 0.0));
}

#[test]
fn a_resolution_that_cannot_be_is_a_fault_of_usage() {
    let folder = tempfile::tempdir().unwrap();

    let output = margay(folder.path(), &["--mpp", "352.8"]);

    assert_eq!(code(&output), exit::USAGE);
    assert!(errors(&output).contains("0.05 to 4"), "{}", errors(&output));
}

#[test]
fn a_model_package_that_is_damaged_or_missing_is_a_fault_of_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/models/nuclei-lite");
    let copy = folder.path().join("package");
    fs::create_dir_all(copy.join("golden")).unwrap();
    for file in ["card.toml", "model.onnx", "golden/tile.png"] {
        fs::copy(shipped.join(file), copy.join(file)).unwrap();
    }
    let mut model = fs::read(copy.join("model.onnx")).unwrap();
    let middle = model.len() / 2;
    model[middle] ^= 1;
    write(&copy.join("model.onnx"), &model);

    let damaged = margay(folder.path(), &["--model", "package"]);
    let missing = margay(folder.path(), &["--model", "nowhere"]);

    assert_eq!(code(&damaged), exit::CONFIGURATION);
    assert!(errors(&damaged).contains("model.onnx"), "{}", errors(&damaged));
    assert_eq!(code(&missing), exit::CONFIGURATION);
    assert!(errors(&missing).contains("card.toml"), "{}", errors(&missing));
}

#[test]
fn further_files_are_written_and_usual_ones_left_out_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--format", "puma,geojson-gz", "--skip", "overlay,density,labels,geojson"];

    let output = margay(folder.path(), &arguments);

    assert_eq!(code(&output), exit::DONE, "{}", errors(&output));
    let out = folder.path().join("margay-out/puma-metastatic-094");
    for file in [
        "nuclei.geojson.gz",
        "tissue.geojson.gz",
        "melanoma-3-class-nuclei-segmentation.json",
        "images/melanoma-tissue-mask-segmentation/tissue.tif",
    ] {
        assert!(out.join(file).exists(), "{file}");
    }
    for file in ["nuclei.geojson", "overlay.png", "til-density.png", "nuclei-labels.tif"] {
        assert!(!out.join(file).exists(), "{file}");
    }
}

/// A white PNG that states no resolution.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![250; (3 * width * height) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    std::io::Write::write_all(&mut file, bytes).unwrap();
}
