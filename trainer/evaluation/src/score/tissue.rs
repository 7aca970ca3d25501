//! The figures of the tissue of one image, or of several together.

use serde::Serialize;

use crate::mean_of_defined;
use crate::puma::tissue::{CLASSES, TissueDice, TissueTotals};

/// Dice of tissue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TissueFigures {
    /// Images.
    pub images: u64,
    /// The leaderboard's `average_micro_dice`.
    pub puma_micro_dice: f64,
    /// Mean over the images of the challenge's Dice of an image.
    pub puma_image_dice: f64,
    /// Mean of the defined [`TissueClassFigures::dice`].
    pub dice: Option<f64>,
    /// By class.
    pub classes: Vec<TissueClassFigures>,
}

/// One class of tissue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TissueClassFigures {
    /// The challenge's name of it.
    pub class: String,
    /// Its area in the truth, px of 1024².
    pub truth_px: u64,
    /// Its area in the result, px of 1024².
    pub predicted_px: u64,
    /// The challenge's micro Dice.
    pub puma_micro_dice: f64,
    /// Mean over the images of the challenge's Dice of an image.
    pub puma_image_dice: f64,
    /// Dice of the areas of all images together; none where there are none.
    pub dice: Option<f64>,
}

impl TissueFigures {
    /// The figures of the `images` that are in `totals`: at least one.
    pub(super) fn of(totals: &TissueTotals, images: u64) -> Self {
        let (micro, mean) = (totals.micro(), totals.mean_of_images());
        let classes = classes(totals, &micro, &mean);
        Self {
            images,
            puma_micro_dice: micro.average,
            puma_image_dice: mean.average,
            dice: mean_of_defined(classes.iter().map(|class| class.dice)),
            classes,
        }
    }
}

fn classes(
    totals: &TissueTotals,
    micro: &TissueDice,
    mean: &TissueDice,
) -> Vec<TissueClassFigures> {
    let areas = totals.areas();
    (0..CLASSES.len())
        .map(|class| TissueClassFigures {
            class: CLASSES[class].to_owned(),
            truth_px: areas[class].truth,
            predicted_px: areas[class].predicted,
            puma_micro_dice: micro.classes[class],
            puma_image_dice: mean.classes[class],
            dice: areas[class].dice(),
        })
        .collect()
}
