//! Dice, AJI, AJI+ and PQ are those of their definitions, to the last bit.
//!
//! The goldens compare Boolean masks pair by pair (`goldens/instances.py`).

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;

use contract::Size;
use margay_evaluation::aji::{AggregatedJaccard, aji, aji_plus};
use margay_evaluation::panoptic::{self, ClassOfLabel, Panoptic};
use margay_evaluation::{LabelMap, Overlaps, SegmentationScore};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    side: usize,
    classes: usize,
    cases: Vec<Case>,
    mpq: Option<f64>,
    class_pq: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Case {
    truth: Vec<u32>,
    predicted: Vec<u32>,
    dice: Option<f64>,
    aji: (u64, u64),
    aji_plus: (u64, u64),
    panoptic: Counts,
    classes: Vec<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    tp: u64,
    fp: u64,
    #[serde(rename = "fn")]
    fn_: u64,
    iou_sum: f64,
    dq: Option<f64>,
    sq: Option<f64>,
    pq: Option<f64>,
}

#[test]
fn figures_of_an_image_are_those_of_the_definitions() {
    let golden = golden();
    for (number, case) in golden.cases.iter().enumerate() {
        let (truth, predicted) = (unrolled(&case.truth), unrolled(&case.predicted));
        let size = Size::new(golden.side, golden.side);

        let score = SegmentationScore::of(
            LabelMap::new(size, &truth).unwrap(),
            LabelMap::new(size, &predicted).unwrap(),
        )
        .unwrap();

        let sums = |(intersection, union)| AggregatedJaccard { intersection, union };
        assert_eq!(score.dice.dice(), case.dice, "case {number}");
        assert_eq!(score.aji, sums(case.aji), "case {number}");
        assert_eq!(score.aji_plus, sums(case.aji_plus), "case {number}");
        assert_same(score.panoptic, &case.panoptic, number);
    }
}

#[test]
fn figures_by_class_are_those_of_the_definitions() {
    let golden = golden();
    let mut images = Vec::new();
    for (number, case) in golden.cases.iter().enumerate() {
        let overlaps = overlaps(golden.side, case);
        let classes = |instances: &[margay_evaluation::Instance]| -> ClassOfLabel {
            let class = |label: u32| (label as usize / 3) % golden.classes;
            instances.iter().map(|i| (i.label, class(i.label))).collect::<BTreeMap<_, _>>()
        };
        let (truth, predicted) = (classes(overlaps.truth()), classes(overlaps.predicted()));

        let by_class = panoptic::of_classes(&overlaps, &truth, &predicted, golden.classes);

        for (found, expected) in by_class.iter().zip(&case.classes) {
            assert_same(*found, expected, number);
        }
        images.push(by_class);
    }
    assert_eq!(panoptic::mpq(&images), golden.mpq);
    for (class, &expected) in golden.class_pq.iter().enumerate() {
        assert_eq!(panoptic::class_pq(&images, class), expected);
    }
}

#[test]
fn a_tile_of_two_thousand_touching_nuclei_is_compared_by_its_own_definition() {
    let size = Size::new(1024, 1024);
    let grid = |shift: usize| -> Vec<u32> {
        let cell = |pixel: usize| ((pixel / 1024 + shift) / 22, (pixel % 1024 + shift) / 23);
        (0..size.pixels()).map(cell).map(|(row, column)| (row * 100 + column + 1) as u32).collect()
    };
    let (truth, predicted) = (grid(0), grid(3));

    let overlaps = Overlaps::between(
        LabelMap::new(size, &truth).unwrap(),
        LabelMap::new(size, &predicted).unwrap(),
    )
    .unwrap();

    assert!(overlaps.truth().len() > 2000);
    assert_eq!(overlaps.truth().iter().map(|i| i.area).sum::<u64>(), 1 << 20);
    assert_eq!(overlaps.pairs().iter().map(|p| p.intersection).sum::<u64>(), 1 << 20);
    // Each nucleus has one best partner, so that the two indices have the same pairs.
    assert!(aji(&overlaps).index() <= aji_plus(&overlaps).index());
    assert!(panoptic::of_nuclei(&overlaps).pq().unwrap() > 0.5);
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("goldens/instances.json")).unwrap()
}

fn overlaps(side: usize, case: &Case) -> Overlaps {
    let size = Size::new(side, side);
    let (truth, predicted) = (unrolled(&case.truth), unrolled(&case.predicted));
    let truth = LabelMap::new(size, &truth).unwrap();
    Overlaps::between(truth, LabelMap::new(size, &predicted).unwrap()).unwrap()
}

/// Labels out of run lengths.
fn unrolled(runs: &[u32]) -> Vec<u32> {
    runs.chunks(2).flat_map(|run| vec![run[0]; run[1] as usize]).collect()
}

fn assert_same(found: Panoptic, expected: &Counts, number: usize) {
    let counts = (found.true_positives, found.false_positives, found.false_negatives);
    assert_eq!(counts, (expected.tp, expected.fp, expected.fn_), "case {number}");
    assert_eq!(found.iou_sum.to_bits(), expected.iou_sum.to_bits(), "case {number}");
    assert_eq!(
        (found.dq(), found.sq(), found.pq()),
        (expected.dq, expected.sq, expected.pq),
        "case {number}"
    );
}
