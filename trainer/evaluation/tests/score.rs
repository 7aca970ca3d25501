//! A file, or a folder of files, is worth what independent programs say.

#![expect(clippy::unwrap_used, reason = "a test may stop")]
#![expect(clippy::float_cmp, reason = "what is equal to the truth is worth exactly 1")]

#[path = "support/desk.rs"]
mod desk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::Mpp;
use margay_evaluation::puma::Track;
use margay_evaluation::score::{NucleiFigures, Rules, SetScores, score};
use serde::Deserialize;
use serde_json::{Value, json};

use desk::{Desk, grand_challenge, mask, real_nuclei};

#[derive(Deserialize)]
struct Golden {
    images: BTreeMap<String, Expected>,
    all: Expected,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "macro")]
    macro_f1: f64,
    micro: f64,
    classes: Vec<(String, f64, [u64; 3], u64)>,
    names: Vec<String>,
    within: BTreeMap<String, ExpectedWithin>,
    outlines: [f64; 6],
}

#[derive(Deserialize)]
struct ExpectedWithin {
    classes: Vec<[Option<f64>; 3]>,
    all: [Option<f64>; 3],
}

#[test]
fn a_folder_of_real_nuclei_is_worth_what_numpy_and_scipy_say() {
    let golden: Golden = serde_json::from_str(include_str!("goldens/score.json")).unwrap();
    let rules =
        Rules { track: Some(Track::Three), mpp: Some(Mpp::new(0.23).unwrap()), ..Rules::default() };

    let scores = score(&goldens().join("excerpts"), &goldens().join("results"), &rules).unwrap();

    assert_eq!(scores.images.len(), golden.images.len());
    for (image, (name, expected)) in scores.images.iter().zip(&golden.images) {
        assert_eq!(&image.image, name);
        assert_same(nuclei(&image.scores), expected, name);
    }
    assert_same(nuclei(&scores.all), &golden.all, "all");
}

#[test]
fn a_result_equal_to_the_truth_is_worth_1_wherever_there_is_a_figure() {
    let desk = Desk::new();
    let tissue = mask(&[0, 3, 3, 1, 1, 0]);
    for side in ["truth", "result"] {
        desk.put(&format!("{side}/a_nuclei.geojson"), real_nuclei());
        desk.put(&format!("{side}/b.json"), grand_challenge(&[("a", 0.0), ("b", 40.0)]));
        desk.put(&format!("{side}/a_tissue.tif"), &tissue);
    }

    let scores = desk.score(&Rules { mpp: Some(Mpp::new(0.25).unwrap()), ..Rules::default() });

    for set in scores.unwrap().images.iter().map(|image| &image.scores) {
        let figures = nuclei(set);
        assert!(figures.classes.iter().all(|class| class.truth > 0));
        assert_eq!(figures.puma.macro_f1, Some(1.0));
        let text = serde_json::to_value(figures).unwrap();
        assert!(f1s(&text).len() > 20);
        for (name, value) in f1s(&text) {
            assert_eq!(value, 1.0, "{name}");
        }
        for measure in figures.outlines.iter().chain(&figures.outlines_pooled).flatten() {
            assert_eq!(measure.value, Some(1.0), "{}", measure.name);
        }
        if let Some(tissue) = &set.tissue {
            assert_eq!((tissue.dice, tissue.puma_image_dice), (Some(1.0), 1.0));
            // The challenge's trap: three classes that are nowhere are 0.
            assert_eq!(tissue.puma_micro_dice, 0.4);
        }
    }
}

