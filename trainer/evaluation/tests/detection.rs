//! Detection and class F1 by distance are those of their definitions.
//!
//! The goldens match by brute force and by SciPy's assignment (`goldens/detection.py`).

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use margay_evaluation::detection::hungarian::{ClassCounts, Pairing, Totals, pair};
use margay_evaluation::detection::{Counts, Dot, greedy};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    radius: f64,
    classes: usize,
    cases: Vec<Case>,
    totals: ByPairing<Expected>,
}

#[derive(Deserialize)]
struct Case {
    truth: Vec<(f64, f64, usize)>,
    predicted: Vec<(f64, f64, usize)>,
    greedy: [u64; 3],
    greedy_classes: Vec<[u64; 3]>,
    #[serde(flatten)]
    pairs: ByPairing<Vec<(usize, usize)>>,
}

#[derive(Deserialize)]
struct ByPairing<T> {
    published: T,
    within: T,
}

#[derive(Deserialize)]
struct Expected {
    detection: [u64; 3],
    f_d: f64,
    classes: Vec<[u64; 5]>,
    f_c: Vec<f64>,
    accuracy: f64,
}

#[test]
fn greedy_counts_are_those_of_the_definition() {
    let golden = golden();
    for (number, case) in golden.cases.iter().enumerate() {
        let (truth, predicted) = (dots(&case.truth), dots(&case.predicted));

        let all = greedy::detection(&truth, &predicted, golden.radius);
        let by_class = greedy::by_class(&truth, &predicted, golden.classes, golden.radius);

        assert_eq!(numbers(all), case.greedy, "case {number}");
        let by_class: Vec<[u64; 3]> = by_class.into_iter().map(numbers).collect();
        assert_eq!(by_class, case.greedy_classes, "case {number}");
    }
}

#[test]
fn pairs_are_those_of_an_assignment_by_scipy() {
    let golden = golden();
    for (number, case) in golden.cases.iter().enumerate() {
        let (truth, predicted) = (dots(&case.truth), dots(&case.predicted));
        let pairs = |pairing| pair(&truth, &predicted, golden.radius, pairing);

        assert_eq!(pairs(Pairing::Published), case.pairs.published, "case {number}");
        assert_eq!(pairs(Pairing::WithinRadius), case.pairs.within, "case {number}");
    }
}

#[test]
fn f_d_and_f_c_over_all_images_are_those_of_the_definition() {
    let golden = golden();
    for (pairing, expected) in [
        (Pairing::Published, &golden.totals.published),
        (Pairing::WithinRadius, &golden.totals.within),
    ] {
        let mut totals = Totals::new(golden.classes);

        for case in &golden.cases {
            let (truth, predicted) = (dots(&case.truth), dots(&case.predicted));
            totals.add(&truth, &predicted, &pair(&truth, &predicted, golden.radius, pairing));
        }

        assert_eq!(numbers(totals.detection()), expected.detection);
        assert_eq!(totals.detection().f1(), Some(expected.f_d));
        assert_eq!(totals.accuracy(), Some(expected.accuracy));
        let classes: Vec<[u64; 5]> = totals.classes().iter().map(five_numbers).collect();
        assert_eq!(classes, expected.classes);
        let f_c: Vec<f64> = totals.classes().iter().map(|c| c.f_c().unwrap()).collect();
        assert_eq!(f_c, expected.f_c);
    }
}

#[test]
fn the_two_pairings_differ_in_the_goldens() {
    let golden = golden();

    assert!(golden.cases.iter().any(|case| case.pairs.published != case.pairs.within));
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("goldens/detection.json")).unwrap()
}

fn dots(dots: &[(f64, f64, usize)]) -> Vec<Dot> {
    dots.iter().map(|&(x, y, class)| Dot { x, y, class }).collect()
}

fn numbers(counts: Counts) -> [u64; 3] {
    [counts.true_positives, counts.false_positives, counts.false_negatives]
}

fn five_numbers(class: &ClassCounts) -> [u64; 5] {
    [class.agreed, class.predicted_alone, class.truth_alone, class.spurious, class.missed]
}
