//! Panoptic quality, PQ = DQ · SQ (Kirillov et al. 2019, CVPR, section 4.1).
//!
//! A true and a predicted nucleus are a pair where their intersection over union is **above** 0.5;
//! no nucleus can be in two such pairs. `DQ = TP / (TP + FP/2 + FN/2)`, `SQ` = mean `IoU` of the
//! pairs, `PQ = Σ IoU / (TP + FP/2 + FN/2)`.
//!
//! PQ of nuclei whatever their class is bPQ. For the mean over classes, mPQ, there are two
//! conventions, and both are here: the mean over images ([`mpq`], `PanNuke`, Gamper et al. 2020) and
//! the pooled one ([`mpq_pooled`], `CoNIC`'s mPQ+, Graham et al. 2021).
//!
//! Truth and prediction both empty: not defined. One of them empty: DQ and PQ are 0, SQ is not
//! defined. HoVer-Net's script divides by `TP + 1e-6` and gives SQ 0 there.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::Add;

use crate::mean::{mean_of_defined, ratio};
use crate::overlap::{Instance, Overlap, Overlaps};

/// The counts behind a panoptic quality; those of several images add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Panoptic {
    /// Pairs of `IoU` above 0.5.
    pub true_positives: u64,
    /// Predicted nuclei in no pair.
    pub false_positives: u64,
    /// True nuclei in no pair.
    pub false_negatives: u64,
    /// Sum of the `IoU` of the pairs.
    pub iou_sum: f64,
}

/// Classes of the nuclei of a label map, by label; a nucleus that is not named has no class.
pub type ClassOfLabel = BTreeMap<u32, usize>;

impl Panoptic {
    /// Detection quality, 0 to 1: the F1 of the pairs.
    pub fn dq(self) -> Option<f64> {
        ratio(self.true_positives as f64, self.halves())
    }

    /// Segmentation quality, 0.5 to 1: the mean `IoU` of the pairs.
    pub fn sq(self) -> Option<f64> {
        ratio(self.iou_sum, self.true_positives as f64)
    }

    /// Panoptic quality, 0 to 1.
    pub fn pq(self) -> Option<f64> {
        ratio(self.iou_sum, self.halves())
    }

    /// PQ as `PanNuke` counts it: not defined where the truth is empty, even if there are
    /// predictions.
    pub fn pq_where_present(self) -> Option<f64> {
        if self.true_positives + self.false_negatives == 0 { None } else { self.pq() }
    }

    fn halves(self) -> f64 {
        self.true_positives as f64
            + 0.5 * self.false_positives as f64
            + 0.5 * self.false_negatives as f64
    }
}

impl Add for Panoptic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            true_positives: self.true_positives + other.true_positives,
            false_positives: self.false_positives + other.false_positives,
            false_negatives: self.false_negatives + other.false_negatives,
            iou_sum: self.iou_sum + other.iou_sum,
        }
    }
}

impl Sum for Panoptic {
    fn sum<I: Iterator<Item = Self>>(images: I) -> Self {
        images.fold(Self::default(), Add::add)
    }
}

/// Panoptic counts of the nuclei of one image, whatever their class.
pub fn of_nuclei(overlaps: &Overlaps) -> Panoptic {
    let pairs = overlaps.pairs().iter().filter(|pair| is_match(pair));
    count(pairs, overlaps.truth().len(), overlaps.predicted().len())
}

/// Panoptic counts of one image for each of the classes 0 to `classes - 1`: of the nuclei that are
/// of the class in the truth, against those that are of the class in the prediction.
pub fn of_classes(
    overlaps: &Overlaps,
    truth: &ClassOfLabel,
    predicted: &ClassOfLabel,
    classes: usize,
) -> Vec<Panoptic> {
    let truth = class_of_each(overlaps.truth(), truth);
    let predicted = class_of_each(overlaps.predicted(), predicted);
    (0..classes)
        .map(|class| {
            let of_class = |pair: &&Overlap| {
                truth[pair.truth] == Some(class)
                    && predicted[pair.predicted] == Some(class)
                    && is_match(pair)
            };
            let pairs = overlaps.pairs().iter().filter(of_class);
            count(pairs, count_of(class, &truth), count_of(class, &predicted))
        })
        .collect()
}

/// `PanNuke`'s mPQ: for each image the mean PQ of the classes that its truth holds, then the mean
/// over the images. `images[i][k]` is class k of image i.
pub fn mpq(images: &[Vec<Panoptic>]) -> Option<f64> {
    mean_of_defined(
        images
            .iter()
            .map(|classes| mean_of_defined(classes.iter().map(|class| class.pq_where_present()))),
    )
}