#[test]
fn swapped_classes_are_worth_nothing_and_are_found_all_the_same() {
    let desk = Desk::new();
    desk.put("truth/a.json", grand_challenge(&[("a", 0.0), ("b", 40.0), ("b", 80.0)]));
    desk.put("result/a.json", grand_challenge(&[("b", 0.0), ("a", 40.0), ("a", 80.0)]));

    let scores = desk.score(&Rules::default()).unwrap();
    let figures = nuclei(&scores.all);

    assert_eq!((figures.puma.macro_f1, figures.puma.micro_f1_pooled), (Some(0.0), Some(0.0)));
    for class in &figures.classes {
        let within = &class.within[0];
        let f1s = [class.f1_puma_pooled, within.f1_greedy, within.f_c, within.f_c_near];
        assert_eq!((class.f1_puma, f1s), (0.0, [Some(0.0); 4]), "{}", class.class);
    }
    let all = &figures.detection[0];
    assert_eq!([all.f1_greedy, all.f_d, all.f_d_near], [Some(1.0); 3]);

    let swap = [("a", "b"), ("b", "a")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    let renamed = desk.score(&Rules { rename: swap.into(), ..Rules::default() }).unwrap();
    assert_eq!(nuclei(&renamed.all).puma.macro_f1, Some(1.0));
}

#[test]
fn annotations_are_compared_with_the_mask_of_what_analyze_wrote() {
    let desk = Desk::new();
    let left = json!([[[0, 0], [3, 0], [3, 1], [0, 1]]]);
    let annotation = json!({ "features": [{
        "geometry": {"type": "Polygon", "coordinates": left},
        "properties": {"classification": {"name": "tissue_tumor"}},
    }]});
    desk.put("truth/roi_nuclei.geojson", real_nuclei());
    desk.put("truth/roi_tissue.geojson", annotation.to_string());
    desk.put("result/roi/nuclei.geojson", real_nuclei());
    desk.put(
        "result/roi/images/melanoma-tissue-mask-segmentation/x.tif",
        mask(&[3, 3, 3, 3, 0, 0]),
    );
    desk.put("result/other/nuclei.geojson", real_nuclei());

    let scores = desk.score(&Rules::default()).unwrap();

    let tissue = scores.all.tissue.as_ref().unwrap();
    let tumour = tissue.classes.iter().find(|class| class.class == "tissue_tumor").unwrap();
    assert!((tumour.dice.unwrap() - 6.0 / 7.0).abs() < 2e-3, "{:?}", tumour.dice);
    assert_eq!(nuclei(&scores.all).puma.macro_f1, Some(1.0));
    assert_eq!(scores.without_truth, ["other (nuclei)"]);
}

#[test]
fn one_file_is_scored_against_another_whatever_their_names() {
    let desk = Desk::new();
    desk.put("truth/a.json", grand_challenge(&[("a", 0.0)]));
    desk.put("result/b/nuclei.geojson", real_nuclei());
    let truth = desk.path("truth/a.json");

    for result in ["result/b/nuclei.geojson", "result/b", "result"] {
        let scores = score(&truth, &desk.path(result), &Rules::default()).unwrap();
        assert_eq!(scores.images[0].image, "a");
    }
}

#[test]
fn the_table_names_the_traps_and_what_is_missing() {
    let desk = Desk::new();
    desk.put("truth/a.json", grand_challenge(&[("a", 0.0)]));
    desk.put("result/a.json", grand_challenge(&[("a", 0.0), ("A", 90.0)]));

    let table = desk.score(&Rules::default()).unwrap().to_string();

    let row = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap();
    let cells: Vec<&str> = row("A ").split_whitespace().collect();
    assert_eq!(cells, ["A", "0", "1", "0.0000", "0.0000", "0.0000", "0.0000", "0.0000"]);
    assert!(row("mean of classes").contains("0.5000       1.0000"), "{table}");
    assert!(table.contains("a class that no truth knows adds a 0"), "{table}");
    assert!(table.contains("In the result and in no truth: A."), "{table}");
    assert!(table.contains("Nothing at 3 µm: state the resolution"), "{table}");
}

#[test]
fn figures_are_stored_to_their_last_bit() {
    let scores = score(&goldens().join("excerpts"), &goldens().join("results"), &Rules::default());
    let scores = scores.unwrap();

    let stored: Value = serde_json::from_str(&serde_json::to_string(&scores).unwrap()).unwrap();

    let macro_f1 = stored["all"]["nuclei"]["puma"]["macro_f1"].as_f64();
    assert_eq!(macro_f1.map(f64::to_bits), nuclei(&scores.all).puma.macro_f1.map(f64::to_bits));
    assert_eq!(stored["images"].as_array().unwrap().len(), 3);
    assert_eq!(stored["um_per_px"], Value::Null);
}

fn assert_same(figures: &NucleiFigures, expected: &Expected, name: &str) {
    assert_eq!(
        figures.puma.macro_f1.map(f64::to_bits),
        Some(expected.macro_f1.to_bits()),
        "{name}"
    );
    assert_near(figures.puma.micro_f1, Some(expected.micro), name);
    let classes: Vec<(String, f64, u64)> =
        figures.classes.iter().map(|c| (c.class.clone(), c.f1_puma, c.images_with_truth)).collect();
    let official: Vec<(String, f64, u64)> =
        expected.classes.iter().map(|(class, f1, _, files)| (class.clone(), *f1, *files)).collect();
    assert_eq!(classes, official, "{name}");

    for class in &figures.classes {
        let index = expected.names.iter().position(|name| name == &class.class).unwrap();
        for within in &class.within {
            let expected = expected.within[&within.radius].classes[index];
            let found = [within.f1_greedy, within.f_c, within.f_c_near];
            assert_all_near(&found, &expected, &format!("{name}, {}", class.class));
        }
    }
    for all in &figures.detection {
        let found = [all.f1_greedy, all.f_d, all.f_d_near];
        assert_all_near(&found, &expected.within[&all.radius.name].all, name);
    }
    let outlines: Vec<_> = figures.outlines.iter().flatten().map(|measure| measure.value).collect();
    assert_all_near(&outlines, &expected.outlines.map(Some), name);
}

fn assert_all_near(found: &[Option<f64>], expected: &[Option<f64>], name: &str) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (&found, &expected) in found.iter().zip(expected) {
        assert_near(found, expected, name);
    }
}

/// Quotients of the same whole numbers, which may be rounded in another order.
fn assert_near(found: Option<f64>, expected: Option<f64>, name: &str) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() < 1e-12, "{name}: {found}, not {expected}");
        }
        _ => assert_eq!(found, expected, "{name}"),
    }
}

/// The F1 of every rule in stored figures, with their names.
fn f1s(figures: &Value) -> Vec<(String, f64)> {
    let fields: Vec<(String, &Value)> = match figures {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    fields
        .into_iter()
        .flat_map(|(name, value)| match value.as_f64() {
            Some(number) if name.contains("f1") || name.contains("f_") => vec![(name, number)],
            _ => f1s(value),
        })
        .collect()
}

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

fn nuclei(scores: &SetScores) -> &NucleiFigures {
    scores.nuclei.as_ref().unwrap()
}
