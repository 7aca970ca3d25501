//! What each label measures: area, centre, box and class.
//!
//! **Contract.** For label `n`, over its pixels (column `x`, row `y`):
//! - area = number of pixels, Σx and Σy = sums of indices, all integers; the centre of area in
//!   pixels, with the origin at the outer corner of the first pixel, is (Σx / area + ½, Σy / area + ½);
//! - the box is the smallest that holds all pixels;
//! - a class probability `p` counts as `q = clamp(p, 0, 1) · 65535` in f32, rounded to the nearest
//!   integer, ties to even, with NaN as 0; the class is that of the greatest Σq, the lowest index among equals, and its mean
//!   probability is Σq / (65535 · area), one division in f64, then rounded to f32.
//!
//! Integer sums do not depend on the order of the pixels.

mod cpu;

use std::ops::Range;

use crate::Labels;

/// The integer that probability 1 counts as.
pub const PROBABILITY_ONE: u32 = 65535;

/// What one label measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Pixels.
    pub area: u32,
    /// Sum of the pixels' columns.
    pub sum_x: u64,
    /// Sum of the pixels' rows.
    pub sum_y: u64,
    /// Columns of the box.
    pub columns: Range<u32>,
    /// Rows of the box.
    pub rows: Range<u32>,
    /// Index of the most probable class; 0 where there are no class maps.
    pub class: usize,
    /// Mean probability of that class over the label; 0 where there are no class maps.
    pub probability: f32,
    pub(crate) shape: Shape,
}

/// What the order of a label's runs tells of its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One run a row, each touching the last: one part without holes.
    Plain {
        /// Column of the first pixel in raster order.
        first: u32,
        /// Columns of the last run so far.
        last: (u32, u32),
    },
    /// Perhaps in parts, perhaps with holes.
    Other,
}

impl Region {
    /// Centre of area (x, y) in pixels; the centre of the first pixel is (0.5, 0.5).
    pub fn centroid(&self) -> (f64, f64) {
        let area = f64::from(self.area);
        (self.sum_x as f64 / area + 0.5, self.sum_y as f64 / area + 0.5)
    }
}

/// Class probabilities: planes of the label image's size, one a class, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct ClassMaps<'a> {
    planes: &'a [f32],
    count: usize,
}

impl<'a> ClassMaps<'a> {
    /// No class maps: a model that finds nuclei of one kind.
    pub const NONE: ClassMaps<'static> = ClassMaps { planes: &[], count: 0 };

    /// Takes the planes of `count` classes.
    ///
    /// # Panics
    /// If `planes` cannot be cut into `count` planes.
    pub fn new(planes: &'a [f32], count: usize) -> Self {
        assert!(
            count == 0 && planes.is_empty() || count > 0 && planes.len().is_multiple_of(count),
            "class maps are planes of equal size"
        );
        Self { planes, count }
    }

    /// Number of classes.
    pub fn count(self) -> usize {
        self.count
    }
}

/// Measures every label; the first region is that of id 1.
///
/// # Panics
/// If the class maps are not of the labels' size.
pub fn measure(labels: &Labels, classes: ClassMaps<'_>) -> Vec<Region> {
    assert_eq!(
        classes.planes.len(),
        classes.count * labels.size().pixels(),
        "class maps have the size of the label image"
    );
    cpu::measure(labels, classes)
}

#[cfg(test)]
mod tests;
