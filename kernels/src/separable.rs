//! Separable filters with symmetric or antisymmetric taps, a few rows at a time and only where asked.
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
use crate::simd::{self, Work};
pub(crate) use spans::{LANES, Spans, Wanted};

/// Side taps at most: a filter is at most `2 · RADIUS_MAX + 1` wide.
pub(crate) const RADIUS_MAX: usize = 20;

/// Rows that are filtered together: enough that the rows above and below them, which the taps reach
/// as well, are not fetched from the second-level cache too often.
pub(crate) const BLOCK: usize = 16;

/// Rows whose sums are kept in registers together.
const GROUP: usize = 4;

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

/// A filter and the lines that it works on.
#[derive(Clone, Debug)]
pub(crate) struct Separable {
    columns: Taps,
    rows: Taps,
    /// The rows of a block after the pass down the columns, with `BORDER` on either side.
    lines: [Vec<f32>; BLOCK],
    /// Which groups of rows are wanted, a bit each, for each group of lanes.
    groups: Vec<u8>,
}

/// The rows of a block, one a buffer; each holds a whole number of lanes.
pub(crate) type Lines = [Vec<f32>; BLOCK];

/// Makes each line as long as a row of `width` pixels in whole lanes.
pub(crate) fn fit(lines: &mut Lines, width: usize) {
    for line in lines {
        line.resize(width.next_multiple_of(LANES), 0.0);
    }
}

impl Separable {
    /// `columns` are the taps down the columns, `rows` those along the rows.
    pub(crate) fn new(columns: Taps, rows: Taps) -> Self {
        assert!(
            columns.sides.len().max(rows.sides.len()) <= RADIUS_MAX,
            "a filter has at most {RADIUS_MAX} taps to a side"
        );
        Self { columns, rows, lines: Lines::default(), groups: Vec::new() }
    }

    /// The whole of the filtered `plane`, row-major.
    pub(crate) fn filter(&mut self, plane: Plane<'_>) -> Vec<f32> {
        simd::run(Whole { filter: self, plane })
    }

    /// The rows of the filtered `plane` from `y` on, at the pixels of `wanted`; other values of
    /// `out` are left as they are.
    #[inline(always)]
    pub(crate) fn block(&mut self, plane: Plane<'_>, y: usize, wanted: &Wanted, out: &mut Lines) {
        let width = plane.size.width;
        for line in &mut self.lines {
            line.resize(width.next_multiple_of(LANES) + 2 * BORDER, 0.0);
        }
        let reach = self.rows.sides.len().div_ceil(LANES);
        wanted.groups(reach, &mut self.groups);
        down_columns(&self.columns, plane, y, &self.groups, &mut self.lines);
        for ((line, spans), out) in self.lines.iter_mut().zip(wanted.rows()).zip(out) {
            reflect_border(line, width, self.rows.sides.len(), spans);
            for span in spans.iter() {
                along_row(&self.rows, line, span, out);
            }
        }
    }
}

/// Rows that the taps of a block reach.
const REACHED_MAX: usize = BLOCK + 2 * RADIUS_MAX;

/// Where each row begins that the taps of the block from `y` on reach.
fn row_starts(size: Size, y: usize, radius: usize) -> [usize; REACHED_MAX] {
    let first = y as isize - radius as isize;
    std::array::from_fn(|step| size.width * reflect(first + step as isize, size.height))
}

/// Fills the line beyond the image, where a wanted value reaches for it.
#[inline(always)]
fn reflect_border(line: &mut [f32], width: usize, radius: usize, wanted: &Spans) {
    if wanted.begins_within(radius) {
        for step in 1..=radius {
            line[BORDER - step] = line[BORDER + reflect(-(step as isize), width)];
        }
    }
    if wanted.ends_within(radius) {
        for x in width..width + radius {
            line[BORDER + x] = line[BORDER + reflect(x as isize, width)];
        }
    }
}

/// A filter over all of a map.
struct Whole<'a> {
    filter: &'a mut Separable,
    plane: Plane<'a>,
}

impl Work for Whole<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn work(self) -> Vec<f32> {
        let Size { width, height } = self.plane.size;
        let mut wanted = Wanted::default();
        let mut lines = Lines::default();
        fit(&mut lines, width);
        let mut out = Vec::with_capacity(self.plane.size.pixels());
        for y in (0..height).step_by(BLOCK) {
            wanted.whole(width, height - y);
            self.filter.block(self.plane, y, &wanted, &mut lines);
            for line in lines.iter().take(height - y) {
                out.extend_from_slice(&line[..width]);
            }
        }
        out
    }
}

/// Values of a row that are fetched together: four lines of the cache, so that the processor sees
/// where the row goes on.
const FETCHED: usize = 64;

/// The rows that the taps of a block reach, side by side: in the map they are a row apart, which for
/// rows of 4 KiB is the same place in the first-level cache.
type Near = [[f32; FETCHED]; REACHED_MAX];

