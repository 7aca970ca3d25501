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
use crate::picture::{self, Frame, panel, scale_bar};
use crate::{NucleusError, checked};

mod legend;
mod outlines;
mod tint;

/// Longest side of the image that the caller should hand over, pixels.
pub const LONGEST_SIDE_PX: usize = 2048;

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
    frame: Frame,
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
        let frame = Frame::of(image, level0, mpp)
            .ok_or(OverlayError::Shape { image: image.size(), level0 })?;
        Ok(Self { frame, classes: classes.into(), tissue_classes: Vec::new() })
    }

    /// Tints the tissue; to be called before the nuclei are drawn.
    pub fn tint(&mut self, map: &TissueMap, classes: &[Class]) {
        self.tissue_classes = classes.into();
        tint::draw(&mut self.frame.canvas, self.frame.scale, map, classes);
    }

    /// Draws the outline of one nucleus.
    pub fn push(&mut self, nucleus: &Nucleus) -> Result<(), OverlayError> {
        checked::check(nucleus, self.classes.len()).map_err(OverlayError::Nucleus)?;
        let colour = self.classes[nucleus.class].colour;
        outlines::draw(&mut self.frame.canvas, self.frame.scale, &nucleus.polygon, colour);
        Ok(())
    }

    /// Adds scale bar and legend.
    pub fn finish(mut self, report: &TilReport) -> RgbImage {
        let Frame { canvas, um_per_px, .. } = &mut self.frame;
        scale_bar::draw(canvas, *um_per_px);
        let lines = legend::lines(report, &self.classes, &self.tissue_classes);
        panel::beside(canvas, &lines).into_image()
    }
}

/// Writes a picture to `path` as PNG, whole or not at all.
pub fn write_png(path: &Path, image: &RgbImage) -> Result<(), OverlayError> {
    let bytes = picture::png_of(image).map_err(OverlayError::Encode)?;
    atomic::write(path, &bytes).map_err(OverlayError::File)
}

#[cfg(test)]
mod tests;
