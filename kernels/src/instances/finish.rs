//! The last step of both chains: small labels go, the rest is numbered raster-first.

use contract::Size;

use crate::Labels;
use crate::label::Components;

/// Makes a label image of `values`, whose ids stand within `components` only.
pub(super) fn labels(
    mut values: Vec<u32>,
    components: &Components,
    area_min: u32,
    areas: &mut Vec<u32>,
) -> Labels {
    let size = Size::new(components.width(), components.height());
    count(&values, components, areas);
    let mut last = 0;
    let mut renumbered = std::mem::take(areas);
    // From here on an entry is an area until its label is met, then its new id.
    let mut met = vec![0u64; renumbered.len().div_ceil(64)];
    for_each_run(components, |range| {
        for part in values[range].chunk_by_mut(|a, b| a == b) {
            let id = part[0] as usize;
            if id == 0 {
                continue;
            }
            if met[id / 64] >> (id % 64) & 1 == 0 {
                met[id / 64] |= 1 << (id % 64);
                let keeps = renumbered[id] >= area_min;
                last += u32::from(keeps);
                renumbered[id] = if keeps { last } else { 0 };
            }
            part.fill(renumbered[id]);
        }
    });
    *areas = renumbered;
    Labels::from_raster_first(size, values, last)
}

/// Pixels of each id.
fn count(values: &[u32], components: &Components, areas: &mut Vec<u32>) {
    areas.clear();
    areas.push(0);
    for_each_run(components, |range| {
        for part in values[range].chunk_by(|a, b| a == b) {
            let id = part[0] as usize;
            if id >= areas.len() {
                areas.resize(id + 1, 0);
            }
            areas[id] += part.len() as u32;
        }
    });
}

/// Calls `visit` with the pixels of each run of the mask in raster order.
#[inline(always)]
fn for_each_run(components: &Components, mut visit: impl FnMut(std::ops::Range<usize>)) {
    for y in 0..components.height() {
        let row = y * components.width();
        for (run, _) in components.row(y) {
            visit(row + run.start as usize..row + run.end as usize);
        }
    }
}
