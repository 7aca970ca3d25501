//! The usual figures of an instance segmentation, of an image and of a set of images.
//!
//! Over a set there are two averages: the mean over the images in which the figure is defined,
//! which papers print as Dice, AJI and PQ, and the pooled figure of all images' counts together, in
//! which a large image weighs more. An image without nuclei, in truth and prediction, is in no
//! mean; some scripts count it as 1.

use crate::aji::{self, AggregatedJaccard};
use crate::dice::{self, Areas};
use crate::labels::{LabelMap, SizeMismatch};
use crate::mean::mean_of_defined;
use crate::overlap::Overlaps;
use crate::panoptic::{self, Panoptic};
use crate::summary::Measure;

/// The counts of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentationScore {
    /// Nucleus or not, by pixel.
    pub dice: Areas,
    /// AJI.
    pub aji: AggregatedJaccard,
    /// AJI+.
    pub aji_plus: AggregatedJaccard,
    /// Binary PQ.
    pub panoptic: Panoptic,
}

/// The counts of a set of images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentationTotals {
    images: Vec<SegmentationScore>,
}

impl SegmentationScore {
    /// Compares the label maps of one image.
    pub fn of(truth: LabelMap<'_>, predicted: LabelMap<'_>) -> Result<Self, SizeMismatch> {
        let overlaps = Overlaps::between(truth, predicted)?;
        Ok(Self {
            dice: dice::of_nuclei(truth, predicted)?,
            aji: aji::aji(&overlaps),
            aji_plus: aji::aji_plus(&overlaps),
            panoptic: panoptic::of_nuclei(&overlaps),
        })
    }
}

impl SegmentationTotals {
    /// Adds an image.
    pub fn add(&mut self, image: SegmentationScore) {
        self.images.push(image);
    }

    /// The images, in the order in which they were added.
    pub fn images(&self) -> &[SegmentationScore] {
        &self.images
    }

    /// `Dice`, `AJI`, `AJI+`, `DQ`, `SQ`, `PQ`: means over the images.
    pub fn means(&self) -> Vec<Measure> {
        let mean = |name: &str, figure: fn(&SegmentationScore) -> Option<f64>| {
            Measure::new(name, mean_of_defined(self.images.iter().map(figure)))
        };
        vec![
            mean("Dice", |image| image.dice.dice()),
            mean("AJI", |image| image.aji.index()),
            mean("AJI+", |image| image.aji_plus.index()),
            mean("DQ", |image| image.panoptic.dq()),
            mean("SQ", |image| image.panoptic.sq()),
            mean("PQ", |image| image.panoptic.pq()),
        ]
    }

    /// The same under names that begin with `pooled`: of the counts of all images together.
    pub fn pooled(&self) -> Vec<Measure> {
        let images = || self.images.iter();
        let panoptic: Panoptic = images().map(|image| image.panoptic).sum();
        let dice: Areas = images().map(|image| image.dice).sum();
        let aji: AggregatedJaccard = images().map(|image| image.aji).sum();
        let aji_plus: AggregatedJaccard = images().map(|image| image.aji_plus).sum();
        vec![
            Measure::new("pooled Dice", dice.dice()),
            Measure::new("pooled AJI", aji.index()),
            Measure::new("pooled AJI+", aji_plus.index()),
            Measure::new("pooled DQ", panoptic.dq()),
            Measure::new("pooled SQ", panoptic.sq()),
            Measure::new("pooled PQ", panoptic.pq()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn an_image_without_nuclei_is_in_no_mean() {
        let mut totals = SegmentationTotals::default();
        totals.add(score(&[1, 1, 0], &[1, 1, 0]));
        totals.add(score(&[0, 0, 0], &[0, 0, 0]));

        assert!(totals.means().iter().all(|measure| measure.value == Some(1.0)));
    }

    #[test]
    fn pooling_weighs_by_area_and_the_mean_by_image() {
        let mut totals = SegmentationTotals::default();
        totals.add(score(&[1, 1, 1, 1], &[1, 1, 1, 1]));
        totals.add(score(&[1, 0, 0, 0], &[0, 0, 0, 1]));

        assert_eq!(totals.means()[0].value, Some(0.5));
        assert_eq!(totals.pooled()[0].value, Some(0.8));
        assert_eq!(totals.pooled()[1].value, Some(4.0 / 6.0));
        assert_eq!(totals.pooled()[5].value, Some(0.5));
    }

    fn score(truth: &[u32], predicted: &[u32]) -> SegmentationScore {
        let size = Size::new(truth.len(), 1);
        let truth = LabelMap::new(size, truth).unwrap();
        let predicted = LabelMap::new(size, predicted).unwrap();
        SegmentationScore::of(truth, predicted).unwrap()
    }
}
