//! The aggregated Jaccard index, AJI (Kumar et al. 2017, IEEE TMI 36:1550) and AJI+ (Graham et al.
//! 2019, HoVer-Net, Medical Image Analysis 58:101563).
//!
//! Both are `Σ |T ∩ P| / (Σ |T ∪ P| + Σ |T alone| + Σ |P alone|)` over pairs of nuclei, and differ
//! in the pairs. **AJI**: each true nucleus takes the prediction of greatest intersection over
//! union (the lowest label among equals), which others may take as well. **AJI+**: one to one,
//! with the greatest sum of intersection over union.
//!
//! Where AJI's pairs are one to one, AJI+ is the same number. AJI+ is usually greater, since AJI
//! counts the area of a prediction that is taken twice twice, but it need not be: one prediction
//! that exactly covers two true nuclei of one size has AJI 1/2 and AJI+ 1/3.
//!
//! Truth and prediction both empty: not defined. One of them empty: 0.

use std::iter::Sum;
use std::ops::Add;

use crate::assignment::{Edge, heaviest_matching};
use crate::mean::ratio;
use crate::overlap::{Overlap, Overlaps};

/// The two sums of an aggregated Jaccard index, px; those of several images add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AggregatedJaccard {
    /// Σ of the intersections of the pairs.
    pub intersection: u64,
    /// Σ of the unions of the pairs and of the areas of what is in no pair.
    pub union: u64,
}

impl AggregatedJaccard {
    /// The index, 0 to 1; none where truth and prediction are both empty.
    pub fn index(self) -> Option<f64> {
        ratio(self.intersection as f64, self.union as f64)
    }
}

impl Add for AggregatedJaccard {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            intersection: self.intersection + other.intersection,
            union: self.union + other.union,
        }
    }
}

impl Sum for AggregatedJaccard {
    fn sum<I: Iterator<Item = Self>>(images: I) -> Self {
        images.fold(Self::default(), Add::add)
    }
}

/// AJI of one image.
pub fn aji(overlaps: &Overlaps) -> AggregatedJaccard {
    let of_truth = |a: &Overlap, b: &Overlap| a.truth == b.truth;
    let best = overlaps.pairs().chunk_by(of_truth).map(|of_one| {
        // Not `max_by`, which takes the last of equals.
        of_one
            .iter()
            .fold(of_one[0], |best, pair| if pair.iou() > best.iou() { *pair } else { best })
    });
    aggregate(overlaps, best)
}

/// AJI+ of one image.
///
/// Where several pairings have the same greatest sum, which is rare outside made-up images, the
/// index is that of one of them, always the same one.
pub fn aji_plus(overlaps: &Overlaps) -> AggregatedJaccard {
    let edges: Vec<Edge> = overlaps
        .pairs()
        .iter()
        .map(|pair| Edge { row: pair.truth, column: pair.predicted, weight: pair.iou() })
        .collect();
    let chosen = heaviest_matching(&edges);
    aggregate(overlaps, chosen.into_iter().map(|edge| overlaps.pairs()[edge]))
}

fn aggregate(overlaps: &Overlaps, pairs: impl Iterator<Item = Overlap>) -> AggregatedJaccard {
    let mut sums = AggregatedJaccard::default();
    let mut truth_alone = vec![true; overlaps.truth().len()];
    let mut predicted_alone = vec![true; overlaps.predicted().len()];
    for pair in pairs {
        sums.intersection += pair.intersection;
        sums.union += pair.union;
        truth_alone[pair.truth] = false;
        predicted_alone[pair.predicted] = false;
    }
    let truth = overlaps.truth().iter().zip(truth_alone);
    let predicted = overlaps.predicted().iter().zip(predicted_alone);
    sums.union += truth
        .chain(predicted)
        .filter_map(|(instance, alone)| alone.then_some(instance.area))
        .sum::<u64>();
    sums
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;
    use crate::labels::LabelMap;

    #[test]
    fn a_prediction_over_two_nuclei_counts_twice_in_aji_and_once_in_aji_plus() {
        let overlaps = compare(&[1, 1, 2, 2], &[5, 5, 5, 5]);

        assert_eq!(aji(&overlaps), AggregatedJaccard { intersection: 4, union: 8 });
        assert_eq!(aji_plus(&overlaps), AggregatedJaccard { intersection: 2, union: 6 });
    }

    #[test]
    fn aji_plus_gives_a_contested_prediction_to_the_pairing_that_is_best_in_sum() {
        // 1 overlaps 5 (IoU 2/4) and 6 (IoU 1/3); 2 overlaps 5 alone (IoU 1/4).
        let overlaps = compare(&[1, 1, 1, 2, 2, 0], &[5, 5, 6, 5, 0, 0]);

        let sums = aji_plus(&overlaps);

        // 1-5 alone: 2/4. 1-6 and 2-5: 1/3 + 1/4.
        assert_eq!(sums, AggregatedJaccard { intersection: 2, union: 7 });
    }

    #[test]
    fn empty_truth_or_empty_prediction_is_zero_and_both_are_not_defined() {
        let (empty, full) = ([0, 0], [1, 0]);

        for figure in [aji, aji_plus] {
            assert_eq!(figure(&compare(&empty, &full)).index(), Some(0.0));
            assert_eq!(figure(&compare(&full, &empty)).index(), Some(0.0));
            assert_eq!(figure(&compare(&empty, &empty)).index(), None);
        }
    }

    fn compare(truth: &[u32], predicted: &[u32]) -> Overlaps {
        let size = Size::new(truth.len(), 1);
        let truth = LabelMap::new(size, truth).unwrap();
        let predicted = LabelMap::new(size, predicted).unwrap();
        Overlaps::between(truth, predicted).unwrap()
    }
}
