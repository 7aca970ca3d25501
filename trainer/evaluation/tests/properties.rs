//! What holds for any images: perfect predictions, renamed labels, exchanged sides, bounds.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;

use contract::Size;
use margay_evaluation::aji::aji_plus;
use margay_evaluation::detection::hungarian::{Pairing, pair};
use margay_evaluation::detection::{Dot, greedy};
use margay_evaluation::puma::nuclei::{FileScore, NucleiScore};
use margay_evaluation::puma::{Polygon, PumaFile};
use margay_evaluation::{LabelMap, Overlaps, SegmentationScore};
use proptest::prelude::*;

const SIZE: Size = Size::new(9, 7);
const RADIUS_PX: f64 = 6.0;

proptest! {
    #[test]
    fn a_perfect_segmentation_is_one(truth in labels()) {
        let score = score(&truth, &truth);

        let expected = truth.iter().any(|&label| label != 0).then_some(1.0);
        prop_assert_eq!(score.dice.dice(), expected);
        prop_assert_eq!(score.aji.index(), expected);
        prop_assert_eq!(score.aji_plus.index(), expected);
        prop_assert_eq!(score.panoptic.pq(), expected);
    }

    #[test]
    fn figures_are_between_zero_and_one(truth in labels(), predicted in labels()) {
        let score = score(&truth, &predicted);

        let figures = [
            score.dice.dice(),
            score.aji.index(),
            score.aji_plus.index(),
            score.panoptic.dq(),
            score.panoptic.sq(),
            score.panoptic.pq(),
        ];
        prop_assert!(figures.iter().flatten().all(|figure| (0.0..=1.0).contains(figure)));
    }

    #[test]
    fn the_numbers_of_nuclei_do_not_matter(
        truth in labels(),
        predicted in labels(),
        renamed in Just((1..=6_u32).map(|k| k * 1_000_003).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let rename = |labels: &[u32]| -> Vec<u32> {
            labels.iter().map(|&l| if l == 0 { 0 } else { renamed[l as usize - 1] }).collect()
        };

        let (before, after) = (score(&truth, &predicted), score(&rename(&truth), &rename(&predicted)));

        prop_assert_eq!(before.dice, after.dice);
        prop_assert_eq!(before.panoptic.true_positives, after.panoptic.true_positives);
        // The sum is taken in another order.
        prop_assert!((before.panoptic.iou_sum - after.panoptic.iou_sum).abs() < 1e-12);
        prop_assert!(has_ties(&truth, &predicted) || before.aji == after.aji);
    }

    #[test]
    fn truth_and_prediction_exchanged_have_the_same_dice_and_pq(
        truth in labels(),
        predicted in labels(),
    ) {
        let (one, other) = (score(&truth, &predicted), score(&predicted, &truth));

        prop_assert_eq!(one.dice.dice(), other.dice.dice());
        prop_assert_eq!(one.panoptic.dq(), other.panoptic.dq());
        prop_assert!((one.panoptic.iou_sum - other.panoptic.iou_sum).abs() < 1e-12);
    }

    #[test]
    fn where_no_prediction_is_taken_twice_aji_plus_is_aji(
        truth in labels(),
        predicted in labels(),
    ) {
        prop_assume!(!has_ties(&truth, &predicted) && is_one_to_one(&truth, &predicted));

        let score = score(&truth, &predicted);

        prop_assert_eq!(score.aji, score.aji_plus);
    }

    #[test]
    fn aji_plus_has_the_greatest_sum_of_iou_that_one_to_one_pairs_can_have(
        truth in labels(),
        predicted in labels(),
    ) {
        prop_assume!(!has_ties(&truth, &predicted));
        let overlaps = overlaps(&truth, &predicted);

        let best = best_pairs(&overlaps, 0, &mut vec![false; overlaps.predicted().len()]);

        prop_assert_eq!(aji_plus(&overlaps).intersection, best.1);
    }

    #[test]
    fn a_perfect_detection_is_one_by_every_rule(truth in far_dots()) {
        let polygons = |dots: &[Dot]| PumaFile { polygons: dots.iter().map(triangle).collect() };
        let file = FileScore::of(&polygons(&truth), &polygons(&truth));

        prop_assert_eq!(greedy::detection(&truth, &truth, RADIUS_PX).f1(), Some(1.0));
        for pairing in [Pairing::Published, Pairing::WithinRadius] {
            let pairs = pair(&truth, &truth, RADIUS_PX, pairing);
            prop_assert!(pairs.iter().enumerate().all(|(i, &(t, p))| (t, p) == (i, i)));
            prop_assert_eq!(pairs.len(), truth.len());
        }
        let official = NucleiScore::of(&[file]).macro_f1_official;
        prop_assert_eq!(official.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn pairs_are_one_to_one_within_the_radius_and_the_restricted_are_not_fewer(
        truth in dots(),
        predicted in dots(),
    ) {
        let published = pair(&truth, &predicted, RADIUS_PX, Pairing::Published);
        let within = pair(&truth, &predicted, RADIUS_PX, Pairing::WithinRadius);
        let greedy = greedy::detection(&truth, &predicted, RADIUS_PX).true_positives as usize;

        prop_assert!(within.len() >= published.len() && within.len() >= greedy);
        for pairs in [published, within] {
            for (n, &(t, p)) in pairs.iter().enumerate() {
                let (dx, dy) = (truth[t].x - predicted[p].x, truth[t].y - predicted[p].y);
                prop_assert!(dx.hypot(dy) <= RADIUS_PX);
                prop_assert!(pairs[n + 1..].iter().all(|&(other_t, other_p)| other_t != t && other_p != p));
            }
        }
    }
}

/// Maps of labels 0 to 6, in runs, so that nuclei are larger than a pixel.
fn labels() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec((0..=6_u32, 1..12_usize), 1..20).prop_map(|runs| {
        let labels = runs.into_iter().flat_map(|(label, length)| vec![label; length]);
        labels.chain(std::iter::repeat(0)).take(SIZE.pixels()).collect()
    })
}

fn dots() -> impl Strategy<Value = Vec<Dot>> {
    let dot = (0.0..30.0_f64, 0.0..30.0_f64, 0..3_usize);
    prop::collection::vec(dot.prop_map(|(x, y, class)| Dot { x, y, class }), 0..12)
}

/// At least one, none within reach of another.
fn far_dots() -> impl Strategy<Value = Vec<Dot>> {
    prop::collection::btree_map((0..9_u8, 0..9_u8), 0..3_usize, 1..12).prop_map(|cells| {
        let place = |cell: u8| f64::from(cell) * 40.0;
        cells.into_iter().map(|((x, y), class)| Dot { x: place(x), y: place(y), class }).collect()
    })
}

fn triangle(dot: &Dot) -> Polygon {
    let points = vec![[dot.x, dot.y + 1.0], [dot.x - 1.0, dot.y - 1.0], [dot.x + 1.0, dot.y]];
    Polygon { class: format!("class {}", dot.class), score: 1.0, points }
}

fn overlaps(truth: &[u32], predicted: &[u32]) -> Overlaps {
    let truth = LabelMap::new(SIZE, truth).unwrap();
    Overlaps::between(truth, LabelMap::new(SIZE, predicted).unwrap()).unwrap()
}

fn score(truth: &[u32], predicted: &[u32]) -> SegmentationScore {
    let truth = LabelMap::new(SIZE, truth).unwrap();
    SegmentationScore::of(truth, LabelMap::new(SIZE, predicted).unwrap()).unwrap()
}

/// Whether two pairs of nuclei have the same `IoU`, so that a choice is not the only best one.
fn has_ties(truth: &[u32], predicted: &[u32]) -> bool {
    let overlaps = overlaps(truth, predicted);
    let pairs = overlaps.pairs();
    let ties = |(n, a): (usize, &margay_evaluation::Overlap)| {
        pairs[n + 1..].iter().any(|b| a.intersection * b.union == b.intersection * a.union)
    };
    pairs.iter().enumerate().any(ties)
}

/// Whether the best predictions of the nuclei are all different.
fn is_one_to_one(truth: &[u32], predicted: &[u32]) -> bool {
    let overlaps = overlaps(truth, predicted);
    let mut best: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
    for pair in overlaps.pairs() {
        let best = best.entry(pair.truth).or_insert((pair.iou(), pair.predicted));
        if pair.iou() > best.0 {
            *best = (pair.iou(), pair.predicted);
        }
    }
    let mut taken: Vec<usize> = best.values().map(|best| best.1).collect();
    taken.sort_unstable();
    taken.windows(2).all(|two| two[0] != two[1])
}

/// The greatest sum of `IoU` from nucleus `row` on by trying all pairings, with its intersection.
fn best_pairs(overlaps: &Overlaps, row: usize, taken: &mut Vec<bool>) -> (f64, u64) {
    if row == overlaps.truth().len() {
        return (0.0, 0);
    }
    let mut best = best_pairs(overlaps, row + 1, taken);
    for pair in overlaps.pairs().iter().filter(|pair| pair.truth == row) {
        if taken[pair.predicted] {
            continue;
        }
        taken[pair.predicted] = true;
        let rest = best_pairs(overlaps, row + 1, taken);
        taken[pair.predicted] = false;
        if pair.iou() + rest.0 > best.0 {
            best = (pair.iou() + rest.0, pair.intersection + rest.1);
        }
    }
    best
}
