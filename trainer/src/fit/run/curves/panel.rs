//! One diagram: a title, axes with their numbers, lines over the steps.

use contract::Size;

use super::canvas::{Canvas, Colour, LETTER};
use super::series::{Point, Progress};

/// Of a panel.
pub(super) const SIZE: Size = Size::new(640, 300);
const LEFT_PX: f64 = 84.0;
const RIGHT_PX: f64 = 20.0;
const TOP_PX: f64 = 44.0;
const BOTTOM_PX: f64 = 36.0;
const INK: Colour = [28, 28, 34];
const FAINT: Colour = [118, 118, 128];
const GRID: Colour = [224, 224, 229];
/// Lines of the grid over the height, and numbers beside them.
const GRID_LINES: u32 = 4;
const LINE_RADIUS_PX: f64 = 0.9;
const DOT_RADIUS_PX: f64 = 2.2;
/// More points than this run into each other and get no dots.
const DOTS_MAX: usize = 60;

/// A line and its name in the head of the panel.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) colour: Colour,
    pub(super) points: Vec<Point>,
}

/// A diagram.
#[derive(Debug)]
pub(super) struct Panel<'a> {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    /// Whose steps lie along it.
    pub(super) along: &'a Progress,
}

impl Panel<'_> {
    /// Draws it with its upper left corner at (`left`, `top`).
    pub(super) fn draw(&self, canvas: &mut Canvas, (left, top): (usize, usize)) {
        let scale = Scale {
            origin: (left as f64, top as f64),
            steps: self.along.last.max(1.0),
            values: range(self.lines.iter().flat_map(|line| &line.points)),
        };
        self.grid(canvas, &scale);
        self.head(canvas, &scale);
        for line in &self.lines {
            draw_line(canvas, &scale, line);
        }
    }

    fn grid(&self, canvas: &mut Canvas, scale: &Scale) {
        let (low, high) = scale.values;
        let (right, bottom) = (scale.x(scale.steps), scale.y(low));
        for line in 0..=GRID_LINES {
            let value = low + (high - low) * f64::from(line) / f64::from(GRID_LINES);
            let y = scale.y(value);
            canvas.line((scale.x(0.0), y), (right, y), 0.5, GRID);
            let number = number(value);
            let x = scale.x(0.0) - 8.0 - (number.len() * LETTER.width) as f64;
            canvas.write((x, y - LETTER.height as f64 / 2.0), &number, FAINT);
        }
        for border in &self.along.borders {
            canvas.line((scale.x(*border), scale.y(high)), (scale.x(*border), bottom), 0.5, FAINT);
        }
        let last = format!("step {}", scale.steps);
        let width = (last.len() * LETTER.width) as f64;
        canvas.write((right - width, bottom + 8.0), &last, FAINT);
    }

    fn head(&self, canvas: &mut Canvas, scale: &Scale) {
        let (left, top) = (scale.x(0.0), scale.origin.1 + 12.0);
        canvas.write((left, top), &self.title, INK);
        let mut x = scale.x(scale.steps);
        for line in self.lines.iter().rev().filter(|line| !line.name.is_empty()) {
            x -= (line.name.len() * LETTER.width) as f64;
            canvas.write((x, top), line.name, line.colour);
            x -= 2.0 * LETTER.width as f64;
        }
    }
}

fn draw_line(canvas: &mut Canvas, scale: &Scale, line: &Line) {
    let place = |point: &Point| (scale.x(point.step), scale.y(point.value));
    for pair in line.points.windows(2) {
        canvas.line(place(&pair[0]), place(&pair[1]), LINE_RADIUS_PX, line.colour);
    }
    if line.points.len() <= DOTS_MAX {
        for point in &line.points {
            canvas.line(place(point), place(point), DOT_RADIUS_PX, line.colour);
        }
    }
}

/// Where a step and a value lie in the picture.
struct Scale {
    /// Upper left corner of the panel.
    origin: (f64, f64),
    steps: f64,
    /// Least and greatest.
    values: (f64, f64),
}

impl Scale {
    fn x(&self, step: f64) -> f64 {
        let width = SIZE.width as f64 - LEFT_PX - RIGHT_PX;
        self.origin.0 + LEFT_PX + step / self.steps * width
    }

    fn y(&self, value: f64) -> f64 {
        let height = SIZE.height as f64 - TOP_PX - BOTTOM_PX;
        let (low, high) = self.values;
        self.origin.1 + TOP_PX + (high - value) / (high - low) * height
    }
}

/// Least and greatest value; 0 to 1 without values, and never equal.
fn range<'a>(points: impl Iterator<Item = &'a Point>) -> (f64, f64) {
    let (low, high) = points.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), point| {
        (low.min(point.value), high.max(point.value))
    });
    match high - low {
        spread if spread > 0.0 => (low, high),
        _ if low.is_finite() => (low - 0.5, low + 0.5),
        _ => (0.0, 1.0),
    }
}

/// A number as short as it can be told apart: `0.00123`, `1.23`, `1.2e-7`.
fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".to_owned(),
        _ if !(1e-4..1e5).contains(&size) => format!("{value:.1e}"),
        _ => {
            let decimals = (2 - size.log10().floor() as i32).clamp(0, 6);
            format!("{value:.*}", decimals as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.001_234, "0.00123"),
            (1.234, "1.23"),
            (123.4, "123"),
            (1.2e-7, "1.2e-7"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_range_is_never_empty() {
        let point = |value| Point { step: 0.0, value };

        assert_eq!(range([].into_iter()), (0.0, 1.0));
        assert_eq!(range([point(2.0)].iter()), (1.5, 2.5));
        assert_eq!(range([point(2.0), point(-1.0)].iter()), (-1.0, 2.0));
    }
}
