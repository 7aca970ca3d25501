//! A picture to draw in: smooth lines, and text in Noto Sans Mono. What lies outside is not drawn.

use contract::{RgbImage, Size};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

const WEIGHT: FontWeight = FontWeight::Regular;
const HEIGHT: RasterHeight = RasterHeight::Size16;
/// Of a letter.
pub(super) const LETTER: Size = Size::new(get_raster_width(WEIGHT, HEIGHT), HEIGHT.val());

/// A picture.
#[derive(Debug)]
pub(super) struct Canvas(RgbImage);

impl Canvas {
    /// A picture of one colour.
    pub(super) fn filled(size: Size, colour: Colour) -> Self {
        Self(RgbImage::filled(size, colour))
    }

    /// Its size.
    pub(super) fn size(&self) -> Size {
        self.0.size()
    }

    /// Its pixels, row-major.
    pub(super) fn pixels(&self) -> &[u8] {
        self.0.pixels()
    }

    /// Draws a line with round ends: each pixel as far as it lies within `radius` of it.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), radius: f64, colour: Colour) {
        let reach = radius + 1.0;
        let span = |a: f64, b: f64, length: usize| {
            let first = (a.min(b) - reach).floor().max(0.0) as usize;
            let end = (a.max(b) + reach).ceil().clamp(0.0, length as f64) as usize;
            first..end
        };
        let Size { width, height } = self.size();
        for y in span(from.1, to.1, height) {
            for x in span(from.0, to.0, width) {
                let far = distance((x as f64 + 0.5, y as f64 + 0.5), from, to);
                self.blend((x, y), colour, (radius + 0.5 - far).clamp(0.0, 1.0));
            }
        }
    }

    /// Writes `text` with its upper left corner at (`left`, `top`). What the font lacks is a `?`.
    pub(super) fn write(&mut self, (left, top): (f64, f64), text: &str, colour: Colour) {
        let (left, top) = (left.max(0.0) as usize, top.max(0.0) as usize);
        for (at, letter) in text.chars().enumerate() {
            let raster = get_raster(letter, WEIGHT, HEIGHT)
                .or_else(|| get_raster('?', WEIGHT, HEIGHT))
                .expect("the font has a question mark");
            for (y, row) in (top..).zip(raster.rows()) {
                for (x, &intensity) in (left + at * LETTER.width..).zip(row) {
                    self.blend((x, y), colour, f64::from(intensity) / 255.0);
                }
            }
        }
    }

    fn blend(&mut self, (x, y): (usize, usize), colour: Colour, share: f64) {
        let Size { width, height } = self.size();
        if x >= width || y >= height {
            return;
        }
        let first = 3 * (y * width + x);
        for (old, new) in self.0.pixels_mut()[first..first + 3].iter_mut().zip(colour) {
            *old = (f64::from(*old) * (1.0 - share) + f64::from(new) * share).round() as u8;
        }
    }
}

/// From a point to the nearest point of a line.
fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (point.0 - from.0, point.1 - from.1);
    let length = along_x.mul_add(along_x, along_y * along_y);
    let share = if length > 0.0 { (x * along_x + y * along_y) / length } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (x - share * along_x).hypot(y - share * along_y)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: Colour = [255; 3];

    #[test]
    fn a_line_covers_its_pixels_and_no_others() {
        let mut canvas = Canvas::filled(Size::new(20, 9), PAPER);

        canvas.line((3.5, 4.5), (16.5, 4.5), 0.5, [0; 3]);

        let dark = |x: usize, y: usize| canvas.0.pixel(x, y) == [0; 3];
        assert!((3..=16).all(|x| dark(x, 4)));
        let others = (0..9).flat_map(|y| (0..20).map(move |x| (x, y)));
        let blank = |(x, y): (usize, usize)| canvas.0.pixel(x, y) == PAPER;
        assert!(others.filter(|&(x, y)| y != 4 || !(3..=16).contains(&x)).all(blank));
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        let mut canvas = Canvas::filled(Size::new(8, 8), PAPER);

        canvas.line((-50.0, -20.0), (-9.0, 90.0), 1.0, [0; 3]);
        canvas.line((40.0, 3.0), (60.0, 3.0), 1.0, [0; 3]);
        canvas.write((30.0, 2.0), "text", [0; 3]);

        assert!(canvas.pixels().iter().all(|value| *value == 255));
    }
}
