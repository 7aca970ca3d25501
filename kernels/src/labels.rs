//! A label image: which nucleus each pixel belongs to.
//!
//! **Invariant:** the ids are `1..=count`, each of them occurs, and they are numbered raster-first:
//! the first pixel of id `n` comes before the first pixel of id `n + 1`, row by row from the top.
//! 0 is background.

use contract::Size;
use thiserror::Error;

/// A label image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    size: Size,
    values: Vec<u32>,
    count: u32,
}

/// Why a row of values is no label image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a label image of {width} × {height} px has {expected} values, not {actual}: \
     give one value a pixel",
    width = size.width, height = size.height, expected = size.width.saturating_mul(size.height)
)]
pub struct LabelsError {
    /// The announced size.
    pub size: Size,
    /// Values that were given.
    pub actual: usize,
}

impl Labels {
    /// An image of background.
    pub fn empty(size: Size) -> Self {
        Self { size, values: vec![0; size.pixels()], count: 0 }
    }

    /// Takes `values`, row-major, with any ids, and numbers them anew as the invariant says.
    pub fn renumbered(size: Size, mut values: Vec<u32>) -> Result<Self, LabelsError> {
        if values.len() != size.width.saturating_mul(size.height) {
            return Err(LabelsError { size, actual: values.len() });
        }
        let mut new_ids = std::collections::HashMap::new();
        for value in values.iter_mut().filter(|value| **value != 0) {
            let next = new_ids.len() as u32 + 1;
            *value = *new_ids.entry(*value).or_insert(next);
        }
        Ok(Self { size, values, count: new_ids.len() as u32 })
    }

    /// Takes values that already keep the invariant.
    pub(crate) fn from_raster_first(size: Size, values: Vec<u32>, count: u32) -> Self {
        debug_assert_eq!(values.len(), size.pixels(), "a label image has one value a pixel");
        Self { size, values, count }
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The ids, row-major.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Greatest id, which is the number of labels.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The ids of row `y`.
    pub fn row(&self, y: usize) -> &[u32] {
        &self.values[y * self.size.width..][..self.size.width]
    }

    /// The id at column `x`, row `y`; 0 outside of the image.
    pub fn get(&self, x: usize, y: usize) -> u32 {
        if x < self.size.width && y < self.size.height { self.row(y)[x] } else { 0 }
    }

    /// Gives the ids away.
    pub fn into_values(self) -> Vec<u32> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbered_by_their_first_pixel() {
        let labels = Labels::renumbered(Size::new(3, 2), vec![0, 9, 4, 4, 9, u32::MAX]).unwrap();

        assert_eq!(labels.values(), [0, 1, 2, 2, 1, 3]);
        assert_eq!(labels.count(), 3);
    }

    #[test]
    fn too_few_values_are_refused() {
        let error = Labels::renumbered(Size::new(3, 2), vec![0; 5]).unwrap_err();

        assert_eq!(
            error.to_string(),
            "a label image of 3 × 2 px has 6 values, not 5: give one value a pixel"
        );
    }
}
