//! A picture that colours are blended into.

use contract::{RgbImage, Size};

/// A colour, red green blue.
pub(crate) type Colour = [u8; 3];

/// A picture; what lies outside it is not drawn.
#[derive(Debug)]
pub(crate) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    /// A picture of one colour.
    pub(crate) fn filled(size: Size, colour: Colour) -> Self {
        Self { image: RgbImage::filled(size, colour) }
    }

    /// `image`, each side `zoom` times as long, bilinear.
    pub(crate) fn enlarged(image: &RgbImage, zoom: usize) -> Self {
        if zoom == 1 {
            return Self { image: image.clone() };
        }
        let size = Size::new(image.width() * zoom, image.height() * zoom);
        let mut large = RgbImage::filled(size, [0; 3]);
        let (across, down) = (taps(image.width(), zoom), taps(image.height(), zoom));
        let pixels = large.pixels_mut().chunks_exact_mut(3);
        let places = down.iter().flat_map(|y| across.iter().map(move |x| (x, y)));
        for (pixel, (&(x0, x1, fx), &(y0, y1, fy))) in pixels.zip(places) {
            let corners = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map(|(x, y)| image.pixel(x, y));
            let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
            for (channel, value) in pixel.iter_mut().enumerate() {
                let sum: f32 =
                    corners.iter().zip(weights).map(|(c, w)| f32::from(c[channel]) * w).sum();
                *value = (sum + 0.5) as u8;
            }
        }
        Self { image: large }
    }

    /// Width and height.
    pub(crate) fn size(&self) -> Size {
        self.image.size()
    }

    /// Mixes `colour` into the pixel at column `x`, row `y`: `opacity` 0 leaves it, 1 covers it.
    pub(crate) fn blend(&mut self, (x, y): (i64, i64), colour: Colour, opacity: f32) {
        let Size { width, height } = self.size();
        if !(0..width as i64).contains(&x) || !(0..height as i64).contains(&y) {
            return;
        }
        let at = 3 * (y as usize * width + x as usize);
        for (below, above) in self.image.pixels_mut()[at..at + 3].iter_mut().zip(colour) {
            let mixed = f32::from(*below) + (f32::from(above) - f32::from(*below)) * opacity;
            *below = (mixed + 0.5) as u8;
        }
    }

    /// Mixes `colour` into a rectangle: left, top, width, height.
    pub(crate) fn rectangle(
        &mut self,
        [left, top, width, height]: [i64; 4],
        colour: Colour,
        opacity: f32,
    ) {
        for y in top..top + height {
            for x in left..left + width {
                self.blend((x, y), colour, opacity);
            }
        }
    }

    /// Turns the picture grey and leaves `darkness` of its darkness: 0 is white.
    pub(crate) fn pale(&mut self, darkness: f32) {
        for pixel in self.image.pixels_mut().chunks_exact_mut(3) {
            let luma = luma([pixel[0], pixel[1], pixel[2]]);
            pixel.fill((255.0 - (255.0 - luma) * darkness + 0.5) as u8);
        }
    }

    /// Copies `other` with its first pixel at (`left`, `top`).
    pub(crate) fn place(&mut self, other: &Self, (left, top): (i64, i64)) {
        let Size { width, height } = other.size();
        for y in 0..height {
            for x in 0..width {
                self.blend((left + x as i64, top + y as i64), other.image.pixel(x, y), 1.0);
            }
        }
    }

    /// Gives the picture away.
    pub(crate) fn into_image(self) -> RgbImage {
        self.image
    }
}

/// Brightness of a colour, 0 to 255 (ITU-R BT.601).
pub(crate) fn luma([red, green, blue]: Colour) -> f32 {
    0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
}

/// For each new pixel along an axis, the two old ones around its centre and the share of the
/// second.
fn taps(length: usize, zoom: usize) -> Vec<(usize, usize, f32)> {
    let tap = |at: usize| {
        let centre = ((at as f32 + 0.5) / zoom as f32 - 0.5).clamp(0.0, (length - 1) as f32);
        let first = centre as usize;
        (first, (first + 1).min(length - 1), centre - first as f32)
    };
    (0..length * zoom).map(tap).collect()
}
