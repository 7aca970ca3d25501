//! HoVer-Net's figures: detection `F_d` and classification `F_c` (Graham et al. 2019, section
//! 4.2.2; their `compute_stats.py`).
//!
//! True and predicted nuclei are paired one to one, whatever their class, at a distance of at most
//! the radius (12 px at 40x and 6 px at 20x in the published figures). Then, over all images:
//! - `F_d = 2 TP_d / (2 TP_d + FP_d + FN_d)` over pairs and unpaired;
//! - `F_c^k = 2 TP_c / (2 TP_c + 2 FP_c + 2 FN_c + FP_d + FN_d)`, where `TP_c` are the pairs of
//!   class k in both, `FP_c` those of k in the prediction alone, `FN_c` those of k in the truth
//!   alone, and `FP_d`, `FN_d` the unpaired of class k. The paper writes `TP_c + TN_c`; the script
//!   keeps only the pairs in which one side is of class k, so that its `TN_c` is always 0;
//! - the accuracy of the class among the pairs.
//!
//! **How pairs are made** is a matter of [`Pairing`]. The script assigns *all* nuclei of the image
//! at the least sum of distances and then drops the pairs beyond the radius; a nucleus that has no
//! partner anywhere near can so tear good pairs apart. The script also cuts positions to whole
//! pixels, which is the caller's to do where published figures are to be met exactly.

use std::ops::Add;

use super::{Counts, Dot};
use crate::assignment::{Edge, heaviest_matching, least_cost};
use crate::mean::ratio;
use crate::neighbours::Neighbours;

/// How true and predicted nuclei are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// As `compute_stats.py` does: all nuclei at the least sum of distances, then without the
    /// pairs beyond the radius. O(n³) in the nuclei of an image at worst.
    Published,
    /// Only nuclei within the radius: as many pairs as there can be, and of these the least sum of
    /// distances. Fast at any number of nuclei.
    WithinRadius,
}

/// Distances beyond this are all the same to [`Pairing::Published`], px: a finite number that no
/// image reaches, so that a position that is not finite has a cost as well.
const FAR_PX: f64 = 1e12;

/// Pairs of (index of the truth, index of the prediction), by rising index of the truth.
pub fn pair(
    truth: &[Dot],
    predicted: &[Dot],
    radius_px: f64,
    pairing: Pairing,
) -> Vec<(usize, usize)> {
    match pairing {
        Pairing::Published => pair_all(truth, predicted, radius_px),
        Pairing::WithinRadius => pair_within(truth, predicted, radius_px),
    }
}

/// The counts of a class over all images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Pairs of this class in truth and prediction: `TP_c`.
    pub agreed: u64,
    /// Pairs of this class in the prediction alone: `FP_c`.
    pub predicted_alone: u64,
    /// Pairs of this class in the truth alone: `FN_c`.
    pub truth_alone: u64,
    /// Unpaired predictions of this class: `FP_d`.
    pub spurious: u64,
    /// Unpaired truths of this class: `FN_d`.
    pub missed: u64,
}

impl ClassCounts {
    /// `F_c`, 0 to 1; none where no nucleus is of the class, in truth or prediction.
    pub fn f_c(self) -> Option<f64> {
        let confused = 2 * (self.predicted_alone + self.truth_alone);
        let all = 2 * self.agreed + confused + self.spurious + self.missed;
        ratio((2 * self.agreed) as f64, all as f64)
    }
}

impl Add for ClassCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            agreed: self.agreed + other.agreed,
            predicted_alone: self.predicted_alone + other.predicted_alone,
            truth_alone: self.truth_alone + other.truth_alone,
            spurious: self.spurious + other.spurious,
            missed: self.missed + other.missed,
        }
    }
}

/// HoVer-Net's counts over images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    detection: Counts,
    agreed: u64,
    classes: Vec<ClassCounts>,
}

impl Totals {
    /// Nothing counted yet, of the classes 0 to `classes - 1`; dots of other classes count in the
    /// detection alone.
    pub fn new(classes: usize) -> Self {
        Self { classes: vec![ClassCounts::default(); classes], ..Self::default() }
    }

    /// Counts one image, whose `pairs` [`pair`] has made.
    ///
    /// Panics where an index of `pairs` is out of range: they are then of another image.
    pub fn add(&mut self, truth: &[Dot], predicted: &[Dot], pairs: &[(usize, usize)]) {
        let counts = Counts::of_pairs(pairs.len(), truth.len(), predicted.len());
        self.detection = self.detection + counts;

        let (mut missed, mut spurious) = (vec![true; truth.len()], vec![true; predicted.len()]);
        for &(true_index, predicted_index) in pairs {
            missed[true_index] = false;
            spurious[predicted_index] = false;
            self.add_pair(truth[true_index].class, predicted[predicted_index].class);
        }
        for (dot, _) in truth.iter().zip(missed).filter(|(_, missed)| *missed) {
            self.with_class(dot.class, |class| class.missed += 1);
        }
        for (dot, _) in predicted.iter().zip(spurious).filter(|(_, spurious)| *spurious) {
            self.with_class(dot.class, |class| class.spurious += 1);
        }
    }

    /// Detection counts; their [`Counts::f1`] is `F_d`.
    pub fn detection(&self) -> Counts {
        self.detection
    }

    /// Counts by class.
    pub fn classes(&self) -> &[ClassCounts] {
        &self.classes
    }

