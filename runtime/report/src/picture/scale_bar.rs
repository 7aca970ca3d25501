//! The scale bar: a round length in the lower left corner of the image.

use super::canvas::Canvas;
use super::text::{self, Style};

const MARGIN_PX: i64 = 20;
const THICKNESS_PX: i64 = 5;
/// Greatest part of the image's width that the bar takes.
const PART_OF_WIDTH: f64 = 0.25;
const WHITE: [u8; 3] = [255; 3];
const INK: [u8; 3] = [20, 20, 24];

/// Draws the bar into a picture of `um_per_px`.
pub(crate) fn draw(canvas: &mut Canvas, um_per_px: f64) {
    let width_px = canvas.size().width as f64;
    let length_um = round_length(width_px * PART_OF_WIDTH * um_per_px);
    let label = if length_um >= 1000.0 {
        format!("{} mm", length_um / 1000.0)
    } else {
        format!("{length_um} µm")
    };
    let length_px = (length_um / um_per_px).round() as i64;
    let style = Style::label(INK);
    let box_width = length_px.max(style.width_px(&label)) + 20;
    let box_height = style.height_px() + THICKNESS_PX + 18;
    let (left, top) = (MARGIN_PX, canvas.size().height as i64 - MARGIN_PX - box_height);

    canvas.rectangle([left, top, box_width, box_height], WHITE, 0.82);
    let middle = left + box_width / 2;
    text::write(canvas, (middle - style.width_px(&label) / 2, top + 5), &label, style);
    let bar_top = top + 9 + style.height_px();
    canvas.rectangle([middle - length_px / 2, bar_top, length_px, THICKNESS_PX], INK, 1.0);
}

/// The greatest of 1, 2, 5, 10, 20, 50 … that is at most `length_um`.
fn round_length(length_um: f64) -> f64 {
    let mut length = 1.0;
    for step in [2.0, 2.5, 2.0].into_iter().cycle() {
        if length * step > length_um {
            break;
        }
        length *= step;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_a_round_length() {
        let lengths = [0.5, 1.0, 4.9, 5.0, 58.9, 99.0, 1999.0, 3750.0].map(round_length);

        let round = [1.0, 1.0, 2.0, 5.0, 50.0, 50.0, 1000.0, 2000.0];
        assert!(lengths.iter().zip(round).all(|(a, b)| (a - b).abs() < 1e-9), "{lengths:?}");
    }
}
