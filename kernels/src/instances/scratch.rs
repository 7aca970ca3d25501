//! The memory of a chain, kept from tile to tile.

use super::edges::Edges;
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
    pub(super) marker_ids: Vec<u32>,
    pub(super) levels: Vec<u16>,
    pub(super) filler: Filler,
    pub(super) opener: Opener,
    pub(super) flooder: Flooder,
    pub(super) domes: Domes,
    pub(super) edges: Edges,
    pub(super) sobel: Option<(u32, (Separable, Separable))>,
    pub(super) gaussian: Option<(f32, Separable)>,
    pub(super) wanted: Wanted,
    pub(super) lines: Lines,
    pub(super) areas: Vec<u32>,
    spare: Vec<u32>,
}

impl Scratch {
    /// Takes the memory of a label image that is no longer needed, for the next one.
    pub fn recycle(&mut self, labels: Labels) {
        self.spare = labels.into_values();
    }

    /// A label image's values, all background.
    pub(super) fn blank(&mut self, pixels: usize) -> Vec<u32> {
        let mut values = std::mem::take(&mut self.spare);
        values.clear();
        values.resize(pixels, 0);
        values
    }
}
