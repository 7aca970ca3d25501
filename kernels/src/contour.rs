//! The outline of each label.
//!
//! **Contract.** The outline runs along pixel edges, clockwise on the screen, with the label on its
//! right. It begins at the top left corner of the label's first pixel in raster order. Pixels that
//! touch at a corner only are apart; of a label in several parts the largest counts, the raster-first
//! among equals. Holes are ignored. So the area of the outline is the number of pixels of that part
//! with its holes filled, exactly.
//!
//! The outline is then cut into equal lengths: with perimeter `P` (an integer) and
//! `n = clamp(round(P / spacing), 3, 256)`, vertex `k` lies at arc length `k·P / n` from the start.
//! The last vertex is not the first again.

mod cpu;

use contract::{Nucleus, Point};

use crate::Labels;
use crate::measure::Region;

/// A corner of a pixel: column, row. The first pixel has the corners (0, 0) to (1, 1).
pub type Corner = (u32, u32);

/// Traces outlines; reused from label to label, it allocates for its results alone.
#[derive(Clone, Debug, Default)]
pub struct Tracer {
    corners: Vec<Corner>,
    parts: cpu::Parts,
}

impl Tracer {
    /// Every corner that the outline of label `id` passes, one pixel edge apart. `region` is what
    /// [`crate::measure::measure`] found for it.
    ///
    /// # Panics
    /// If the box of `region` reaches beyond the image, or holds no pixel of the label.
    pub fn trace(&mut self, labels: &Labels, id: u32, region: &Region) -> &[Corner] {
        let start = self.parts.first_pixel_of_largest(labels, id, region);
        cpu::follow(labels, id, start, &mut self.corners);
        &self.corners
    }

    /// The outline of label `id` as evenly spaced vertices, about `spacing_px` apart, in pixels of
    /// the label image with the origin at its outer corner; 3 to [`Nucleus::VERTICES_MAX`] of them.
    ///
    /// # Panics
    /// As [`Tracer::trace`], and if `spacing_px` is not positive.
    pub fn outline(
        &mut self,
        labels: &Labels,
        id: u32,
        region: &Region,
        spacing_px: f32,
    ) -> Vec<Point> {
        assert!(spacing_px > 0.0, "vertices must be apart");
        let corners = self.trace(labels, id, region);
        let wanted = (corners.len() as f32 / spacing_px).round() as usize;
        cpu::evenly_spaced(corners, wanted.clamp(3, Nucleus::VERTICES_MAX))
    }
}

#[cfg(test)]
mod tests;
