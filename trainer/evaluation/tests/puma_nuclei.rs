//! The official PUMA figures of nuclei are those of the definition in NumPy, to the last bit.
//!
//! `goldens/puma_nuclei.py` computes them; a made-up prediction is derived from a real file by the
//! same rule here and there ([`perturbed`]).

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use margay_evaluation::detection::Counts;
use margay_evaluation::puma::nuclei::{FileScore, NucleiScore};
use margay_evaluation::puma::{Polygon, PumaFile};
use serde::Deserialize;

type Nuclei = Vec<(String, f64, Vec<[f64; 2]>)>;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    set: ExpectedSet,
}

#[derive(Deserialize)]
struct Case {
    truth: Nuclei,
    predicted: Nuclei,
    #[serde(flatten)]
    score: Expected,
}

#[derive(Deserialize)]
struct Expected {
    classes: BTreeMap<String, [u64; 3]>,
    micro: [f64; 3],
    #[serde(rename = "macro")]
    macro_f1: Option<f64>,
}

#[derive(Deserialize)]
struct ExpectedSet {
    classes: Vec<(String, f64, [u64; 3], u64)>,
    #[serde(rename = "macro")]
    macro_f1: Option<f64>,
}

#[derive(Deserialize)]
struct Real {
    excerpts: RealSet,
    all: RealSet,
}

#[derive(Deserialize)]
struct RealSet {
    files: BTreeMap<String, Kinds<Expected>>,
    sets: Kinds<ExpectedSet>,
}

#[derive(Deserialize)]
struct Kinds<T> {
    scored: T,
    unscored: T,
}

#[test]
fn nuclei_on_a_lattice_whose_distances_scores_and_centroids_tie() {
    let golden: Golden = serde_json::from_str(include_str!("goldens/puma_nuclei.json")).unwrap();
    let mut files = Vec::new();
    for (number, case) in golden.cases.iter().enumerate() {
        let score = FileScore::of(&file(&case.truth), &file(&case.predicted));

        assert_same_file(&score, &case.score, &format!("case {number}"));
        files.push(score);
    }
    assert_same_set(&NucleiScore::of(&files), &golden.set);
}

#[test]
fn real_nuclei_moved_dropped_relabelled_and_doubled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/excerpts");

    assert_same_folder(&folder, ".geojson", &real().excerpts);
}

#[test]
fn the_whole_public_sample_of_puma() {
    let Some(folder) = shared("puma/01_training_dataset_geojson_nuclei") else {
        println!(
            "puma/01_training_dataset_geojson_nuclei is missing: the bundled excerpts instead"
        );
        return real_nuclei_moved_dropped_relabelled_and_doubled();
    };
    assert_same_folder(&folder, "_nuclei.geojson", &real().all);
}

#[test]
fn what_the_platform_would_read_scores_as_what_the_training_set_says() {
    let text = include_str!("goldens/excerpts/training_set_primary_roi_004.geojson");
    let truth = PumaFile::from_geojson(text.as_bytes()).unwrap();
    let polygons: Vec<_> = perturbed(&truth, Scores::Kept)
        .polygons
        .iter()
        .map(|p| serde_json::json!({"name": p.class, "score": p.score, "path_points": p.points}))
        .collect();
    let written = serde_json::json!({"type": "Multiple polygons", "polygons": polygons});

    let read = PumaFile::from_grand_challenge(written.to_string().as_bytes()).unwrap();

    assert_eq!(read, perturbed(&truth, Scores::Kept));
}

/// Whether a made-up prediction has scores.
#[derive(Clone, Copy, PartialEq)]
enum Scores {
    Kept,
    AllOne,
}

