//! A package is taken whole or refused, and the refusal says what is wrong.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use contract::{Digest, ModelCard};
use engine::{Network, NetworkError, Package, PackageError, Threads, package};
use tempfile::TempDir;

const ONE: Threads = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };

#[test]
fn a_whole_package_loads_and_runs_from_disk_and_from_memory() {
    let source = data("darkness");
    let card = fs::read(source.join("card.toml")).unwrap();
    let onnx = fs::read(source.join("model.onnx")).unwrap();

    let from_disk = package::load(&source).unwrap();
    let embedded = package::load_embedded(&[("card.toml", &card), ("model.onnx", &onnx)]).unwrap();

    assert_eq!(from_disk.card(), embedded.card());
    assert_eq!(from_disk.card_digest(), Digest::of(&card));
    assert_eq!(from_disk.model_bytes(), onnx);
    let network = Network::on_cpu(&embedded, ONE).unwrap();
    assert_eq!(network.card().name, "darkness");
}

#[test]
fn a_tissue_package_loads() {
    let network = Network::on_cpu(&package::load(&data("pallor")).unwrap(), ONE).unwrap();

    assert_eq!(network.kind(), contract::Kind::Tissue);
}

#[test]
fn any_flipped_byte_of_the_model_is_noticed() {
    let source = data("darkness");
    let card = fs::read(source.join("card.toml")).unwrap();
    let onnx = fs::read(source.join("model.onnx")).unwrap();

    for at in 0..onnx.len() {
        let mut flipped = onnx.clone();
        flipped[at] ^= 0x10;
        let refused =
            package::load_embedded(&[("card.toml", &card), ("model.onnx", &flipped)]).unwrap_err();
        assert!(matches!(refused, PackageError::Damaged { .. }), "byte {at}: {refused}");
    }
}

#[test]
fn a_damaged_model_is_refused_by_file_digests_and_remedy() {
    let copy = copy_of("darkness");
    let path = copy.path().join("model.onnx");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    put(&path, &bytes);

    let refused = package::load(copy.path()).unwrap_err().to_string();

    assert!(refused.starts_with("model.onnx of the model package "), "{refused}");
    assert!(refused.contains("SHA-256") && refused.contains("copy the package again"), "{refused}");
}

#[test]
fn a_missing_file_is_named() {
    let copy = copy_of("darkness");
    fs::remove_file(copy.path().join("model.onnx")).unwrap();

    let refused = package::load(copy.path()).unwrap_err();

    assert!(matches!(&refused, PackageError::Read { file, .. } if file == "model.onnx"));
}

#[test]
fn a_folder_without_a_card_is_no_package() {
    let empty = TempDir::new().unwrap();

    let refused = package::load(empty.path()).unwrap_err();

    assert!(matches!(&refused, PackageError::Read { file, .. } if file == "card.toml"));
}

#[test]
fn a_card_that_is_no_text_or_no_card_is_refused() {
    let copy = copy_of("darkness");
    let path = copy.path().join("card.toml");

    put(&path, &[0xff, 0xfe, 0]);
    assert!(matches!(package::load(copy.path()), Err(PackageError::Encoding { .. })));
    put(&path, b"format = 1");
    assert!(matches!(package::load(copy.path()), Err(PackageError::Card { .. })));
    put(&path, &vec![b'#'; (1 << 20) + 1]);
    assert!(matches!(package::load(copy.path()), Err(PackageError::TooLarge { .. })));
}

