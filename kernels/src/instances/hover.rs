//! HoVer-Net's chain.

use contract::{Mpp, postprocessing::Hover};

use super::edges::{EdgeRule, Front};
use super::{HoverMaps, Scratch, finish, pixels_of};
use crate::gradient::{GradientBounds, sobel};
use crate::label::Components;
use crate::open::Ellipse;
use crate::{Connectivity, Labels, Mask};

pub(super) fn run(
    maps: &HoverMaps<'_>,
    parameters: &Hover,
    mpp: Mpp,
    scratch: &mut Scratch,
) -> Labels {
    let nucleus_area_min = pixels_of(parameters.nucleus_area_min_um2, mpp);
    let mut values = scratch.blank(maps.size.pixels());
    scratch.mask.threshold(maps.size, maps.np, parameters.np_threshold);
    scratch.components.find(&scratch.mask, Connectivity::Four);
    scratch.components.remove_small(&mut scratch.mask, nucleus_area_min);
    find_markers(maps, parameters, scratch);
    scratch.marker_components.find(&scratch.markers, Connectivity::Four);
    let marker_area_min = pixels_of(parameters.marker_area_min_um2, mpp);
    number_markers(&scratch.marker_components, marker_area_min, &mut scratch.marker_ids);
    write_markers(&scratch.marker_components, &scratch.marker_ids, &scratch.mask, &mut values);
    scratch.flooder.flood(&scratch.levels, &scratch.components, &mut values);
    finish::labels(values, &scratch.components, nucleus_area_min, &mut scratch.areas)
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

/// The id of each component that is large enough, raster-first; 0 for the others.
pub(super) fn number_markers(components: &Components, area_min: u32, ids: &mut Vec<u32>) {
    let mut last = 0;
    ids.clear();
    ids.extend(components.areas().iter().map(|&area| {
        last += u32::from(area >= area_min);
        if area >= area_min { last } else { 0 }
    }));
}

/// Writes the ids of the markers on the pixels of the mask.
pub(super) fn write_markers(components: &Components, ids: &[u32], mask: &Mask, values: &mut [u32]) {
    let width = mask.size().width;
    for y in 0..mask.size().height {
        for (run, component) in components.row(y) {
            let id = ids[component];
            if id == 0 {
                continue;
            }
            let row = &mut values[y * width..][run.columns()];
            for (x, value) in run.columns().zip(row) {
                *value = if mask.get(x, y) { id } else { 0 };
            }
        }
    }
}
