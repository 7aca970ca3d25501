//! The Dice coefficient of two masks: `2 |A ∩ B| / (|A| + |B|)` (Dice 1945).
//!
//! Of one image, of the mean over images, or pooled: [`Areas`] of several images add up.
//! Truth and prediction both empty: not defined. One of them empty: 0.

use std::iter::Sum;
use std::ops::Add;

use crate::labels::{ClassMask, LabelMap, SizeMismatch, check_sizes};
use crate::mean::ratio;

/// Areas of two masks and of what they share, px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// Pixels in both.
    pub intersection: u64,
    /// Pixels in the truth.
    pub truth: u64,
    /// Pixels in the prediction.
    pub predicted: u64,
}

impl Areas {
    /// The Dice coefficient, 0 to 1; none where both masks are empty.
    pub fn dice(self) -> Option<f64> {
        ratio((2 * self.intersection) as f64, (self.truth + self.predicted) as f64)
    }

    /// Intersection over union (Jaccard), 0 to 1; none where both masks are empty.
    pub fn iou(self) -> Option<f64> {
        let union = self.truth + self.predicted - self.intersection;
        ratio(self.intersection as f64, union as f64)
    }
}

impl Add for Areas {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            intersection: self.intersection + other.intersection,
            truth: self.truth + other.truth,
            predicted: self.predicted + other.predicted,
        }
    }
}

impl Sum for Areas {
    fn sum<I: Iterator<Item = Self>>(images: I) -> Self {
        images.fold(Self::default(), Add::add)
    }
}

/// Areas of "nucleus or not" in two label maps.
pub fn of_nuclei(truth: LabelMap<'_>, predicted: LabelMap<'_>) -> Result<Areas, SizeMismatch> {
    check_sizes(truth.size(), predicted.size())?;
    let pixels = truth.labels().iter().zip(predicted.labels());
    Ok(areas(pixels.map(|(&truth, &predicted)| (truth != 0, predicted != 0))))
}

/// Areas of each of the classes 0 to `classes - 1` in two class maps; further values, such as
/// "not labelled", belong to none of them.
pub fn of_classes(
    truth: ClassMask<'_>,
    predicted: ClassMask<'_>,
    classes: usize,
) -> Result<Vec<Areas>, SizeMismatch> {
    check_sizes(truth.size(), predicted.size())?;
    let mut by_class = vec![Areas::default(); classes];
    for (&truth, &predicted) in truth.classes().iter().zip(predicted.classes()) {
        if let Some(areas) = by_class.get_mut(usize::from(truth)) {
            areas.truth += 1;
            areas.intersection += u64::from(truth == predicted);
        }
        if let Some(areas) = by_class.get_mut(usize::from(predicted)) {
            areas.predicted += 1;
        }
    }
    Ok(by_class)
}

fn areas(pixels: impl Iterator<Item = (bool, bool)>) -> Areas {
    pixels.fold(Areas::default(), |areas, (truth, predicted)| Areas {
        intersection: areas.intersection + u64::from(truth && predicted),
        truth: areas.truth + u64::from(truth),
        predicted: areas.predicted + u64::from(predicted),
    })
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    const SIZE: Size = Size::new(3, 1);

    #[test]
    fn two_empty_masks_have_no_dice_and_one_empty_mask_has_zero() {
        let empty = LabelMap::new(SIZE, &[0, 0, 0]).unwrap();
        let full = LabelMap::new(SIZE, &[1, 2, 0]).unwrap();

        assert_eq!(of_nuclei(empty, empty).unwrap().dice(), None);
        assert_eq!(of_nuclei(full, empty).unwrap().dice(), Some(0.0));
        assert_eq!(of_nuclei(empty, full).unwrap().dice(), Some(0.0));
        assert_eq!(of_nuclei(full, full).unwrap().dice(), Some(1.0));
    }

    #[test]
    fn a_value_beyond_the_classes_belongs_to_none() {
        let truth = ClassMask::new(SIZE, &[0, 1, 255]).unwrap();
        let predicted = ClassMask::new(SIZE, &[1, 1, 255]).unwrap();

        let by_class = of_classes(truth, predicted, 2).unwrap();

        assert_eq!(by_class[0], Areas { intersection: 0, truth: 1, predicted: 0 });
        assert_eq!(by_class[1], Areas { intersection: 1, truth: 1, predicted: 2 });
        assert_eq!(by_class[1].dice(), Some(2.0 / 3.0));
        assert_eq!(by_class[1].iou(), Some(0.5));
    }
}
