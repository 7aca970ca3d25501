//! Text: Noto Sans Mono as anti-aliased bitmaps, Latin-1.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::canvas::{Canvas, Colour};

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    weight: FontWeight,
    height: RasterHeight,
    colour: Colour,
}

impl Style {
    /// Text of a table.
    pub(crate) const fn small(colour: Colour) -> Self {
        Self { weight: FontWeight::Regular, height: RasterHeight::Size16, colour }
    }

    /// Heads of a table.
    pub(crate) const fn head(colour: Colour) -> Self {
        Self { weight: FontWeight::Bold, height: RasterHeight::Size16, colour }
    }

    /// A title.
    pub(crate) const fn title(colour: Colour) -> Self {
        Self { weight: FontWeight::Bold, height: RasterHeight::Size24, colour }
    }

    /// Labels in the image.
    pub(crate) const fn label(colour: Colour) -> Self {
        Self { weight: FontWeight::Bold, height: RasterHeight::Size20, colour }
    }

    /// Height of a line, pixels.
    pub(crate) fn height_px(self) -> i64 {
        self.height.val() as i64
    }

    /// Width of `text`, pixels.
    pub(crate) fn width_px(self, text: &str) -> i64 {
        (text.chars().count() * self.advance()) as i64
    }

    /// Characters that fit into `width_px`.
    pub(crate) fn fitting(self, width_px: i64) -> usize {
        width_px.max(0) as usize / self.advance()
    }

    fn advance(self) -> usize {
        get_raster_width(self.weight, self.height)
    }
}

/// Writes `text` with its upper left corner at (`left`, `top`). What the font lacks is a `?`.
pub(crate) fn write(canvas: &mut Canvas, (left, top): (i64, i64), text: &str, style: Style) {
    let mut x = left;
    for letter in text.chars() {
        let raster = get_raster(plain(letter), style.weight, style.height)
            .or_else(|| get_raster('?', style.weight, style.height));
        let rows = raster.iter().flat_map(|raster| (top..).zip(raster.rows()));
        for (y, row) in rows {
            for (column, &intensity) in (x..).zip(row) {
                if intensity > 0 {
                    canvas.blend((column, y), style.colour, f32::from(intensity) / 255.0);
                }
            }
        }
        x += style.advance() as i64;
    }
}

/// Writes `text` with its upper right corner at (`right`, `top`).
pub(crate) fn write_to(canvas: &mut Canvas, (right, top): (i64, i64), text: &str, style: Style) {
    write(canvas, (right - style.width_px(text), top), text, style);
}

/// Dashes that Latin-1 lacks.
fn plain(letter: char) -> char {
    match letter {
        '–' | '—' | '−' => '-',
        other => other,
    }
}
