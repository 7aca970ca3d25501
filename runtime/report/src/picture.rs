//! What the pictures for people share: the image at a size that can be looked at, text, the scale
//! bar, the panel beside it, and PNG.

pub(crate) mod canvas;
pub(crate) mod panel;
pub(crate) mod scale_bar;
pub(crate) mod text;

use contract::{Mpp, RgbImage, Size};

use canvas::Canvas;

/// An image below this is enlarged by a whole number: outlines and text need room.
const SHORTEST_LONG_SIDE_PX: usize = 768;

/// How far the shorter side may be off: it has been rounded once for each time that the image was
/// made smaller, by way of an overview twice.
const ROUNDING_PX: f64 = 2.0;

/// An image as it is drawn upon.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) canvas: Canvas,
    /// Pixels of the picture a level-0 pixel.
    pub(crate) scale: f64,
    /// Resolution of the picture.
    pub(crate) um_per_px: f64,
}

impl Frame {
    /// The frame of `image`, a smaller copy of an image of size `level0` at `mpp`; none where one
    /// has no pixels or the shapes differ.
    pub(crate) fn of(image: &RgbImage, level0: Size, mpp: Mpp) -> Option<Self> {
        if image.size().pixels() == 0 || level0.pixels() == 0 {
            return None;
        }
        // Of the longer side: rounded to pixels, the shorter one would be off by more.
        let longest = image.width().max(image.height());
        let scale = longest as f64 / level0.width.max(level0.height) as f64;
        let sides = [(image.width(), level0.width), (image.height(), level0.height)];
        let fits =
            |(side, full): (usize, usize)| (full as f64 * scale - side as f64).abs() < ROUNDING_PX;
        if !sides.into_iter().all(fits) {
            return None;
        }

        let zoom = SHORTEST_LONG_SIDE_PX.div_ceil(longest).min(8);
        let scale = scale * zoom as f64;
        Some(Self {
            canvas: Canvas::enlarged(image, zoom),
            scale,
            um_per_px: mpp.um_per_px() / scale,
        })
    }
}

/// A picture as PNG.
pub(crate) fn png_of(image: &RgbImage) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // As small as the default on these pictures (2.2 MB), in half the time.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image.pixels())?;
    writer.finish()?;
    Ok(bytes)
}
