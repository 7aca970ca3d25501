//! HoVer-Net's chain.

use contract::{Mpp, postprocessing::Hover};

use super::edges::{EdgeRule, Front};
use super::{HoverMaps, Scratch, pixels_of};
use crate::gradient::{GradientBounds, sobel};
use crate::open::Ellipse;
use crate::{Connectivity, Labels};

pub(super) fn run(
    maps: &HoverMaps<'_>,
    parameters: &Hover,
    mpp: Mpp,
    scratch: &mut Scratch,
) -> Labels {
    let nucleus_area_min = pixels_of(parameters.nucleus_area_min_um2, mpp);
    scratch.mask.threshold(maps.size, maps.np, parameters.np_threshold);
    scratch.components.find(&scratch.mask, Connectivity::Four);
    scratch.components.remove_small(&mut scratch.mask, nucleus_area_min);
    find_markers(maps, parameters, scratch);
    scratch.marker_components.find(&scratch.markers, Connectivity::Four);
    let marker_area_min = pixels_of(parameters.marker_area_min_um2, mpp);
    scratch.flood(marker_area_min, nucleus_area_min)
}

/// Levels and marker pixels.
fn find_markers(maps: &HoverMaps<'_>, parameters: &Hover, scratch: &mut Scratch) {
    let Scratch { mask, markers, levels, filler, opener, edges, sobel: filters, .. } = scratch;
    let width = parameters.sobel_px;
    let filters = match filters {
        Some((known, filters)) if *known == width => filters,
        other => &mut other.insert((width, sobel(width))).1,
    };
    let rule = EdgeRule {
        bounds: GradientBounds::of(parameters),
        threshold: parameters.boundary_threshold,
    };
    // Levels are written and read on the mask alone.
    levels.resize(maps.size.pixels(), 0);
    edges.find(Front { maps, filters, rule, mask, levels, markers });
    filler.fill(markers);
    match parameters.opening_px {
        0 => {}
        3 => opener.open(markers, Ellipse::Three),
        5 => opener.open(markers, Ellipse::Five),
        other => unreachable!("a checked card opens by 0, 3 or 5 px, not {other}"),
    }
}
