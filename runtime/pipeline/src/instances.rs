//! One window's maps to nuclei on level 0.
//!
//! The chain is the card's. A nucleus is kept when its centre of area lies in the window's core:
//! exactly one window's core holds it, so nothing is found twice. Centre, class and outline are
//! computed from integers of the whole image, so they do not depend on the window.

use contract::{Chain, ModelCard, Nucleus, Size};
use engine::ItemMaps;
use kernels::Labels;
use kernels::contour::Tracer;
use kernels::instances::{self, DistanceMaps, HoverMaps};
use kernels::measure::{ClassMaps, Region, measure};

use crate::grid::View;
use crate::outline::Placing;

/// What one worker keeps from window to window.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    maps: instances::Scratch,
    tracer: Tracer,
    cropped: Cropped,
}

/// Maps without the pixels that filled the input up.
#[derive(Debug, Default)]
struct Cropped {
    np: Vec<f32>,
    hv: Vec<f32>,
    dist: Vec<f32>,
    tp: Vec<f32>,
}

/// Finds the nuclei of `view` in its `maps`; ids are 0, since only the caller knows the order.
pub(crate) fn find(
    card: &ModelCard,
    maps: ItemMaps<'_>,
    (view, placing): (&View, Placing),
    scratch: &mut Scratch,
) -> Vec<Nucleus> {
    let maps = scratch.cropped.crop(maps, view.span.size());
    let labels = label(card, maps, &mut scratch.maps);
    let classes = match maps.tp {
        Some(planes) => ClassMaps::new(planes, card.classes.len()),
        None => ClassMaps::NONE,
    };
    let pixel_um2 = card.mpp.um2_per_px();
    let nuclei = (1..)
        .zip(&measure(&labels, classes))
        .filter(|(_, region)| owns(view, region))
        .map(|(id, region)| {
            let polygon = placing.outline(scratch.tracer.trace(&labels, id, region));
            Nucleus {
                id: 0,
                class: region.class,
                probability: region.probability,
                centroid: placing.centroid(centroid(view, region)),
                area_um2: (f64::from(region.area) * pixel_um2) as f32,
                polygon,
            }
        })
        .collect();
    scratch.maps.recycle(labels);
    nuclei
}

impl Cropped {
    /// The first columns and rows of each map, as many as `size` says: the network's input was
    /// filled up by reflection, and what it saw there is no nucleus.
    fn crop<'a>(&'a mut self, maps: ItemMaps<'a>, size: Size) -> ItemMaps<'a> {
        if maps.size == size {
            return maps;
        }
        let from = maps.size;
        ItemMaps {
            size,
            np: maps.np.map(|planes| crop_planes(planes, from, size, &mut self.np)),
            hv: maps.hv.map(|planes| crop_planes(planes, from, size, &mut self.hv)),
            dist: maps.dist.map(|planes| crop_planes(planes, from, size, &mut self.dist)),
            tp: maps.tp.map(|planes| crop_planes(planes, from, size, &mut self.tp)),
        }
    }
}

fn crop_planes<'a>(planes: &[f32], from: Size, to: Size, into: &'a mut Vec<f32>) -> &'a [f32] {
    into.clear();
    for plane in planes.chunks_exact(from.pixels()) {
        for row in plane.chunks_exact(from.width).take(to.height) {
            into.extend_from_slice(&row[..to.width]);
        }
    }
    into
}

fn label(card: &ModelCard, maps: ItemMaps<'_>, scratch: &mut instances::Scratch) -> Labels {
    let size = maps.size;
    let np = maps.np.expect(NAMED);
    match &card.postprocessing {
        Chain::Hover(parameters) => {
            let (h, v) = maps.hv.expect(NAMED).split_at(size.pixels());
            instances::hover(&HoverMaps { size, np, h, v }, parameters, card.mpp, scratch)
        }
        Chain::Distance(parameters) => {
            let dist = maps.dist.expect(NAMED);
            instances::distance(&DistanceMaps { size, np, dist }, parameters, card.mpp, scratch)
        }
        Chain::Windows(_) => unreachable!("`Models::new` takes no tissue model for nuclei"),
    }
}

/// Why a map that a chain reads is there.
const NAMED: &str = "a checked card names the maps that its chain reads, and the engine gives them";

/// Whether the core holds the region's centre of area, by integers: `start ≤ Σx/n + ½ < end`.
fn owns(view: &View, region: &Region) -> bool {
    let area = u64::from(region.area);
    let holds = |sum: u64, span: usize, core: &std::ops::Range<usize>| {
        let twice = 2 * sum + area;
        let at = |px: usize| 2 * area * (px - span) as u64;
        (at(core.start)..at(core.end)).contains(&twice)
    };
    holds(region.sum_x, view.span.x.start, &view.core.x)
        && holds(region.sum_y, view.span.y.start, &view.core.y)
}

/// Centre of area in pixels of the whole image at the card's resolution: one division.
fn centroid(view: &View, region: &Region) -> (f64, f64) {
    let area = u64::from(region.area);
    let mean = |sum: u64, span: usize| (sum + area * span as u64) as f64 / area as f64 + 0.5;
    (mean(region.sum_x, view.span.x.start), mean(region.sum_y, view.span.y.start))
}
