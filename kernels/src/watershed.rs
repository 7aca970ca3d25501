//! Marker-controlled watershed whose result does not depend on any order.
//!
//! **Contract.** Every pixel has a level, 0 to 65535; water rises from the markers, low levels first.
//!
//! ```text
//! key(marker pixel) = (level, 0)                                              fixed
//! ext_p(c, h)       = (level(p), 0) if level(p) > c, else (c, h + 1)
//! key(p)            = the least of ext_p(key(q)) over the 4-neighbours q within the mask
//! parent(p)         = the neighbour with the least key, the first of them in the order N, W, E, S
//! label(p)          = label of the marker at the root of the chain of parents
//! ```
//! Keys are compared lexicographically. `c` is the level that the flood has reached on its way, `h`
//! the steps since it last rose. A pixel of the mask that no marker reaches gets 0, as does every
//! pixel outside of the mask; markers outside of the mask do not count.
//!
//! `ext` is strictly inflationary and monotone, so the keys are the one fixed point that any order
//! of relaxations reaches, and parents form a forest. (c, h) is the order in which
//! `skimage.segmentation.watershed` visits pixels, but for ties within equal (c, h).
//!
//! The CPU path floods each component of the mask on its own, skips those with one marker, and
//! counts steps in 16 bits where a component has too few pixels to overflow them, else in 32.
//! A GPU counts in 16 bits, watches for saturation and falls back on 32.

mod basin;
mod buckets;
mod cpu;
mod markers;

use crate::label::Components;
use crate::{Connectivity, Labels, Mask};
pub(crate) use cpu::{Flooder, Part};

/// The label of each pixel of `mask`, row-major, with the ids of `markers`.
///
/// # Panics
/// If `levels`, `mask` and `markers` differ in size.
pub fn watershed(levels: &[u16], mask: &Mask, markers: &Labels) -> Vec<u32> {
    assert_eq!(mask.size(), markers.size(), "mask and markers have the same size");
    assert_eq!(levels.len(), mask.size().pixels(), "there is one level a pixel");
    let mut components = Components::default();
    components.find(mask, Connectivity::Four);
    let mut flooder = Flooder::default();
    flooder.mark_labels(&components, markers);
    flooder.flood(levels, &components);
    let width = mask.size().width;
    let mut values = vec![0; mask.size().pixels()];
    for y in 0..mask.size().height {
        for index in components.runs_of(y) {
            let row = &mut values[y * width..][components.run(index).0.columns()];
            match flooder.part(&components, index) {
                Part::Uniform(id) => row.fill(id),
                Part::Pixels(ids) => row.copy_from_slice(ids),
            }
        }
    }
    values
}

#[cfg(test)]
mod tests;
