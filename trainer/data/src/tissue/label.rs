//! From nuclei, or from published masks, to tissue labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};
use kernels::resample::Resampler;

use super::{GLASS, STROMA, TUMOUR, TissueRules, TissueSample};
use crate::augment::gaussian;
use crate::sample::UNKNOWN;
use crate::source::PUMA_TISSUE;
use crate::{Dot, Sample};

/// Labels the tissue of `sample` by the density of `nuclei`: its own dots, or what a network found
/// in it, in px of the sample. Nuclei of an unknown class count for nothing.
pub fn label(sample: &Sample, nuclei: &[Dot], rules: &TissueRules) -> TissueSample {
    let grid = Resampler::new(sample.mpp, rules.mpp);
    let size = grid.output_size(sample.image.size());
    let image = grid.window(&sample.image, (0, 0), (0, 0), size);

    let counted = |tumour: bool| {
        nuclei
            .iter()
            .filter(move |dot| dot.class != UNKNOWN && (dot.class == rules.tumour_class) == tumour)
    };
    let tumour = density(counted(true), grid.factor(), size, rules);
    let others = density(counted(false), grid.factor(), size, rules);
    let grey = smoothed_grey(&image, rules.glass_sigma_um / rules.mpp.um_per_px());

    let labels = (0..size.pixels())
        .map(|at| rules.class(f64::from(tumour[at]), f64::from(others[at]), f64::from(grey[at])))
        .collect();
    let (set, name) = (sample.set.clone(), sample.name.clone());
    TissueSample { set, name, mpp: rules.mpp, image, labels }
}

/// Takes the published tissue labels of `sample` at `mpp`; `classes` says which class each of
/// [`PUMA_TISSUE`] is. A label that is not named is unknown. None where the sample has no tissue.
pub fn annotated(
    sample: &Sample,
    mpp: Mpp,
    classes: &BTreeMap<String, u8>,
) -> Option<TissueSample> {
    let resampled = sample.resampled(mpp);
    let by_index: Vec<u8> =
        PUMA_TISSUE.iter().map(|name| classes.get(*name).copied().unwrap_or(UNKNOWN)).collect();
    let class_of = |label: u8| by_index.get(usize::from(label)).copied().unwrap_or(UNKNOWN);
    let labels = resampled.tissue?.into_iter().map(class_of).collect();
    let (set, name) = (resampled.set, resampled.name);
    let image = Arc::unwrap_or_clone(resampled.image);
    Some(TissueSample { set, name, mpp, image, labels })
}

impl TissueRules {
    /// The class of a place with these densities, nuclei per mm², and this grey level.
    fn class(&self, tumour: f64, others: f64, grey: f64) -> u8 {
        let density = tumour + others;
        if grey > self.glass_grey_min && density < self.glass_density_max_per_mm2 {
            return GLASS;
        }
        // Without nuclei there is no part; the density is then below any bound above 0.
        let part = tumour / density;
        if density < self.density_min_per_mm2 {
            UNKNOWN
        } else if part > self.tumour_part_min {
            TUMOUR
        } else if part < self.stroma_part_max {
            STROMA
        } else {
            UNKNOWN
        }
    }
}

/// Nuclei per mm² at each pixel, smoothed; the border is mirrored.
fn density<'a>(
    nuclei: impl Iterator<Item = &'a Dot>,
    factor: f64,
    size: Size,
    rules: &TissueRules,
) -> Vec<f32> {
    let mut plane = vec![0.0; size.pixels()];
    let place = |position: f64, length: usize| ((position / factor) as usize).min(length - 1);
    let per_mm2 = (1.0 / rules.mpp.area_mm2(1)) as f32;
    if size.pixels() > 0 {
        for dot in nuclei {
            plane[place(dot.y, size.height) * size.width + place(dot.x, size.width)] += per_mm2;
        }
    }
    gaussian(&mut plane, size, rules.sigma_um / rules.mpp.um_per_px());
    plane
}

/// The mean of red, green and blue, smoothed.
fn smoothed_grey(image: &RgbImage, sigma_px: f64) -> Vec<f32> {
    let mut grey: Vec<f32> = image
        .pixels()
        .chunks_exact(3)
        .map(|pixel| pixel.iter().map(|value| f32::from(*value)).sum::<f32>() / 3.0)
        .collect();
    gaussian(&mut grey, image.size(), sigma_px);
    grey
}
