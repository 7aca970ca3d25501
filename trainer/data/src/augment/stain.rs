//! The stains of an image in six numbers, and the map that gives an image the stains of another.
//!
//! Mean and deviation are matched in a space in which the components hardly correlate (Reinhard
//! et al. 2001), here one of optical density, in which stains add:
//!
//! - optical density of a value: od = −ln((value + 1) / 256);
//! - components z = B·od: B's rows are (1, 1, 1)/√3 intensity, (1, 0, −1)/√2 red against blue, and
//!   (1, −2, 1)/√6 green against magenta. B is orthonormal, so od = Bᵀ·z;
//! - statistics: mean and standard deviation + 0.001 of each component over every second pixel of
//!   every second row whose mean od is above 0.08; of fewer than 500 such pixels, over all;
//! - map from s to t at strength w: ratio r = clamp(sd(t) / sd(s), 0.4, 2.5)^w, centre
//!   m = mean(s) + w·(mean(t) − mean(s)), z' = m + r·(z − mean(s)), od' = max(0, Bᵀ·z'), and
//!   back by value = 256·exp(−od') − 1.

use contract::RgbImage;
use serde::{Deserialize, Serialize};

/// Rows: intensity, red against blue, green against magenta.
const COMPONENTS: [[f64; 3]; 3] = [
    [0.577_350_269_189_625_8, 0.577_350_269_189_625_8, 0.577_350_269_189_625_8],
    [std::f64::consts::FRAC_1_SQRT_2, 0.0, -std::f64::consts::FRAC_1_SQRT_2],
    [0.408_248_290_463_863, -0.816_496_580_927_726, 0.408_248_290_463_863],
];
/// Every second pixel in each direction tells as much as all of them.
const STEP: usize = 2;
/// Glass is fainter than this, mean optical density of the channels.
const TISSUE_DENSITY: f64 = 0.08;
/// Of fewer pixels of tissue no deviation can be told.
const TISSUE_PIXELS_MIN: usize = 500;
/// Keeps a deviation from being 0, and a ratio finite.
const SD_MIN: f64 = 1e-3;
/// A spread is stretched this much at most, and pressed as much: more would show noise as tissue.
const RATIO_MAX: f64 = 2.5;

/// Mean and standard deviation of the components of optical density.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StainStatistics {
    /// Mean of intensity, of red against blue, and of green against magenta.
    pub mean: [f64; 3],
    /// Standard deviation of each, 0.001 added.
    pub sd: [f64; 3],
}

impl StainStatistics {
    /// The statistics of `image`; of an image without pixels, those of white glass.
    pub fn of(image: &RgbImage) -> Self {
        let density: Vec<f64> =
            (0..=255_u8).map(|value| -((f64::from(value) + 1.0) / 256.0).ln()).collect();
        let (mut tissue, mut all) = (Moments::default(), Moments::default());
        let row_bytes = STEP * 3 * image.width();
        for rows in image.pixels().chunks(row_bytes.max(1)) {
            for pixel in rows[..rows.len().min(3 * image.width())].chunks(3).step_by(STEP) {
                let od = [0, 1, 2].map(|channel| density[usize::from(pixel[channel])]);
                let components = COMPONENTS.map(|row| dot(row, od));
                all.add(components);
                if od.iter().sum::<f64>() / 3.0 > TISSUE_DENSITY {
                    tissue.add(components);
                }
            }
        }
        if tissue.count < TISSUE_PIXELS_MIN { all.statistics() } else { tissue.statistics() }
    }
}

/// Running sums of the components.
#[derive(Default)]
struct Moments {
    count: usize,
    sum: [f64; 3],
    squares: [f64; 3],
}

impl Moments {
    fn add(&mut self, components: [f64; 3]) {
        self.count += 1;
        for (i, value) in components.into_iter().enumerate() {
            self.sum[i] += value;
            self.squares[i] += value * value;
        }
    }

    fn statistics(&self) -> StainStatistics {
        let count = self.count.max(1) as f64;
        let mean = self.sum.map(|sum| sum / count);
        let sd = [0, 1, 2].map(|i| {
            let variance = self.squares[i] / count - mean[i] * mean[i];
            variance.max(0.0).sqrt() + SD_MIN
        });
        StainStatistics { mean, sd }
    }
}

/// A change of stains: od' = od · `matrix` + `shift`, not yet cut at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StainMap {
    pub(crate) matrix: [[f64; 3]; 3],
    pub(crate) shift: [f64; 3],
}

impl StainMap {
    /// From the stains `from` towards the stains `to`: `strength` 0 is no change, 1 all the way.
    pub(crate) fn towards(from: &StainStatistics, to: &StainStatistics, strength: f64) -> Self {
        let ratio = [0, 1, 2]
            .map(|i| (to.sd[i] / from.sd[i]).clamp(1.0 / RATIO_MAX, RATIO_MAX).powf(strength));
        let moved = [0, 1, 2].map(|i| {
            let centre = from.mean[i] + strength * (to.mean[i] - from.mean[i]);
            centre - ratio[i] * from.mean[i]
        });
        let back = |channel: usize, weights: [f64; 3]| {
            (0..3).map(|i| COMPONENTS[i][channel] * weights[i]).sum()
        };
        let matrix = [0, 1, 2].map(|from| {
            let scaled = [0, 1, 2].map(|i| COMPONENTS[i][from] * ratio[i]);
            [0, 1, 2].map(|to| back(to, scaled))
        });
        Self { matrix, shift: [0, 1, 2].map(|channel| back(channel, moved)) }
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests;