    /// The part of the pairs whose class is right; none where there are no pairs.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.agreed as f64, self.detection.true_positives as f64)
    }

    fn add_pair(&mut self, truth: usize, predicted: usize) {
        if truth == predicted {
            self.agreed += 1;
            self.with_class(truth, |class| class.agreed += 1);
        } else {
            self.with_class(truth, |class| class.truth_alone += 1);
            self.with_class(predicted, |class| class.predicted_alone += 1);
        }
    }

    fn with_class(&mut self, class: usize, count: impl FnOnce(&mut ClassCounts)) {
        if let Some(class) = self.classes.get_mut(class) {
            count(class);
        }
    }
}

fn pair_all(truth: &[Dot], predicted: &[Dot], radius: f64) -> Vec<(usize, usize)> {
    // `min` takes the number where the other is none.
    let cost = |t: usize, p: usize| distance(&truth[t], &predicted[p]).min(FAR_PX);
    least_cost(truth.len(), predicted.len(), cost)
        .into_iter()
        .enumerate()
        .filter_map(|(t, p)| Some((t, p?)))
        .filter(|&(t, p)| distance(&truth[t], &predicted[p]) <= radius)
        .collect()
}

fn pair_within(truth: &[Dot], predicted: &[Dot], radius: f64) -> Vec<(usize, usize)> {
    let neighbours = Neighbours::new(predicted.iter().map(|dot| (dot.x, dot.y)));
    // One more pair must be worth more than any sum of distances that it may cost.
    let worth = (truth.len().min(predicted.len()) + 1) as f64 * radius + 1.0;
    let mut edges = Vec::new();
    for (row, dot) in truth.iter().enumerate() {
        let near = neighbours.about((dot.x, dot.y), radius).filter(|&(_, d)| d <= radius);
        edges.extend(near.map(|(column, d)| Edge { row, column, weight: worth - d }));
    }

    let mut pairs: Vec<(usize, usize)> = heaviest_matching(&edges)
        .into_iter()
        .map(|edge| (edges[edge].row, edges[edge].column))
        .collect();
    pairs.sort_unstable();
    pairs
}

fn distance(truth: &Dot, predicted: &Dot) -> f64 {
    let (dx, dy) = (truth.x - predicted.x, truth.y - predicted.y);
    (dx * dx + dy * dy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lonely_nucleus_tears_a_good_pair_apart_in_the_published_pairing_only() {
        let truth = [dot(100.0, 0), dot(125.0, 0)];
        let predicted = [dot(0.0, 0), dot(105.0, 0)];

        assert_eq!(pair(&truth, &predicted, 12.0, Pairing::Published), []);
        assert_eq!(pair(&truth, &predicted, 12.0, Pairing::WithinRadius), [(0, 1)]);
    }

    #[test]
    fn as_many_pairs_as_there_can_be_come_before_the_nearest_pairs() {
        // 0-0 is the nearest pair, but takes the only partner of truth 1.
        let truth = [dot(0.0, 0), dot(10.0, 0)];
        let predicted = [dot(1.0, 0), dot(-11.0, 0)];

        assert_eq!(pair(&truth, &predicted, 12.0, Pairing::WithinRadius), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_distance_of_exactly_the_radius_is_near_enough() {
        for pairing in [Pairing::Published, Pairing::WithinRadius] {
            assert_eq!(pair(&[dot(0.0, 0)], &[dot(12.0, 0)], 12.0, pairing), [(0, 0)]);
            assert_eq!(pair(&[dot(0.0, 0)], &[dot(12.1, 0)], 12.0, pairing), []);
        }
    }

    #[test]
    fn positions_that_are_not_finite_pair_with_nothing() {
        let strange = [dot(f64::NAN, 0), dot(f64::INFINITY, 0), dot(f64::NEG_INFINITY, 0)];
        let truth = [strange[0], strange[1], dot(5.0, 0)];
        let predicted = [dot(6.0, 0), strange[1], strange[2], strange[0]];

        for pairing in [Pairing::Published, Pairing::WithinRadius] {
            assert_eq!(pair(&truth, &predicted, 12.0, pairing), [(2, 0)]);
        }
    }

    #[test]
    fn a_class_counts_what_is_confused_twice_and_what_is_unpaired_once() {
        let truth = [dot(0.0, 0), dot(50.0, 0), dot(100.0, 1), dot(150.0, 0)];
        let predicted = [dot(0.0, 0), dot(50.0, 1), dot(100.0, 1), dot(250.0, 1), dot(300.0, 9)];
        let mut totals = Totals::new(2);

        totals.add(&truth, &predicted, &pair(&truth, &predicted, 12.0, Pairing::WithinRadius));

        let class = |agreed, predicted_alone, truth_alone, spurious, missed| ClassCounts {
            agreed,
            predicted_alone,
            truth_alone,
            spurious,
            missed,
        };
        assert_eq!(totals.classes(), [class(1, 0, 1, 0, 1), class(1, 1, 0, 1, 0)]);
        assert_eq!(totals.classes()[0].f_c(), Some(2.0 / 5.0));
        assert_eq!(totals.detection().f1(), Some(6.0 / 9.0));
        assert_eq!(totals.accuracy(), Some(2.0 / 3.0));
        assert_eq!(ClassCounts::default().f_c(), None);
    }

    fn dot(x: f64, class: usize) -> Dot {
        Dot { x, y: 0.0, class }
    }
}
