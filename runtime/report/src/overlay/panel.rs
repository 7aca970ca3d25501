//! The legend beside the image: classes, counts, areas, TIL figures.

use contract::{Class, Evidence, Size, TilFigure, TilReport};

use super::canvas::{Canvas, Colour};
use super::text::{self, Style};
use crate::table::{number, with_unit};

const WIDTH_PX: i64 = 520;
const MARGIN_PX: i64 = 24;
const LINE_PX: i64 = 24;
const SWATCH_PX: i64 = 14;
const PAPER: Colour = [250, 250, 251];
const INK: Colour = [28, 28, 34];
const FAINT: Colour = [118, 118, 128];
const RULE: Colour = [214, 214, 220];
const ACCENT: Colour = [168, 30, 60];

/// The image with the legend to its right.
pub(super) fn beside(
    image: &Canvas,
    report: &TilReport,
    (classes, tissue_classes): (&[Class], &[Class]),
) -> Canvas {
    let lines = lines(report, classes, tissue_classes);
    let needed = 2 * MARGIN_PX + lines.iter().map(Line::height_px).sum::<i64>();
    let size = image.size();
    let height = needed.max(size.height as i64) as usize;
    let mut canvas = Canvas::filled(Size::new(size.width + WIDTH_PX as usize, height), PAPER);
    canvas.place(image, (0, 0));

    let left = size.width as i64 + MARGIN_PX;
    let mut top = MARGIN_PX;
    for line in &lines {
        line.draw(&mut canvas, (left, top));
        top += line.height_px();
    }
    canvas
}

/// One line of the legend.
enum Line {
    Title(String),
    Head(String, String),
    Faint(String),
    Warning(String),
    Class(Colour, String, String),
    Figure(String, String, String),
    Rule,
}

fn lines(report: &TilReport, classes: &[Class], tissue_classes: &[Class]) -> Vec<Line> {
    let image = &report.image;
    let um_per_px = image.mpp.um_per_px();
    let mm = |px: u64| number(px as f64 * um_per_px * 1e-3);
    let mut lines = vec![
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
    ];
    lines.extend(nuclei(report, classes));
    if !report.tissue.is_empty() {
        lines.push(Line::Rule);
        lines.extend(tissue(report, tissue_classes));
    }
    lines.push(Line::Rule);
    lines.push(Line::Head("TIL figures".into(), "95 % interval".into()));
    lines.extend(report.tils.iter().map(figure));
    if report.tils.iter().any(|figure| matches!(figure.evidence, Evidence::Low { .. })) {
        lines.push(Line::Faint("* little evidence, see report.json".into()));
    }
    lines.push(Line::Rule);
    lines.push(Line::Warning("RESEARCH USE ONLY".into()));
    lines.push(Line::Faint(format!("margay {}", report.margay)));
    lines
}

fn nuclei(report: &TilReport, classes: &[Class]) -> Vec<Line> {
    let all: u64 = report.nuclei.iter().map(|class| class.count).sum();
    let mut lines = vec![Line::Head("Nuclei".into(), grouped(all))];
    lines.extend(report.nuclei.iter().map(|class| {
        let part = class.count as f64 / all.max(1) as f64;
        let right = format!("{}  {:5.1} %", grouped(class.count), 100.0 * part);
        Line::Class(colour_of(classes, &class.class), class.class.clone(), right)
    }));
    lines
}

fn tissue(report: &TilReport, classes: &[Class]) -> Vec<Line> {
    let mut lines = vec![Line::Head("Tissue".into(), "mm²         ".into())];
    lines.extend(report.tissue.iter().map(|class| {
        let right = format!("{:.3}  {:5.1} %", class.area_mm2, 100.0 * class.fraction);
        Line::Class(colour_of(classes, &class.class), class.class.clone(), right)
    }));
    lines
}

fn figure(figure: &TilFigure) -> Line {
    let value = figure.value.map_or("-".into(), |value| with_unit(value, &figure.unit));
    let mark = if matches!(figure.evidence, Evidence::Low { .. }) { "*" } else { " " };
    let interval = figure
        .interval_95
        .map_or(String::new(), |[low, high]| format!("{} - {}", number(low), number(high)));
    Line::Figure(figure.title.clone(), format!("{value}{mark}"), interval)
}

fn colour_of(classes: &[Class], name: &str) -> Colour {
    classes.iter().find(|class| class.name == name).map_or(FAINT, |class| class.colour)
}

/// A count with its thousands apart: `1,234,567`.
fn grouped(count: u64) -> String {
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
            Self::Faint(_) | Self::Warning(_) | Self::Class(..) | Self::Figure(..) => LINE_PX,
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
        }
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
