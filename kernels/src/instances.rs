//! From a network's maps to nuclei: the two chains that a model card may name.
//!
//! **Contract of [`hover`]** (HoVer-Net, Graham et al. 2019, with the changes named below):
//! 1. mask: `np ≥ np_threshold`; 4-connected components below the least nucleus area go;
//! 2. `gh`, `gv`: Sobel gradients ([`crate::gradient`]) at the mask's pixels;
//! 3. `x = 1 − (gh − h₀)·(1 / (h₁ − h₀))`, `y` alike; edge `e = min(max(0, x, y), 1)`, where a NaN counts
//!    for nothing; `d = 1 − e` on the mask, 0 elsewhere;
//! 4. level = `trunc((1 − blur(d))·65535 + ½)`, blur = ¼ ½ ¼ along the rows, then down the columns:
//!    `¼·(l + r) + ½·m`, borders reflected without the outermost pixel;
//! 5. markers: mask pixels with `e < boundary_threshold`; holes filled, opened by the ellipse,
//!    4-connected components below the least marker area go, numbered raster-first; what a filled
//!    hole holds outside of the mask does not count;
//! 6. watershed ([`crate::watershed`]) of the levels within the mask;
//! 7. labels below the least nucleus area go; the rest is numbered raster-first.
//!
//! Against the published chain: the first min-max normalisation is left out (it changes nothing in
//! exact arithmetic), the second takes its bounds from the card, floats are f32, levels have 16
//! bits, the watershed does not depend on an order, and step 7 is new (it finds nothing where the
//! least marker is no smaller than the least nucleus).
//!
//! **Contract of [`distance`]**:
//! 1. mask as above;
//! 2. `s` = the distance map smoothed ([`crate::smooth`]); height = `trunc(max(s, 0)·50000 + ½)`, at most
//!    65535, NaN is 0;
//! 3. markers: domes ([`crate::dome`]) of `dome_height` that rise by 0.001 or more above the
//!    reconstruction, where the height is at least that of `marker_floor`; 8-connected components;
//! 4. watershed with level = 65535 − height; 5. as step 7 above.
//!
//! A nucleus does not depend on the tile that its maps were cut to, as long as the cut is farther
//! from its component of the mask than the filters reach.

mod distance;
mod edges;
mod finish;
mod hover;
mod published;
mod scratch;

use contract::{Mpp, Size, postprocessing};

use crate::Labels;
pub use published::published_hover;
pub use scratch::Scratch;

/// Maps of a HoVer-Net, row-major.
#[derive(Clone, Copy, Debug)]
pub struct HoverMaps<'a> {
    /// Width and height of each map.
    pub size: Size,
    /// Probability of nucleus.
    pub np: &'a [f32],
    /// Horizontal offset from the nucleus' centre.
    pub h: &'a [f32],
    /// Vertical offset from the nucleus' centre.
    pub v: &'a [f32],
}

/// Maps of a network that gives normalised distances, row-major.
#[derive(Clone, Copy, Debug)]
pub struct DistanceMaps<'a> {
    /// Width and height of each map.
    pub size: Size,
    /// Probability of nucleus.
    pub np: &'a [f32],
    /// Distance to the nucleus' edge over the greatest distance in it.
    pub dist: &'a [f32],
}

/// Nuclei by HoVer-Net's chain, at resolution `mpp`.
///
/// # Panics
/// If a map is not of the size, or if the parameters are not those of a checked card.
pub fn hover(
    maps: &HoverMaps<'_>,
    parameters: &postprocessing::Hover,
    mpp: Mpp,
    scratch: &mut Scratch,
) -> Labels {
    hover::run(maps, parameters, mpp, scratch)
}

/// Nuclei by the distance chain, at resolution `mpp`.
///
/// # Panics
/// If a map is not of the size, or if the parameters are not those of a checked card.
pub fn distance(
    maps: &DistanceMaps<'_>,
    parameters: &postprocessing::Distance,
    mpp: Mpp,
    scratch: &mut Scratch,
) -> Labels {
    distance::run(maps, parameters, mpp, scratch)
}

/// The fewest pixels whose area is at least `area_um2`. An area that is a whole number of pixels
/// but for the rounding of an f32 is that number: one part in a million is forgiven.
pub fn pixels_of(area_um2: f32, mpp: Mpp) -> u32 {
    const FORGIVEN: f64 = 1e-6;
    (f64::from(area_um2) / mpp.um2_per_px() * (1.0 - FORGIVEN)).ceil() as u32
}

#[cfg(test)]
mod tests;
