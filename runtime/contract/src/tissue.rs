//! Tissue of an image as a raster of classes.

use crate::{Mpp, Size};

/// The value of a tissue pixel that no model has looked at.
pub const UNLABELLED: u8 = 255;

/// Tissue classes on a grid that covers the image from its top-left corner.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueMap {
    /// Grid size: the image's size divided by `px_per_cell`, rounded up.
    pub size: Size,
    /// Edge of a cell, µm.
    pub mpp: Mpp,
    /// Edge of a cell in level-0 pixels.
    pub px_per_cell: f64,
    /// Row-major; an index into the tissue model's classes, or [`UNLABELLED`].
    pub classes: Vec<u8>,
}

impl TissueMap {
    /// The class of the cell that holds the level-0 position (`x`, `y`), clamped to the grid.
    pub fn class_at(&self, x: f64, y: f64) -> u8 {
        if self.size.pixels() == 0 {
            return UNLABELLED;
        }
        let column = ((x / self.px_per_cell).max(0.0) as usize).min(self.size.width - 1);
        let row = ((y / self.px_per_cell).max(0.0) as usize).min(self.size.height - 1);
        self.classes[row * self.size.width + column]
    }
}
