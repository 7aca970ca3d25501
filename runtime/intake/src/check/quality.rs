//! How good a tile is: sharp, not empty, not saturated, stained as what the model learnt from.
//!
//! Glass is judged where the pipeline judges it, at the tissue model's resolution and grey level;
//! focus where it does, at the nuclei model's. No threshold is assumed: the caller states each.

use contract::{Mpp, RgbImage, Size};
use kernels::glass::glass;
use kernels::resample::Resampler;
use kernels::stain::Histogram;
use kernels::{Mask, focus};
use serde::Serialize;

/// The share of glass from which a tile says nothing of the focus: the border of the tissue is
/// soft on any slide.
const FOCUS_GLASS_FRACTION_MAX: f64 = 0.5;

/// By what a tile is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityRule {
    /// Resolution at which glass and stain are looked at: the tissue model's.
    pub glass_mpp: Mpp,
    /// Smoothed grey level above which a pixel is glass, 0 to 255.
    pub glass_grey_min: f32,
    /// Resolution at which the focus is looked at: the nuclei model's.
    pub focus_mpp: Mpp,
    /// Re-blur ratio below which a tile is out of focus; of the scanner, so it may be unknown.
    pub focus_min: Option<f64>,
    /// Part of glass from which a tile is empty.
    pub empty_glass_min: f64,
    /// Part of the tissue with a channel at 0 or 255 from which a tile is saturated.
    pub saturated_min: f64,
    /// Mean optical densities that the model has learnt from, if they are known.
    pub stain: Option<OdRange>,
}

/// A range of mean optical densities, red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OdRange {
    /// The least of each.
    pub low: [f64; 3],
    /// The greatest of each.
    pub high: [f64; 3],
}

/// What was seen in a tile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TileQuality {
    /// Re-blur ratio; absent where there is too little tissue to say.
    pub focus: Option<f64>,
    /// Part of the tile that is glass, 0 to 1.
    pub glass_fraction: f64,
    /// Part of the tissue's pixels with a channel at 0 or 255, 0 to 1; 0 where there is no tissue.
    pub saturated_fraction: f64,
    /// Mean optical density of the tissue; absent where there is none.
    pub stain: Option<[f64; 3]>,
    /// How far `stain` lies outside the range, as a length of optical density; absent where
    /// either is.
    pub stain_distance: Option<f64>,
    /// What is wrong with the tile.
    pub flags: Vec<Flag>,
}

/// One thing that is wrong with a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It is blurred.
    OutOfFocus,
    /// It shows glass.
    Empty,
    /// Its tissue is over- or under-exposed.
    Saturated,
    /// Its stain is not one that the model has learnt from.
    StainFar,
}

/// Looks at a tile of `mpp`.
pub fn quality(image: &RgbImage, mpp: Mpp, rule: &QualityRule) -> TileQuality {
    let overview = Overview::new(image, mpp, rule);
    let glass_fraction = overview.glass_fraction();
    let says_focus = glass_fraction <= FOCUS_GLASS_FRACTION_MAX;
    let focus =
        says_focus.then(|| focus::reblur_ratio(&at(image, mpp, rule.focus_mpp).0)).flatten();
    let stain = overview.stain();
    let mut seen = TileQuality {
        focus,
        glass_fraction,
        saturated_fraction: overview.saturated_fraction(image),
        stain,
        stain_distance: stain.zip(rule.stain).map(|(od, range)| range.distance(od)),
        flags: Vec::new(),
    };
    seen.flags = flags(&seen, rule);
    seen
}

fn flags(seen: &TileQuality, rule: &QualityRule) -> Vec<Flag> {
    let out_of_focus = seen.focus.zip(rule.focus_min).is_some_and(|(focus, least)| focus < least);
    let wrong = [
        (Flag::OutOfFocus, out_of_focus),
        (Flag::Empty, seen.glass_fraction >= rule.empty_glass_min),
        (Flag::Saturated, seen.saturated_fraction >= rule.saturated_min),
        (Flag::StainFar, seen.stain_distance.is_some_and(|distance| distance > 0.0)),
    ];
    wrong.into_iter().filter_map(|(flag, holds)| holds.then_some(flag)).collect()
}

impl OdRange {
    /// How far `od` lies outside; 0 inside.
    fn distance(&self, od: [f64; 3]) -> f64 {
        let outside = |i: usize| (self.low[i] - od[i]).max(od[i] - self.high[i]).max(0.0);
        (0..3).map(|i| outside(i) * outside(i)).sum::<f64>().sqrt()
    }
}

/// A tile at the resolution at which glass is told from tissue.
struct Overview {
    image: RgbImage,
    tissue: Mask,
    /// Level-0 pixels of a cell's edge.
    factor: f64,
}

impl Overview {
    fn new(tile: &RgbImage, mpp: Mpp, rule: &QualityRule) -> Self {
        let (image, factor) = at(tile, mpp, rule.glass_mpp);
        let glass = glass(&image, rule.glass_grey_min);
        let tissue = Mask::from_fn(image.size(), |x, y| !glass.get(x, y));
        Self { image, tissue, factor }
    }

    fn glass_fraction(&self) -> f64 {
        let cells = self.image.size().pixels().max(1) as f64;
        1.0 - self.tissue.count() as f64 / cells
    }

    fn stain(&self) -> Option<[f64; 3]> {
        let mut histogram = Histogram::default();
        histogram.add(&self.image, &self.tissue);
        histogram.mean_od()
    }

