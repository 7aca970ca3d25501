//! How an image is stained: optical density, and the two stain vectors.
//!
//! **Contract.** The optical density of a byte `v` is `−log₁₀(max(v, 1) / 255)`; 0 is clear glass, 2.41 the
//! darkest that 8 bits hold. Means are taken over integer histograms, so that they do not depend on
//! the order of the pixels; the logarithm is that of the platform, which is why these figures have a
//! tolerance of 10⁻¹².

mod macenko;

use contract::RgbImage;

use crate::Mask;
pub use macenko::{StainError, StainVectors, macenko};

/// How often each byte occurs in red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [[u64; 256]; 3],
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [[0; 256]; 3] }
    }
}

impl Histogram {
    /// Counts the pixels of `image` that `tissue` sets.
    ///
    /// # Panics
    /// If image and mask differ in size.
    pub fn add(&mut self, image: &RgbImage, tissue: &Mask) {
        assert_eq!(image.size(), tissue.size(), "image and mask have the same size");
        for y in 0..image.height() {
            for x in (0..image.width()).filter(|&x| tissue.get(x, y)) {
                for (counts, value) in self.counts.iter_mut().zip(image.pixel(x, y)) {
                    counts[usize::from(value)] += 1;
                }
            }
        }
    }

    /// Adds what another histogram has counted.
    pub fn merge(&mut self, other: &Self) {
        for (counts, others) in self.counts.iter_mut().zip(&other.counts) {
            for (count, other) in counts.iter_mut().zip(others) {
                *count += other;
            }
        }
    }

    /// Pixels counted.
    pub fn pixels(&self) -> u64 {
        self.counts[0].iter().sum()
    }

    /// Mean optical density of red, green and blue; `None` where nothing was counted.
    pub fn mean_od(&self) -> Option<[f64; 3]> {
        let pixels = self.pixels();
        (pixels > 0).then(|| {
            self.counts.map(|counts| {
                let sum: f64 = (0u8..=255)
                    .zip(counts)
                    .map(|(value, count)| optical_density(value) * count as f64)
                    .sum();
                sum / pixels as f64
            })
        })
    }
}

/// The optical density of a byte.
pub fn optical_density(value: u8) -> f64 {
    // Adding 0 turns the −0 of clear glass into 0.
    -(f64::from(value.max(1)) / 255.0).log10() + 0.0
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn the_mean_is_taken_over_the_tissue_alone() {
        let image = RgbImage::new(Size::new(2, 1), vec![255, 255, 255, 26, 128, 0]).unwrap();
        let tissue = Mask::from_fn(image.size(), |x, _| x == 1);
        let mut histogram = Histogram::default();

        assert_eq!(histogram.mean_od(), None);
        histogram.add(&image, &tissue);

        let [red, green, blue] = histogram.mean_od().unwrap();
        assert!((red - 0.991_566_7).abs() < 1e-6, "{red}");
        assert!((green - 0.299_330_2).abs() < 1e-6, "{green}");
        assert!((blue - 2.406_540_2).abs() < 1e-6, "{blue}");
    }

    #[test]
    fn histograms_add_up() {
        let image = RgbImage::filled(Size::new(3, 3), [10, 20, 30]);
        let all = Mask::from_fn(image.size(), |_, _| true);
        let (mut once, mut twice) = (Histogram::default(), Histogram::default());
        once.add(&image, &all);
        twice.add(&image, &all);

        twice.merge(&once);

        assert_eq!(twice.pixels(), 18);
        assert_eq!(twice.mean_od(), once.mean_od());
    }
}
