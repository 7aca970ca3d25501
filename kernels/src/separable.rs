//! Separable filters with symmetric or antisymmetric taps, row by row and only where asked.
//!
//! **Contract.** First down the columns, then along the rows, borders reflected without the
//! outermost pixel. With centre tap `c` and side taps `w[1..]`, each pass is, in f32 and in this
//! order,
//! - symmetric: `a = c·x[0]`, then for k = 1, 2, …: `a = a + (x[k] + x[-k])·w[k]`,
//! - antisymmetric: `a = 0`, then for k = 1, 2, …: `a = a + (x[k] − x[-k])·w[k]`.
//!
//! A value depends on the pixels under the taps alone, not on which other values are asked for.

mod spans;

use contract::Size;

use crate::reflect::reflect;
pub(crate) use spans::{LANES, Spans};

/// Side taps at most: a filter is at most `2 · RADIUS_MAX + 1` wide.
pub(crate) const RADIUS_MAX: usize = 20;

/// Columns beyond the image that a line holds on either side.
const BORDER: usize = 32;
const _: () = assert!(BORDER >= RADIUS_MAX && BORDER.is_multiple_of(LANES));

/// The taps of one direction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taps {
    pub(crate) symmetry: Symmetry,
    pub(crate) centre: f32,
    /// Taps 1, 2, … to the right; those to the left mirror them.
    pub(crate) sides: Vec<f32>,
}

/// How the left taps mirror the right ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symmetry {
    Even,
    /// With the sign turned; the centre tap is 0.
    Odd,
}

/// One map, row-major.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane<'a> {
    pub(crate) size: Size,
    pub(crate) values: &'a [f32],
}

/// A filter and the line that it works on.
#[derive(Clone, Debug)]
pub(crate) struct Separable {
    columns: Taps,
    rows: Taps,
    /// A row after the pass down the columns, with `BORDER` on either side.
    line: Vec<f32>,
    starts: Vec<usize>,
}

impl Separable {
    /// `columns` are the taps down the columns, `rows` those along the rows.
    pub(crate) fn new(columns: Taps, rows: Taps) -> Self {
        assert!(
            columns.sides.len().max(rows.sides.len()) <= RADIUS_MAX,
            "a filter has at most {RADIUS_MAX} taps to a side"
        );
        Self { columns, rows, line: Vec::new(), starts: Vec::new() }
    }

    /// Row `y` of the filtered `plane` at the pixels of `wanted`, into `out`, which holds a whole
    /// number of spans; its other values are left as they are.
    #[inline(always)]
    pub(crate) fn row(&mut self, plane: Plane<'_>, y: usize, wanted: &Spans, out: &mut [f32]) {
        let Size { width, height } = plane.size;
        self.line.resize(width.next_multiple_of(LANES) + 2 * BORDER, 0.0);
        let radius = self.columns.sides.len() as isize;
        self.starts.clear();
        self.starts
            .extend((-radius..=radius).map(|step| width * reflect(y as isize + step, height)));
        let reach = self.rows.sides.len().div_ceil(LANES);
        for span in wanted.widened(reach) {
            down_columns(&self.columns, plane, &self.starts, span, &mut self.line);
        }
        self.reflect_border(width, wanted);
        for span in wanted.iter() {
            along_row(&self.rows, &self.line, span, out);
        }
    }

    /// Fills the line beyond the image, where a wanted value reaches for it.
    #[inline(always)]
    fn reflect_border(&mut self, width: usize, wanted: &Spans) {
        let radius = self.rows.sides.len();
        if wanted.begins_within(radius) {
            for step in 1..=radius {
                self.line[BORDER - step] = self.line[BORDER + reflect(-(step as isize), width)];
            }
        }
        if wanted.ends_within(radius) {
            for x in width..width + radius {
                self.line[BORDER + x] = self.line[BORDER + reflect(x as isize, width)];
            }
        }
    }
}

/// The pass down the columns of one span of pixels.
#[inline(always)]
fn down_columns(
    taps: &Taps,
    plane: Plane<'_>,
    starts: &[usize],
    span: std::ops::Range<usize>,
    line: &mut [f32],
) {
    let width = plane.size.width;
    let mut x = span.start;
    while x < span.end {
        let out = &mut line[BORDER + x..][..LANES];
        if x + LANES <= width {
            let load = |tap: usize| lanes(plane.values, starts[tap] + x);
            out.copy_from_slice(&weigh(taps, load));
        } else {
            let load = |tap: usize| partial(&plane.values[starts[tap] + x..starts[tap] + width]);
            out.copy_from_slice(&weigh(taps, load));
        }
        x += LANES;
    }
}

/// The pass along the row of one span of pixels.
#[inline(always)]
fn along_row(taps: &Taps, line: &[f32], span: std::ops::Range<usize>, out: &mut [f32]) {
    let first = BORDER - taps.sides.len();
    for x in span.step_by(LANES) {
        let load = |tap: usize| lanes(line, first + x + tap);
        out[x..x + LANES].copy_from_slice(&weigh(taps, load));
    }
}

#[inline(always)]
fn lanes(values: &[f32], from: usize) -> [f32; LANES] {
    *values[from..].first_chunk().expect("a span lies within its line")
}

/// The last pixels of a row, with zeros for those beyond it.
#[inline(always)]
fn partial(values: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}

/// Weighs what `load` gives for taps `0..=2 · radius`, from the centre outwards.
#[inline(always)]
fn weigh(taps: &Taps, load: impl Fn(usize) -> [f32; LANES]) -> [f32; LANES] {
    let radius = taps.sides.len();
    let mut sum = match taps.symmetry {
        Symmetry::Even => load(radius).map(|value| value * taps.centre),
        Symmetry::Odd => [0.0; LANES],
    };
    match taps.symmetry {
        Symmetry::Even => {
            for (step, &weight) in (1..).zip(&taps.sides) {
                let (right, left) = (load(radius + step), load(radius - step));
                for lane in 0..LANES {
                    sum[lane] += (right[lane] + left[lane]) * weight;
                }
            }
        }
        Symmetry::Odd => {
            for (step, &weight) in (1..).zip(&taps.sides) {
                let (right, left) = (load(radius + step), load(radius - step));
                for lane in 0..LANES {
                    sum[lane] += (right[lane] - left[lane]) * weight;
                }
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests;
