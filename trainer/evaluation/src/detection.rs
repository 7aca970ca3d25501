//! Detection and classification of nuclei as points: F1 by distance.
//!
//! Three rules are in use, and their figures are not comparable:
//! - [`greedy`]: MCSpatNet's rule, of the BRCA-M2C figures (Abousamra et al. 2021, ICCV);
//! - [`hungarian`]: HoVer-Net's `F_d` and `F_c` (Graham et al. 2019, section 4.2.2);
//! - [`crate::puma::nuclei`]: the PUMA challenge's.
//!
//! [`Counts`] of several images add up: pooled F1. Truth and prediction both empty: not defined.
//! One of them empty: 0.

pub mod greedy;
pub mod hungarian;

use std::iter::Sum;
use std::ops::Add;

use contract::Nucleus;

use crate::mean::ratio;

/// A nucleus as a point with a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Pixels to the right.
    pub x: f64,
    /// Pixels down.
    pub y: f64,
    /// Index of the class.
    pub class: usize,
}

impl From<&Nucleus> for Dot {
    fn from(nucleus: &Nucleus) -> Self {
        let (x, y) = (f64::from(nucleus.centroid.x), f64::from(nucleus.centroid.y));
        Self { x, y, class: nucleus.class }
    }
}

/// What was found and what was not; the counts of several images add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Predictions that are paired with a truth.
    pub true_positives: u64,
    /// Predictions that are not.
    pub false_positives: u64,
    /// Truths that are not paired.
    pub false_negatives: u64,
}

impl Counts {
    /// The counts where `pairs` of `truth` true and `predicted` predicted nuclei are paired.
    pub(crate) fn of_pairs(pairs: usize, truth: usize, predicted: usize) -> Self {
        Self {
            true_positives: pairs as u64,
            false_positives: (predicted - pairs) as u64,
            false_negatives: (truth - pairs) as u64,
        }
    }

    /// `TP / (TP + FP)`; none where nothing is predicted.
    pub fn precision(self) -> Option<f64> {
        let predicted = self.true_positives + self.false_positives;
        ratio(self.true_positives as f64, predicted as f64)
    }

    /// `TP / (TP + FN)`; none where the truth is empty.
    pub fn recall(self) -> Option<f64> {
        let truth = self.true_positives + self.false_negatives;
        ratio(self.true_positives as f64, truth as f64)
    }

    /// `2 TP / (2 TP + FP + FN)`; none where truth and prediction are both empty.
    pub fn f1(self) -> Option<f64> {
        let both = 2 * self.true_positives + self.false_positives + self.false_negatives;
        ratio((2 * self.true_positives) as f64, both as f64)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            true_positives: self.true_positives + other.true_positives,
            false_positives: self.false_positives + other.false_positives,
            false_negatives: self.false_negatives + other.false_negatives,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(images: I) -> Self {
        images.fold(Self::default(), Add::add)
    }
}

/// Adds the counts by class of one image to those of others.
pub fn add_by_class(total: &mut Vec<Counts>, image: &[Counts]) {
    total.resize(total.len().max(image.len()), Counts::default());
    for (total, image) in total.iter_mut().zip(image) {
        *total = *total + *image;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_nothing_are_not_defined() {
        let missed = Counts { false_negatives: 3, ..Counts::default() };

        assert_eq!(Counts::default().f1(), None);
        assert_eq!(
            (missed.precision(), missed.recall(), missed.f1()),
            (None, Some(0.0), Some(0.0))
        );
    }

    #[test]
    fn counts_of_images_add_up_by_class() {
        let one = Counts { true_positives: 1, false_positives: 2, false_negatives: 3 };
        let mut total = vec![one];

        add_by_class(&mut total, &[one, one]);

        assert_eq!(total, [one + one, one]);
        assert_eq!(total.into_iter().sum::<Counts>().f1(), Some(6.0 / 21.0));
    }
}
