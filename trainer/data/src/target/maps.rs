//! The maps of a crop, from the targets of its image.

use super::shape::{Reach, Shape};
use super::{IGNORE, Prepared};
use crate::augment::{Crop, OUTSIDE};
use crate::sample::UNKNOWN;

/// Where the maps of one crop go; all row-major, all set by [`fill`].
#[derive(Debug)]
pub(crate) struct CropMaps<'a> {
    pub(crate) np: &'a mut [u8],
    pub(crate) h: &'a mut [f32],
    pub(crate) v: &'a mut [f32],
    pub(crate) dist: &'a mut [f32],
    pub(crate) edge: &'a mut [f32],
    pub(crate) class: &'a mut [u8],
}

/// A nucleus as a crop sees it.
#[derive(Clone, Copy)]
struct Seen {
    centre: [f32; 2],
    h: Reach,
    v: Reach,
    per_depth: f32,
}

/// Computes the maps of `crop`, which was cut from `prepared`.
///
/// `hv` takes the crop's rotation and flip, and not its elastic bending, which is small.
pub(crate) fn fill(prepared: &Prepared, crop: &Crop, maps: &mut CropMaps<'_>) {
    let objects = &prepared.objects;
    let width = prepared.image.width() as u32;
    let step = objects.distance_step_px / crop.source_px;
    let mut seen: Vec<Option<Seen>> = vec![None; objects.table.len()];

    for (at, &source) in crop.source.iter().enumerate() {
        (maps.h[at], maps.v[at], maps.dist[at], maps.edge[at]) = (0.0, 0.0, 0.0, 0.0);
        if source == OUTSIDE {
            (maps.np[at], maps.class[at]) = (IGNORE, UNKNOWN);
            continue;
        }
        let id = usize::from(objects.ids[source as usize]);
        let object = &objects.table[id];
        (maps.np[at], maps.class[at]) = (object.np, object.class);
        let Some(shape) = &object.shape else {
            continue;
        };
        let nucleus = *seen[id].get_or_insert_with(|| see(shape, crop));
        let steps = f32::from(objects.distance[source as usize]);
        let dx = (source % width) as f32 + 0.5 - nucleus.centre[0];
        let dy = (source / width) as f32 + 0.5 - nucleus.centre[1];
        maps.h[at] = nucleus.h.part(dx * crop.axes[0][0] + dy * crop.axes[0][1]);
        maps.v[at] = nucleus.v.part(dx * crop.axes[1][0] + dy * crop.axes[1][1]);
        maps.dist[at] = steps * nucleus.per_depth;
        maps.edge[at] = steps * step;
    }
}

fn see(shape: &Shape, crop: &Crop) -> Seen {
    Seen {
        centre: shape.centre,
        h: shape.reach(crop.axes[0]),
        v: shape.reach(crop.axes[1]),
        per_depth: 1.0 / f32::from(shape.depth.max(1)),
    }
}
