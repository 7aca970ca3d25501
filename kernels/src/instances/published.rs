//! The parameters that the published chain uses.

use contract::{Mpp, postprocessing::Hover};

use crate::gradient::GradientBounds;

/// Resolution of the published parameters (40×), µm/px.
const PUBLISHED_UM_PER_PX: f64 = 0.25;

/// The parameters of HoVer-Net at 0.25 µm/px, scaled to `mpp` by the rule of `TIAToolbox`: with
/// `s = 0.25 / mpp`, the Sobel filter is `int(20·s + 1)` px wide (made odd, and brought into 3 to 31), the
/// least marker `ceil(10·s²)` px, the least component of the mask 10 px at any scale, the opening
/// 5 px, the thresholds 0.5 and 0.4. `bounds` are those of the tile, [`GradientBounds::measure`], for
/// what was published.
pub fn published_hover(mpp: Mpp, bounds: GradientBounds) -> Hover {
    let scale = PUBLISHED_UM_PER_PX / mpp.um_per_px();
    let um2 = |pixels: f64| (pixels * mpp.um2_per_px()) as f32;
    Hover {
        np_threshold: 0.5,
        sobel_px: ((20.0 * scale + 1.0) as u32 | 1).clamp(3, 31),
        gradient_h: [bounds.h.0, bounds.h.1],
        gradient_v: [bounds.v.0, bounds.v.1],
        boundary_threshold: 0.4,
        opening_px: 5,
        marker_area_min_um2: um2((10.0 * scale * scale).ceil()),
        nucleus_area_min_um2: um2(10.0),
    }
}
