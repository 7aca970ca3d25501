//! The overlay: the image with its nuclei and tissue, and a legend beside it, to be looked at.
//!
//! Outlines stand in the class colours of the model cards, anti-aliased, so thin that the nucleus
//! under them can still be judged; where a nucleus is only a few pixels large it is a dot. Tissue
//! is a faint tint with a line where its classes meet. The legend has the classes with their
//! counts, the TIL figures, and says that it is for research use only; a scale bar stands in the
//! image.
//!
//! The caller gives the image as small as it shall be shown ([`LONGEST_SIDE_PX`] at most is meant)
//! and hands the nuclei over one by one: nothing is held but the picture.

use std::path::Path;

use contract::{Class, Mpp, Nucleus, RgbImage, Size, TilReport, TissueMap};
use thiserror::Error;

use crate::atomic::{self, WriteError};
use crate::{NucleusError, checked};

mod canvas;
mod outlines;
mod panel;
mod scale_bar;
mod text;
mod tint;

use canvas::Canvas;

/// Longest side of the image that the caller should hand over, pixels.
pub const LONGEST_SIDE_PX: usize = 2048;

/// An image below this is enlarged by a whole number: outlines need room.
const SHORTEST_LONG_SIDE_PX: usize = 768;

/// How far the shorter side may be off: it has been rounded once for each time that the image was
/// made smaller, by way of an overview twice.
const ROUNDING_PX: f64 = 2.0;

/// Why there is no overlay.
#[derive(Debug, Error)]
pub enum OverlayError {
    /// An image without pixels, or one whose shape is not that of level 0.
    #[error(
        "an image of {} × {} px cannot stand for one of {} × {} px",
        .image.width, .image.height, .level0.width, .level0.height
    )]
    Shape {
        /// The image that was given.
        image: Size,
        /// The size at level 0.
        level0: Size,
    },
    /// A nucleus cannot be drawn.
    #[error("a nucleus cannot be drawn")]
    Nucleus(#[source] NucleusError),
    /// The picture cannot be packed.
    #[error("the overlay cannot be encoded as PNG")]
    Encode(#[source] png::EncodingError),
    /// The file cannot be written.
    #[error("the overlay cannot be written")]
    File(#[source] WriteError),
}

/// A picture that is being drawn.
#[derive(Debug)]
pub struct Overlay {
    canvas: Canvas,
    /// Pixels of the picture a level-0 pixel.
    scale: f64,
    um_per_px: f64,
    classes: Vec<Class>,
    tissue_classes: Vec<Class>,
}

impl Overlay {
    /// Begins with `image`, a smaller copy of an image of size `level0` at `mpp`.
    pub fn new(
        image: &RgbImage,
        level0: Size,
        mpp: Mpp,
        classes: &[Class],
    ) -> Result<Self, OverlayError> {
        let shape = OverlayError::Shape { image: image.size(), level0 };
        if image.size().pixels() == 0 || level0.pixels() == 0 {
            return Err(shape);
        }
        // Of the longer side: rounded to pixels, the shorter one would be off by more.
        let longest = image.width().max(image.height());
        let scale = longest as f64 / level0.width.max(level0.height) as f64;
        let sides = [(image.width(), level0.width), (image.height(), level0.height)];
        let fits =
            |(side, full): (usize, usize)| (full as f64 * scale - side as f64).abs() < ROUNDING_PX;
        if !sides.into_iter().all(fits) {
            return Err(shape);
        }

        let zoom = SHORTEST_LONG_SIDE_PX.div_ceil(longest).min(8);
        let canvas = Canvas::enlarged(image, zoom);
        let scale = scale * zoom as f64;
        Ok(Self {
            canvas,
            scale,
            um_per_px: mpp.um_per_px() / scale,
            classes: classes.into(),
            tissue_classes: Vec::new(),
        })
    }

    /// Tints the tissue; to be called before the nuclei are drawn.
    pub fn tint(&mut self, map: &TissueMap, classes: &[Class]) {
        self.tissue_classes = classes.into();
        tint::draw(&mut self.canvas, self.scale, map, classes);
    }

    /// Draws the outline of one nucleus.
    pub fn push(&mut self, nucleus: &Nucleus) -> Result<(), OverlayError> {
        checked::check(nucleus, self.classes.len()).map_err(OverlayError::Nucleus)?;
        let colour = self.classes[nucleus.class].colour;
        outlines::draw(&mut self.canvas, self.scale, &nucleus.polygon, colour);
        Ok(())
    }

    /// Adds scale bar and legend.
    pub fn finish(mut self, report: &TilReport) -> RgbImage {
        scale_bar::draw(&mut self.canvas, self.um_per_px);
        panel::beside(&self.canvas, report, (&self.classes, &self.tissue_classes)).into_image()
    }
}

/// Writes a picture to `path` as PNG, whole or not at all.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<(), OverlayError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // As small as the default on these pictures (2.2 MB), in half the time.
    encoder.set_compression(png::Compression::Fast);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(image.pixels())?;
            writer.finish()
        })
        .map_err(OverlayError::Encode)?;
    atomic::write(path, &bytes).map_err(OverlayError::File)
}

#[cfg(test)]
mod tests;