/// The pass down the columns.
#[inline(always)]
fn down_columns(taps: &Taps, plane: Plane<'_>, y: usize, groups: &[u8], lines: &mut Lines) {
    let starts = row_starts(plane.size, y, taps.sides.len());
    let starts = &starts[..BLOCK + 2 * taps.sides.len()];
    let mut near = [[0.0; FETCHED]; REACHED_MAX];
    for (x, wanted) in (0..).step_by(FETCHED).zip(groups.chunks(FETCHED / LANES)) {
        if wanted.iter().all(|&wanted| wanted == 0) {
            continue;
        }
        fetch(plane, starts, x, &mut near);
        for (lane, wanted) in (0..).step_by(LANES).zip(wanted) {
            for group in (0..BLOCK / GROUP).filter(|group| wanted >> group & 1 == 1) {
                let rows = GROUP * group..;
                let sums = weigh_down(taps, &near[rows.clone()], lane);
                for (line, sums) in lines[rows].iter_mut().zip(sums) {
                    line[BORDER + x + lane..][..LANES].copy_from_slice(&sums);
                }
            }
        }
    }
}

#[inline(always)]
fn fetch(plane: Plane<'_>, starts: &[usize], x: usize, near: &mut Near) {
    let there = plane.size.width.min(x + FETCHED) - x;
    for (near, start) in near.iter_mut().zip(starts) {
        let from = &plane.values[start + x..];
        match from.first_chunk() {
            Some(whole) if there == FETCHED => *near = *whole,
            _ => near[..there].copy_from_slice(&from[..there]),
        }
    }
}

/// The sums of a group of rows at the lanes from `lane` on, together, so that they stay in registers.
#[inline(always)]
fn weigh_down(taps: &Taps, near: &[[f32; FETCHED]], lane: usize) -> [[f32; LANES]; GROUP] {
    let radius = taps.sides.len();
    let near = &near[..GROUP + 2 * radius];
    let at = |row: usize| -> &[f32; LANES] {
        near[row][lane..].first_chunk().expect("lanes lie within what was fetched")
    };
    let mut sums = [[0.0; LANES]; GROUP];
    if taps.symmetry == Symmetry::Even {
        for (row, sums) in sums.iter_mut().enumerate() {
            *sums = at(row + radius).map(|value| value * taps.centre);
        }
    }
    for (step, &weight) in (1..=radius).zip(&taps.sides) {
        for (row, sums) in sums.iter_mut().enumerate() {
            let (right, left) = (at(row + radius + step), at(row + radius - step));
            match taps.symmetry {
                Symmetry::Even => add_even(sums, right, left, weight),
                Symmetry::Odd => add_odd(sums, right, left, weight),
            }
        }
    }
    sums
}

/// The pass along the row of one span of pixels.
#[inline(always)]
fn along_row(taps: &Taps, line: &[f32], span: std::ops::Range<usize>, out: &mut [f32]) {
    let (wide, rest) = out[span.clone()].as_chunks_mut::<{ 2 * LANES }>();
    let mut x = BORDER + span.start;
    for sums in wide {
        *sums = weigh_along(taps, line, x);
        x += sums.len();
    }
    for sums in rest.as_chunks_mut::<LANES>().0 {
        *sums = weigh_along(taps, line, x);
        x += sums.len();
    }
}

/// Weighs the values around `WIDTH` places of a line, from its value `x` on.
#[inline(always)]
fn weigh_along<const WIDTH: usize>(taps: &Taps, line: &[f32], x: usize) -> [f32; WIDTH] {
    let radius = taps.sides.len();
    let near = &line[x - radius..x + radius + WIDTH];
    let at = |from: usize| -> &[f32; WIDTH] {
        near[from..].first_chunk().expect("a line reaches beyond its row by the border")
    };
    let mut sums = match taps.symmetry {
        Symmetry::Even => at(radius).map(|value| value * taps.centre),
        Symmetry::Odd => [0.0; WIDTH],
    };
    for (step, &weight) in (1..=radius).zip(&taps.sides) {
        let (right, left) = (at(radius + step), at(radius - step));
        match taps.symmetry {
            Symmetry::Even => add_even(&mut sums, right, left, weight),
            Symmetry::Odd => add_odd(&mut sums, right, left, weight),
        }
    }
    sums
}

#[inline(always)]
fn add_even<const W: usize>(sums: &mut [f32; W], right: &[f32; W], left: &[f32; W], weight: f32) {
    for lane in 0..W {
        sums[lane] += (right[lane] + left[lane]) * weight;
    }
}

#[inline(always)]
fn add_odd<const W: usize>(sums: &mut [f32; W], right: &[f32; W], left: &[f32; W], weight: f32) {
    for lane in 0..W {
        sums[lane] += (right[lane] - left[lane]) * weight;
    }
}

#[cfg(test)]
mod tests;
