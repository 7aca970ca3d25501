//! The panel beside the image: lines of text with swatches and scales.

use contract::{Size, TilReport};

use super::canvas::{Canvas, Colour};
use super::text::{self, Style};
use crate::table::number;

const WIDTH_PX: i64 = 520;
const MARGIN_PX: i64 = 24;
const LINE_PX: i64 = 24;
const SWATCH_PX: i64 = 14;
const RAMP_PX: i64 = 18;
const PAPER: Colour = [250, 250, 251];
const INK: Colour = [28, 28, 34];
/// Colour of what is there to be looked up.
pub(crate) const FAINT: Colour = [118, 118, 128];
const RULE: Colour = [214, 214, 220];
const ACCENT: Colour = [168, 30, 60];

/// `image` with the panel of `lines` to its right.
pub(crate) fn beside(image: &Canvas, lines: &[Line]) -> Canvas {
    let needed = 2 * MARGIN_PX + lines.iter().map(Line::height_px).sum::<i64>();
    let size = image.size();
    let height = needed.max(size.height as i64) as usize;
    let mut canvas = Canvas::filled(Size::new(size.width + WIDTH_PX as usize, height), PAPER);
    canvas.place(image, (0, 0));

    let left = size.width as i64 + MARGIN_PX;
    let mut top = MARGIN_PX;
    for line in lines {
        line.draw(&mut canvas, (left, top));
        top += line.height_px();
    }
    canvas
}

/// One line of a panel.
pub(crate) enum Line {
    /// What the picture shows.
    Title(String),
    /// A heading, and what its right column holds.
    Head(String, String),
    /// Something to be looked up.
    Faint(String),
    /// Something not to be overlooked.
    Warning(String),
    /// A colour, its name, and what is known of it.
    Class(Colour, String, String),
    /// A figure: title, value, interval.
    Figure(String, String, String),
    /// A name and its value.
    Entry(String, String),
    /// Colours from left to right, and labels at parts of the way, 0 to 1.
    Ramp(Vec<Colour>, Vec<(f64, String)>),
    /// A line across.
    Rule,
}

/// What every panel begins with: the image, its size, the evaluated area.
pub(crate) fn head(report: &TilReport) -> Vec<Line> {
    let image = &report.image;
    let um_per_px = image.mpp.um_per_px();
    let mm = |px: u64| number(px as f64 * um_per_px * 1e-3);
    vec![
        Line::Title(image.name.clone()),
        Line::Faint(format!(
            "{} × {} px, {um_per_px:.4} µm/px, {} × {} mm",
            image.width_px,
            image.height_px,
            mm(image.width_px),
            mm(image.height_px)
        )),
        Line::Faint(format!("evaluated {:.3} mm²", report.evaluated_area_mm2)),
        Line::Rule,
    ]
}

/// What every panel ends with: what the picture is not for, and which version made it.
pub(crate) fn foot(report: &TilReport) -> Vec<Line> {
    vec![
        Line::Rule,
        Line::Warning("RESEARCH USE ONLY".into()),
        Line::Faint(format!("margay {}", report.margay)),
    ]
}

/// A count with its thousands apart: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let grouped = digits.bytes().enumerate().flat_map(|(at, digit)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([char::from(digit)])
    });
    grouped.collect()
}

impl Line {
    fn height_px(&self) -> i64 {
        match self {
            Self::Title(_) => 38,
            Self::Rule => 25,
            Self::Head(..) => LINE_PX + 4,
            Self::Ramp(..) => RAMP_PX + LINE_PX + 12,
            Self::Faint(_)
            | Self::Warning(_)
            | Self::Class(..)
            | Self::Figure(..)
            | Self::Entry(..) => LINE_PX,
        }
    }

    fn draw(&self, canvas: &mut Canvas, (left, top): (i64, i64)) {
        let width = WIDTH_PX - 2 * MARGIN_PX;
        let right = left + width;
        let mut at = |x: i64, text: &str, style: Style| {
            let text = shortened(text, style.fitting(left + width - x));
            text::write(canvas, (x, top), &text, style);
        };
        match self {
            Self::Title(title) => at(left, title, Style::title(INK)),
            Self::Faint(text) => at(left, text, Style::small(FAINT)),
            Self::Warning(text) => at(left, text, Style::head(ACCENT)),
            Self::Rule => canvas.rectangle([left, top + 10, width, 1], RULE, 1.0),
            Self::Head(head, at_right) => {
                at(left, head, Style::head(INK));
                text::write_to(canvas, (right, top), at_right, Style::small(FAINT));
            }
            Self::Class(colour, name, at_right) => {
                swatch(canvas, (left, top + 3), *colour);
                let room = right - left - 24 - Style::small(INK).width_px(at_right) - 8;
                let name = shortened(name, Style::small(INK).fitting(room));
                text::write(canvas, (left + 24, top), &name, Style::small(INK));
                text::write_to(canvas, (right, top), at_right, Style::small(INK));
            }
            Self::Figure(title, value, interval) => {
                at(left, title, Style::small(INK));
                text::write_to(canvas, (right - 124, top), value, Style::head(INK));
                text::write_to(canvas, (right, top), interval, Style::small(FAINT));
            }
            Self::Entry(name, value) => {
                at(left, name, Style::small(INK));
                text::write_to(canvas, (right, top), value, Style::head(INK));
            }
            Self::Ramp(colours, labels) => ramp(canvas, [left, top, width], colours, labels),
        }
    }
}

/// A bar of colours with a tick and a label at each part of its length; `place` is left, top, width.
fn ramp(
    canvas: &mut Canvas,
    [left, top, width]: [i64; 3],
    colours: &[Colour],
    labels: &[(f64, String)],
) {
    canvas.rectangle([left - 1, top + 3, width + 2, RAMP_PX + 2], RULE, 1.0);
    for x in 0..width {
        let at = (x as usize * colours.len()) / width as usize;
        if let Some(&colour) = colours.get(at) {
            canvas.rectangle([left + x, top + 4, 1, RAMP_PX], colour, 1.0);
        }
    }
    let bottom = top + 4 + RAMP_PX;
    for (part, label) in labels {
        let x = left + ((width - 1) as f64 * part).round() as i64;
        canvas.rectangle([x, bottom, 1, 5], INK, 1.0);
        // The outermost labels end with the bar.
        let wide = Style::small(INK).width_px(label);
        let start = (x - wide / 2).clamp(left, (left + width - wide).max(left));
        text::write(canvas, (start, bottom + 6), label, Style::small(INK));
    }
}

/// A filled square with a rim of the same colour; a grey one around it keeps white visible.
fn swatch(canvas: &mut Canvas, (left, top): (i64, i64), colour: Colour) {
    canvas.rectangle([left - 1, top - 1, SWATCH_PX + 2, SWATCH_PX + 2], RULE, 1.0);
    canvas.rectangle([left, top, SWATCH_PX, SWATCH_PX], colour, 1.0);
    canvas.rectangle([left + 2, top + 2, SWATCH_PX - 4, SWATCH_PX - 4], [255; 3], 0.35);
}

/// `text`, at most `letters` long; what is cut off shows as two dots.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.into();
    }
    text.chars().take(letters.saturating_sub(2)).chain("..".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_long_name_is_cut_with_two_dots() {
        assert_eq!(shortened("melanophage", 8), "melano..");
        assert_eq!(shortened("tumour", 6), "tumour");
    }
}
