//! Pixels in memory.

use thiserror::Error;

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// `width` columns and `height` rows.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// Pixels in all.
    pub const fn pixels(self) -> usize {
        self.width * self.height
    }
}

/// An RGB image: 8 bits a channel, interleaved, rows from the top, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbImage {
    size: Size,
    pixels: Vec<u8>,
}

/// The bytes are not as many as the size says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an RGB image of {width} × {height} px has {expected} bytes, not {actual}",
    width = size.width, height = size.height)]
pub struct ImageSizeError {
    /// The announced size.
    pub size: Size,
    /// Bytes that this size takes.
    pub expected: usize,
    /// Bytes that were given.
    pub actual: usize,
}

impl RgbImage {
    /// Takes `pixels`, which must be `3 × width × height` bytes.
    pub fn new(size: Size, pixels: Vec<u8>) -> Result<Self, ImageSizeError> {
        let expected = size.width.saturating_mul(size.height).saturating_mul(3);
        if pixels.len() != expected {
            return Err(ImageSizeError { size, expected, actual: pixels.len() });
        }
        Ok(Self { size, pixels })
    }

    /// An image of one colour.
    pub fn filled(size: Size, colour: [u8; 3]) -> Self {
        Self { size, pixels: colour.repeat(size.pixels()) }
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.size.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.size.height
    }

    /// The bytes, `R G B` a pixel.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, to be changed in place.
    pub fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// Gives the bytes away.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The colour at column `x`, row `y`.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 3 * (y * self.size.width + x);
        [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_as_many_bytes_as_its_size_says() {
        let size = Size::new(2, 3);

        assert!(RgbImage::new(size, vec![0; 18]).is_ok());
        assert_eq!(
            RgbImage::new(size, vec![0; 17]).unwrap_err().to_string(),
            "an RGB image of 2 × 3 px has 18 bytes, not 17"
        );
        assert!(RgbImage::new(Size::new(usize::MAX, 2), vec![]).is_err());
    }
}
