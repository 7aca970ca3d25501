//! From RGB bytes to the input tensor of a network.
//!
//! **Contract.** `out` is three planes (red, green, blue), row-major. A value is
//! `(v as f32 / 255.0 - mean) / std`, in f32, in this order. The image stands somewhere in the
//! planes; around it, pixels are reflected without repeating the outermost one (reflect-101),
//! again and again where the border is wider than the image.

mod cpu;

use contract::{RgbImage, Size};

/// What each byte becomes, per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normaliser {
    table: [[f32; 256]; 3],
}

/// Where an image stands in the planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Size of the planes.
    pub size: Size,
    /// Columns before the image.
    pub left: usize,
    /// Rows above the image.
    pub top: usize,
}

impl Normaliser {
    /// Takes the mean and the standard deviation of the values' 0 to 1 range, by channel.
    pub fn new(mean: [f32; 3], std: [f32; 3]) -> Self {
        let table = std::array::from_fn(|channel| {
            std::array::from_fn(|value| (value as f32 / 255.0 - mean[channel]) / std[channel])
        });
        Self { table }
    }

    /// Fills the three planes of `out`, which holds `3 × frame.size` values.
    ///
    /// # Panics
    /// If `out` has another length, if the image is larger than the frame or has no pixels.
    pub fn fill(&self, image: &RgbImage, frame: Frame, out: &mut [f32]) {
        let Frame { size, left, top } = frame;
        assert_eq!(out.len(), 3 * size.pixels(), "the tensor has three planes of the frame's size");
        assert!(image.size().pixels() > 0, "an image without pixels cannot be reflected");
        assert!(
            left + image.width() <= size.width && top + image.height() <= size.height,
            "the image must lie within the frame"
        );
        cpu::fill(&self.table, image, frame, out);
    }
}

#[cfg(test)]
mod tests;
