//! The official tissue figures: Dice of five classes.
//!
//! Labels: 0 background (not scored), 1 stroma, 2 blood vessel, 3 tumour, 4 epidermis, 5 necrosis.
//! Both masks are first brought to 1024² by nearest neighbour. With I, A and B the pixels in both,
//! in the truth and in the prediction, Dice is `(2 I + ε) / (A + B + ε)`, ε = 1e-5, and
//! - **micro** (ranked): I, A and B over all images; 0 where I is 0, even if both are empty; mean
//!   of the five classes;
//! - **of an image** (reported): 1 where both are empty.
//!
//! Beside them [`TissueTotals::areas`] gives the areas, whose [`Areas::dice`] has no ε and is not
//! defined where both are empty.

use contract::Size;

use super::summation::numpy_mean;
use crate::dice::{Areas, of_classes};
use crate::labels::ClassMask;

/// The size at which masks are compared.
pub const SIZE: Size = Size::new(1024, 1024);

/// Names of the five scored classes, in order of their labels, 1 to 5.
pub const CLASSES: [&str; 5] =
    ["tissue_stroma", "tissue_blood_vessel", "tissue_tumor", "tissue_epidermis", "tissue_necrosis"];

/// Keeps a quotient of nothing by nothing finite.
const EPSILON: f64 = 1e-5;

/// Dice of the five classes, in order of their labels, with their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TissueDice {
    /// Dice of label 1 to 5.
    pub classes: [f64; 5],
    /// Their mean.
    pub average: f64,
}

/// The tissue of the images that were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TissueTotals {
    areas: [Areas; 5],
    image_dice_sum: [f64; 5],
    image_average_sum: f64,
    images: u64,
}

impl TissueTotals {
    /// Adds an image, and returns its own figures.
    ///
    /// Truth and prediction may differ in size: both are brought to [`SIZE`].
    pub fn add(&mut self, truth: ClassMask<'_>, predicted: ClassMask<'_>) -> TissueDice {
        let areas = areas_at_official_size(truth, predicted);
        let dice = image_dice(areas);
        for (total, image) in self.areas.iter_mut().zip(areas) {
            *total = *total + image;
        }
        for (sum, dice) in self.image_dice_sum.iter_mut().zip(dice.classes) {
            *sum += dice;
        }
        self.image_average_sum += dice.average;
        self.images += 1;
        dice
    }

    /// The ranked `average_micro_dice` with its classes.
    pub fn micro(&self) -> TissueDice {
        let classes = self
            .areas
            .map(|areas| if areas.intersection == 0 { 0.0 } else { smoothed_dice(areas) });
        TissueDice { classes, average: numpy_mean(&classes) }
    }

    /// Mean over the images of their own figures; NaN where there are none.
    pub fn mean_of_images(&self) -> TissueDice {
        let images = self.images as f64;
        TissueDice {
            classes: self.image_dice_sum.map(|sum| sum / images),
            average: self.image_average_sum / images,
        }
    }

    /// Areas of the five classes over all images.
    pub fn areas(&self) -> [Areas; 5] {
        self.areas
    }
}

/// Brings a mask to [`SIZE`] by nearest neighbour, as Pillow's `resize(…, NEAREST)` does; a mask
/// without pixels becomes background.
pub fn to_official_size(mask: ClassMask<'_>) -> Vec<u8> {
    let Size { width, height } = mask.size();
    if width == 0 || height == 0 {
        return vec![0; SIZE.pixels()];
    }
    let columns = nearest(width, SIZE.width);
    nearest(height, SIZE.height)
        .into_iter()
        .flat_map(|row| {
            let row = &mask.classes()[row * width..][..width];
            columns.iter().map(|&column| row[column])
        })
        .collect()
}

/// For each target pixel the source pixel in which its centre lies. The position is added up step
/// by step, as in Pillow's `ImagingScaleAffine`, so that it is rounded as there.
fn nearest(source: usize, target: usize) -> Vec<usize> {
    let step = source as f64 / target as f64;
    let mut position = step * 0.5;
    (0..target)
        .map(|_| {
            let at = (position as usize).min(source - 1);
            position += step;
            at
        })
        .collect()
}

fn areas_at_official_size(truth: ClassMask<'_>, predicted: ClassMask<'_>) -> [Areas; 5] {
    let (truth, predicted) = (to_official_size(truth), to_official_size(predicted));
    let truth = ClassMask::new(SIZE, &truth).expect("the mask was made at this size");
    let predicted = ClassMask::new(SIZE, &predicted).expect("the mask was made at this size");
    let areas = of_classes(truth, predicted, CLASSES.len() + 1).expect("both have one size");
    std::array::from_fn(|class| areas[class + 1])
}

fn image_dice(areas: [Areas; 5]) -> TissueDice {
    let classes = areas
        .map(|areas| if areas.truth + areas.predicted == 0 { 1.0 } else { smoothed_dice(areas) });
    // Python's `sum`, one after another.
    let sum = classes.iter().fold(0.0, |sum, dice| sum + dice);
    TissueDice { classes, average: sum / classes.len() as f64 }
}

fn smoothed_dice(areas: Areas) -> f64 {
    let both = (2 * areas.intersection) as f64;
    let union = (areas.truth + areas.predicted) as f64;
    (both + EPSILON) / (union + EPSILON)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the promise is equality to the last bit")]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_nowhere_is_one_in_an_image_and_zero_in_micro() {
        let classes = vec![3; SIZE.pixels()];
        let mask = ClassMask::new(SIZE, &classes).unwrap();
        let mut totals = TissueTotals::default();

        let image = totals.add(mask, mask);

        assert_eq!(image, TissueDice { classes: [1.0; 5], average: 1.0 });
        assert_eq!(totals.micro().classes, [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(totals.micro().average, 0.2);
    }

    #[test]
    fn a_missed_class_of_an_image_is_just_above_zero_there_and_zero_in_micro() {
        let (truth, predicted) = (vec![1; SIZE.pixels()], vec![0; SIZE.pixels()]);
        let mut totals = TissueTotals::default();

        let image = totals
            .add(ClassMask::new(SIZE, &truth).unwrap(), ClassMask::new(SIZE, &predicted).unwrap());

        assert!(image.classes[0] > 0.0 && image.classes[0] < 1e-10);
        assert_eq!(totals.micro().classes[0], 0.0);
        assert_eq!(totals.areas()[0].dice(), Some(0.0));
    }

    #[test]
    fn a_mask_of_the_official_size_stays_as_it_is() {
        let classes: Vec<u8> = (0..SIZE.pixels()).map(|i| (i % 251) as u8).collect();

        assert_eq!(to_official_size(ClassMask::new(SIZE, &classes).unwrap()), classes);
        assert_eq!(to_official_size(ClassMask::new(Size::new(0, 7), &[]).unwrap()).len(), 1 << 20);
    }
}
