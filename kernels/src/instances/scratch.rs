//! The memory of a chain, kept from tile to tile.

use super::edges::Edges;
use super::finish::{Ids, Numbers};
use crate::dome::Domes;
use crate::fill::Filler;
use crate::label::Components;
use crate::open::Opener;
use crate::separable::{Lines, Separable, Wanted};
use crate::watershed::Flooder;
use crate::{Labels, Mask};

/// Buffers of both chains. After the first tile of a size they allocate nothing; the label image
/// is new each time unless the last one was given back.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) mask: Mask,
    pub(super) markers: Mask,
    pub(super) components: Components,
    pub(super) marker_components: Components,
    marker_ids: Vec<u32>,
    pub(super) levels: Vec<u16>,
    pub(super) filler: Filler,
    pub(super) opener: Opener,
    flooder: Flooder,
    pub(super) domes: Domes,
    pub(super) edges: Edges,
    pub(super) sobel: Option<(u32, (Separable, Separable))>,
    pub(super) gaussian: Option<(f32, Separable)>,
    pub(super) wanted: Wanted,
    pub(super) lines: Lines,
    numbers: Numbers,
    spare: Vec<u32>,
}

impl Scratch {
    /// Takes the memory of a label image that is no longer needed, for the next one.
    pub fn recycle(&mut self, labels: Labels) {
        self.spare = labels.into_values();
    }

    /// The last steps of both chains: the mask's components are flooded from the markers'
    /// components of at least `marker_area_min` pixels; labels below `nucleus_area_min` go.
    pub(super) fn flood(&mut self, marker_area_min: u32, nucleus_area_min: u32) -> Labels {
        let mut last = 0;
        self.marker_ids.clear();
        for &area in self.marker_components.areas() {
            let keeps = area >= marker_area_min;
            last += u32::from(keeps);
            self.marker_ids.push(if keeps { last } else { 0 });
        }
        self.flooder.mark(&self.components, &self.marker_components, &self.marker_ids);
        self.flooder.flood(&self.levels, &self.components);
        let ids = Ids { last, area_min: nucleus_area_min };
        let values = std::mem::take(&mut self.spare);
        self.numbers.labels(&self.flooder, &self.components, ids, values)
    }
}