/// A made-up prediction, as `goldens/puma_nuclei.py` makes it.
fn perturbed(truth: &PumaFile, scores: Scores) -> PumaFile {
    let nuclei = &truth.polygons;
    let score = |n: usize| if scores == Scores::Kept { n as f64 / 16.0 } else { 1.0 };
    let mut polygons = Vec::new();
    for (i, nucleus) in nuclei.iter().enumerate().filter(|(i, _)| i % 11 != 3) {
        let dx = ((i * 37 % 61) as f64 - 30.0) * 0.37;
        let dy = ((i * 53 % 59) as f64 - 29.0) * 0.29;
        let class =
            if i % 13 == 5 { &nuclei[(i + 1) % nuclei.len()].class } else { &nucleus.class };
        let points: Vec<_> = nucleus.points.iter().map(|[x, y]| [x + dx, y + dy]).collect();
        let moved = Polygon { class: class.clone(), score: score(i * 29 % 17), points };
        if i % 17 == 2 {
            polygons.push(moved.clone());
            polygons.push(Polygon { score: score(i * 31 % 13), ..moved });
        } else {
            polygons.push(moved);
        }
    }
    PumaFile { polygons }
}

fn assert_same_folder(folder: &Path, ending: &str, expected: &RealSet) {
    let mut scores = [Vec::new(), Vec::new()];
    for (name, expected) in &expected.files {
        let bytes = std::fs::read(folder.join(format!("{name}{ending}"))).unwrap();
        let truth = PumaFile::from_geojson(&bytes).unwrap();
        let kinds = [(Scores::Kept, &expected.scored), (Scores::AllOne, &expected.unscored)];
        for ((kind, expected), scores) in kinds.into_iter().zip(&mut scores) {
            let score = FileScore::of(&truth, &perturbed(&truth, kind));
            assert_same_file(&score, expected, name);
            scores.push(score);
        }
    }
    assert_same_set(&NucleiScore::of(&scores[0]), &expected.sets.scored);
    assert_same_set(&NucleiScore::of(&scores[1]), &expected.sets.unscored);
}

fn assert_same_file(score: &FileScore, expected: &Expected, name: &str) {
    let classes: BTreeMap<String, [u64; 3]> =
        score.classes.iter().map(|(class, &counts)| (class.clone(), numbers(counts))).collect();
    assert_eq!(classes, expected.classes, "{name}");
    let micro = [score.micro.precision, score.micro.recall, score.micro.f1];
    assert_eq!(micro.map(f64::to_bits), expected.micro.map(f64::to_bits), "{name}");
    assert_same_number(score.macro_f1, expected.macro_f1, name);
}

fn assert_same_set(score: &NucleiScore, expected: &ExpectedSet) {
    assert_eq!(score.classes.len(), expected.classes.len());
    for (class, (name, official, pooled, files)) in score.classes.iter().zip(&expected.classes) {
        assert_eq!(&class.class, name);
        assert_same_number(class.f1_official, Some(*official), name);
        assert_eq!((numbers(class.pooled), class.files_with_truth), (*pooled, *files), "{name}");
    }
    assert_same_number(score.macro_f1_official, expected.macro_f1, "macro");
}

/// Equal to the last bit; a golden that is absent stands for NaN, which JSON cannot hold.
fn assert_same_number(found: f64, expected: Option<f64>, name: &str) {
    match expected {
        Some(expected) => assert_eq!(found.to_bits(), expected.to_bits(), "{name}"),
        None => assert!(found.is_nan(), "{name}: {found}"),
    }
}

fn numbers(counts: Counts) -> [u64; 3] {
    [counts.true_positives, counts.false_positives, counts.false_negatives]
}

fn file(nuclei: &Nuclei) -> PumaFile {
    let polygon = |(class, score, points): &(String, f64, Vec<[f64; 2]>)| Polygon {
        class: class.clone(),
        score: *score,
        points: points.clone(),
    };
    PumaFile { polygons: nuclei.iter().map(polygon).collect() }
}

fn real() -> Real {
    serde_json::from_str(include_str!("goldens/puma_real.json")).unwrap()
}

/// A folder of the shared data, beside the repository or in it.
fn shared(folder: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    ["../shared/data", "shared/data"]
        .map(|data| repository.join(data).join(folder))
        .into_iter()
        .find(|folder| folder.is_dir())
}
