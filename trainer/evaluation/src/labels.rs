//! Rasters to be compared: instances ([`LabelMap`]) and classes ([`ClassMask`]).
//!
//! **Invariant:** a raster holds as many values as its size says.

use contract::Size;
use thiserror::Error;

/// An instance map: 0 is background, any other value is one nucleus; row-major.
///
/// Values need not be contiguous, and a nucleus need not be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelMap<'a> {
    size: Size,
    labels: &'a [u32],
}

/// A class map, one class a pixel; row-major.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassMask<'a> {
    size: Size,
    classes: &'a [u8],
}

/// A raster has not as many values as its size says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a raster of {width} × {height} px has {expected} values, not {actual}",
    width = size.width, height = size.height, expected = pixels(*size))]
pub struct LabelCountError {
    /// The announced size.
    pub size: Size,
    /// Values that were given.
    pub actual: usize,
}

/// Truth and prediction are not of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the truth is {} × {} px and the prediction {} × {} px: resample one of them first",
    truth.width, truth.height, predicted.width, predicted.height
)]
pub struct SizeMismatch {
    /// Size of the truth.
    pub truth: Size,
    /// Size of the prediction.
    pub predicted: Size,
}

impl<'a> LabelMap<'a> {
    /// Takes `labels`, which must be `width × height` values.
    pub fn new(size: Size, labels: &'a [u32]) -> Result<Self, LabelCountError> {
        check_count(size, labels.len())?;
        Ok(Self { size, labels })
    }

    /// Width and height.
    pub fn size(self) -> Size {
        self.size
    }

    /// The values, row-major.
    pub fn labels(self) -> &'a [u32] {
        self.labels
    }
}

impl<'a> ClassMask<'a> {
    /// Takes `classes`, which must be `width × height` values.
    pub fn new(size: Size, classes: &'a [u8]) -> Result<Self, LabelCountError> {
        check_count(size, classes.len())?;
        Ok(Self { size, classes })
    }

    /// Width and height.
    pub fn size(self) -> Size {
        self.size
    }

    /// The values, row-major.
    pub fn classes(self) -> &'a [u8] {
        self.classes
    }
}

/// Refuses two rasters that do not lie on each other.
pub(crate) fn check_sizes(truth: Size, predicted: Size) -> Result<(), SizeMismatch> {
    if truth == predicted { Ok(()) } else { Err(SizeMismatch { truth, predicted }) }
}

fn check_count(size: Size, actual: usize) -> Result<(), LabelCountError> {
    if actual == pixels(size) { Ok(()) } else { Err(LabelCountError { size, actual }) }
}

/// Pixels in all; a size that no memory holds saturates, and no raster fits it.
fn pixels(size: Size) -> usize {
    size.width.saturating_mul(size.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raster_holds_as_many_values_as_its_size_says() {
        let size = Size::new(2, 3);

        assert!(LabelMap::new(size, &[0; 6]).is_ok());
        assert_eq!(
            LabelMap::new(size, &[0; 5]).unwrap_err().to_string(),
            "a raster of 2 × 3 px has 6 values, not 5"
        );
        assert!(ClassMask::new(Size::new(usize::MAX, 2), &[]).is_err());
    }
}
