//! The last step of both chains: small labels go, the rest is numbered raster-first.

use contract::Size;

use crate::Labels;
use crate::label::Components;
use crate::watershed::{Flooder, Part};

/// An id that has not been met yet.
const UNMET: u32 = u32::MAX;

/// Which ids there are and how large each must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    pub(super) last: u32,
    pub(super) area_min: u32,
}

/// Memory that is kept from tile to tile.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    areas: Vec<u32>,
    /// The new id of each old one, or `UNMET`; 0 for those that go.
    new: Vec<u32>,
    count: u32,
}

impl Numbers {
    /// The new id of `old`; new ids are given in the order of the calls.
    #[inline(always)]
    fn of(&mut self, old: u32, area_min: u32) -> u32 {
        let new = &mut self.new[old as usize];
        if *new == UNMET {
            let keeps = self.areas[old as usize] >= area_min;
            self.count += u32::from(keeps);
            *new = if keeps { self.count } else { 0 };
        }
        *new
    }

    /// Makes a label image of what was flooded, in the memory of `values`.
    pub(super) fn labels(
        &mut self,
        flooder: &Flooder,
        mask: &Components,
        ids: Ids,
        mut values: Vec<u32>,
    ) -> Labels {
        flooder.areas(mask, ids.last, &mut self.areas);
        self.new.clear();
        self.new.resize(self.areas.len(), UNMET);
        self.new[0] = 0;
        self.count = 0;
        let size = Size::new(mask.width(), mask.height());
        values.resize(size.pixels(), 0);
        for (y, row) in values.chunks_exact_mut(size.width.max(1)).enumerate() {
            row.fill(0);
            for index in mask.runs_of(y) {
                let pixels = &mut row[mask.run(index).0.columns()];
                match flooder.part(mask, index) {
                    Part::Uniform(old) => pixels.fill(self.of(old, ids.area_min)),
                    Part::Pixels(old) => {
                        for (pixel, &old) in pixels.iter_mut().zip(old) {
                            *pixel = self.of(old, ids.area_min);
                        }
                    }
                }
            }
        }
        Labels::from_raster_first(size, values, self.count)
    }
}