#[test]
fn a_path_that_leaves_the_package_is_refused_before_it_is_opened() {
    for escape in ["../secret", "/etc/hostname", "golden/../../secret", "a\\\\..\\\\secret"] {
        let copy = copy_of("darkness");
        let line = format!("\"{escape}\" = \"{}\"\n", Digest::of(b""));
        edit_card(&copy, |card| card + &line);

        let refused = package::load(copy.path()).unwrap_err();

        assert!(matches!(refused, PackageError::Name { .. }), "{escape}: {refused}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_package_is_refused() {
    let outside = copy_of("darkness");
    let copy = copy_of("darkness");
    fs::remove_file(copy.path().join("model.onnx")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("model.onnx"), copy.path().join("model.onnx"))
        .unwrap();

    let refused = package::load(copy.path()).unwrap_err();

    assert!(matches!(refused, PackageError::Read { .. }), "{refused}");
}

#[test]
fn a_tensor_that_the_graph_lacks_is_refused_with_what_it_has() {
    let refused = disagreement("tensor = \"dist\"", "tensor = \"distance\"");

    assert_eq!(
        refused,
        "card.toml and model.onnx of darkness 1.0.0 disagree: outputs.dist.tensor is \"distance\", \
         which is not among the graph's [\"np\", \"dist\", \"tp\"]; correct the card or export the \
         model again"
    );
}

#[test]
fn a_wrong_input_name_is_refused() {
    let refused = disagreement("tensor = \"image\"", "tensor = \"tile\"");

    assert!(refused.contains("input.tensor is \"tile\""), "{refused}");
}

#[test]
fn a_wrong_channel_count_is_refused_with_both_counts() {
    let refused = disagreement(
        "tp = { tensor = \"tp\", channels = 3 }",
        "tp = { tensor = \"tp\", channels = 2 }",
    );

    assert!(
        refused.contains("outputs.tp.channels is 2, and the graph has 3 channels"),
        "{refused}"
    );
}

#[test]
fn a_network_that_does_not_keep_its_card_s_multiple_is_refused_on_loading() {
    // The graph pools by 4: an input of 34 px comes back with 32.
    let copy = copy_of("darkness");
    edit_card(&copy, |card| card.replace("multiple_px = 4", "multiple_px = 2"));

    let refused = Network::on_cpu(&package::load(copy.path()).unwrap(), ONE).unwrap_err();

    assert!(matches!(refused, NetworkError::Probe { .. }), "{refused}");
}

#[test]
fn a_file_that_is_no_network_is_refused() {
    let copy = copy_of("darkness");
    let text = b"not a network";
    let onnx = fs::read(copy.path().join("model.onnx")).unwrap();
    put(&copy.path().join("model.onnx"), text);
    edit_card(&copy, |card| {
        card.replace(&Digest::of(&onnx).to_string(), &Digest::of(text).to_string())
    });

    let refused = Network::on_cpu(&package::load(copy.path()).unwrap(), ONE).unwrap_err();

    assert!(matches!(refused, NetworkError::Load { .. }), "{refused}");
}

fn disagreement(from: &str, to: &str) -> String {
    let copy = copy_of("darkness");
    edit_card(&copy, |card| {
        let changed = card.replace(from, to);
        assert_ne!(changed, card);
        // A class fewer, where a channel is missing.
        if to.contains("channels = 2") { without_last_class(&changed) } else { changed }
    });
    let package: Package = package::load(copy.path()).unwrap();
    let refused = Network::on_cpu(&package, ONE).unwrap_err();
    assert!(matches!(refused, NetworkError::Disagree { .. }), "{refused}");
    refused.to_string()
}

fn without_last_class(card: &str) -> String {
    let start = card.rfind("[[classes]]").unwrap();
    let end = card.find("[postprocessing]").unwrap();
    let shorter = format!("{}{}", &card[..start], &card[end..]);
    ModelCard::parse(&shorter).unwrap();
    shorter
}

fn data(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(package)
}

fn copy_of(package: &str) -> TempDir {
    let copy = TempDir::new().unwrap();
    for file in ["card.toml", "model.onnx"] {
        fs::copy(data(package).join(file), copy.path().join(file)).unwrap();
    }
    copy
}

fn edit_card(copy: &TempDir, edit: impl FnOnce(String) -> String) {
    let path = copy.path().join("card.toml");
    let text = edit(fs::read_to_string(&path).unwrap());
    put(&path, text.as_bytes());
}

fn put(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}