/// PQ of class k as `PanNuke` tabulates it: the mean over the images whose truth holds the class.
pub fn class_pq(images: &[Vec<Panoptic>], class: usize) -> Option<f64> {
    mean_of_defined(images.iter().filter_map(|i| i.get(class)).map(|p| p.pq_where_present()))
}

/// The mean over the classes of the PQ of all images' counts together. `images[i][k]` is class k
/// of image i. A class that is in no truth and in no prediction is left out.
pub fn mpq_pooled(images: &[Vec<Panoptic>]) -> Option<f64> {
    let classes = images.iter().map(Vec::len).max().unwrap_or(0);
    mean_of_defined((0..classes).map(|class| pooled(images, class).pq()))
}

/// The counts of class k over all images.
pub fn pooled(images: &[Vec<Panoptic>], class: usize) -> Panoptic {
    images.iter().filter_map(|image| image.get(class)).copied().sum()
}

/// `IoU` above 0.5, in integers.
fn is_match(pair: &Overlap) -> bool {
    2 * pair.intersection > pair.union
}

fn count<'a>(pairs: impl Iterator<Item = &'a Overlap>, truth: usize, predicted: usize) -> Panoptic {
    let (pairs, iou_sum) = pairs.fold((0, 0.0), |(n, sum), pair| (n + 1, sum + pair.iou()));
    Panoptic {
        true_positives: pairs,
        false_positives: predicted as u64 - pairs,
        false_negatives: truth as u64 - pairs,
        iou_sum,
    }
}

fn class_of_each(instances: &[Instance], classes: &ClassOfLabel) -> Vec<Option<usize>> {
    instances.iter().map(|instance| classes.get(&instance.label).copied()).collect()
}

fn count_of(class: usize, classes: &[Option<usize>]) -> usize {
    classes.iter().filter(|&&of_one| of_one == Some(class)).count()
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;
    use crate::labels::LabelMap;

    #[test]
    fn an_iou_of_exactly_one_half_is_no_pair() {
        let half = of_nuclei(&compare(&[1, 1], &[1, 0]));
        let above = of_nuclei(&compare(&[1, 1, 1], &[1, 1, 0]));

        assert_eq!((half.true_positives, half.false_positives, half.false_negatives), (0, 1, 1));
        assert_eq!(above.pq(), Some(2.0 / 3.0));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        let nothing = of_nuclei(&compare(&[0, 0], &[0, 0]));
        let spurious = of_nuclei(&compare(&[0, 0], &[1, 0]));
        let missed = of_nuclei(&compare(&[1, 0], &[0, 0]));

        assert_eq!((nothing.dq(), nothing.sq(), nothing.pq()), (None, None, None));
        assert_eq!((spurious.dq(), spurious.sq(), spurious.pq()), (Some(0.0), None, Some(0.0)));
        assert_eq!(spurious.pq_where_present(), None);
        assert_eq!(missed.pq_where_present(), Some(0.0));
    }

    #[test]
    fn a_class_that_an_image_does_not_hold_is_left_out_of_the_mean() {
        let good = Panoptic { true_positives: 1, iou_sum: 0.8, ..Panoptic::default() };
        let spurious = Panoptic { false_positives: 2, ..Panoptic::default() };
        let images = [vec![good, spurious], vec![good, Panoptic::default()]];

        assert_eq!(mpq(&images), Some(0.8));
        assert_eq!(class_pq(&images, 1), None);
        assert_eq!(mpq_pooled(&images), Some(0.4));
    }

    #[test]
    fn a_pair_of_two_classes_is_a_miss_of_one_and_a_false_alarm_of_the_other() {
        let overlaps = compare(&[1, 1, 2, 2, 3], &[1, 1, 2, 2, 0]);
        let truth = BTreeMap::from([(1, 0), (2, 0), (3, 1)]);
        let predicted = BTreeMap::from([(1, 0), (2, 1)]);

        let by_class = of_classes(&overlaps, &truth, &predicted, 3);

        let counts = |p: Panoptic| (p.true_positives, p.false_positives, p.false_negatives);
        assert_eq!(counts(by_class[0]), (1, 0, 1));
        assert_eq!(counts(by_class[1]), (0, 1, 1));
        assert_eq!(counts(by_class[2]), (0, 0, 0));
    }

    fn compare(truth: &[u32], predicted: &[u32]) -> Overlaps {
        let size = Size::new(truth.len(), 1);
        let truth = LabelMap::new(size, truth).unwrap();
        let predicted = LabelMap::new(size, predicted).unwrap();
        Overlaps::between(truth, predicted).unwrap()
    }
}