    /// Counts at level 0: averaged, a burnt pixel looks like a bright one. White is burnt glass
    /// wherever it lies, since the border of the glass is blurred.
    fn saturated_fraction(&self, tile: &RgbImage) -> f64 {
        let Size { width, height } = tile.size();
        let cells = self.image.size();
        let cell = |px: usize, cells: usize| {
            (((px as f64 + 0.5) / self.factor) as usize).min(cells.saturating_sub(1))
        };
        let columns: Vec<usize> = (0..width).map(|x| cell(x, cells.width)).collect();
        let (mut tissue, mut saturated) = (0_u64, 0_u64);
        for y in 0..height {
            let row = cell(y, cells.height);
            for (x, &column) in columns.iter().enumerate() {
                let pixel = tile.pixel(x, y);
                if self.tissue.get(column, row) && pixel != [u8::MAX; 3] {
                    tissue += 1;
                    saturated += u64::from(pixel.contains(&0) || pixel.contains(&u8::MAX));
                }
            }
        }
        saturated as f64 / tissue.max(1) as f64
    }
}

/// `tile` at the resolution `to`, and the level-0 pixels of its pixel's edge.
fn at(tile: &RgbImage, mpp: Mpp, to: Mpp) -> (RgbImage, f64) {
    let resampler = Resampler::new(mpp, to);
    let size = resampler.output_size(tile.size());
    (resampler.window(tile, (0, 0), (0, 0), size), resampler.factor())
}

#[cfg(test)]
mod tests {
    use kernels::grey::luma_plane;
    use kernels::smooth::smooth;

    use super::*;

    #[test]
    fn a_sharp_tile_of_tissue_has_no_flag_and_a_blurred_one_has() {
        let sharp = tissue();
        let blurred = blur(&sharp);

        let seen = quality(&sharp, quarter(), &rule());
        assert_eq!(seen.flags, [], "{seen:?}");
        let seen = quality(&blurred, quarter(), &rule());
        assert_eq!(seen.flags, [Flag::OutOfFocus], "{seen:?}");
    }

    #[test]
    fn glass_is_empty_and_says_nothing_else() {
        let seen = quality(&RgbImage::filled(SIZE, [245; 3]), quarter(), &rule());

        assert_eq!(seen.flags, [Flag::Empty]);
        assert_eq!((seen.focus, seen.stain, seen.stain_distance), (None, None, None));
        assert!((seen.glass_fraction - 1.0).abs() < 1e-12 && seen.saturated_fraction == 0.0);
    }

    #[test]
    fn burnt_glass_is_not_saturated_tissue() {
        let mut image = tissue();
        for pixel in &mut image.pixels_mut()[..3 * 64 * 128] {
            *pixel = 255;
        }

        let seen = quality(&image, quarter(), &rule());

        assert!(!seen.flags.contains(&Flag::Saturated), "{seen:?}");
        assert!((seen.glass_fraction - 0.5).abs() < 0.1, "{seen:?}");
    }

    #[test]
    fn tissue_that_is_too_dark_is_saturated() {
        let mut image = tissue();
        for pixel in image.pixels_mut().as_chunks_mut::<3>().0 {
            pixel[1] = 0;
        }

        let seen = quality(&image, quarter(), &QualityRule { stain: None, ..rule() });

        assert!((seen.saturated_fraction - 1.0).abs() < 1e-12);
        assert_eq!(seen.flags, [Flag::Saturated]);
    }

    #[test]
    fn a_stain_outside_the_range_is_far_by_its_distance() {
        let narrow = OdRange { low: [0.0; 3], high: [2.0, 0.1, 2.0] };

        let seen = quality(&tissue(), quarter(), &QualityRule { stain: Some(narrow), ..rule() });

        assert_eq!(seen.flags, [Flag::StainFar]);
        let beyond = seen.stain.unwrap()[1] - 0.1;
        assert!((seen.stain_distance.unwrap() - beyond).abs() < 1e-12);
    }

    #[test]
    fn a_tile_of_one_pixel_is_looked_at() {
        let seen = quality(&RgbImage::filled(Size::new(1, 1), [200, 90, 150]), quarter(), &rule());

        assert_eq!((seen.focus, seen.flags), (None, vec![]));
    }

    const SIZE: Size = Size::new(128, 128);

    fn rule() -> QualityRule {
        QualityRule {
            glass_mpp: Mpp::new(2.0).unwrap(),
            glass_grey_min: 215.0,
            focus_mpp: quarter(),
            focus_min: Some(8.0),
            empty_glass_min: 0.95,
            saturated_min: 0.05,
            stain: Some(OdRange { low: [0.05; 3], high: [1.0; 3] }),
        }
    }

    fn quarter() -> Mpp {
        Mpp::new(0.25).unwrap()
    }

    /// Pink with a grain.
    fn tissue() -> RgbImage {
        let mut state = 7_u64;
        let pixels = (0..SIZE.pixels()).flat_map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let grain = (state >> 57) as u8;
            [110 + grain, 40 + grain, 80 + grain]
        });
        RgbImage::new(SIZE, pixels.collect()).unwrap()
    }

    fn blur(image: &RgbImage) -> RgbImage {
        let grey = smooth(SIZE, &luma_plane(image), 2.0);
        let pixels = grey.iter().flat_map(|&value| [value as u8; 3]).collect();
        RgbImage::new(SIZE, pixels).unwrap()
    }
}
