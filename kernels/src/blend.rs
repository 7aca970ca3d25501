//! Tissue classes from overlapping windows.
//!
//! **Contract.** Windows are square, `edge` px. Along an axis of length `n` there is one at 0 if
//! `n ≤ edge`; else `k + 1` of them with `k = max(1, floor((n − edge) / ⌈edge / 2⌉))`, the `i`-th beginning at
//! `floor(i·(n − edge) / k)`. So they cover the axis and at most two of them cover a pixel, four in the
//! plane.
//!
//! The weight of a pixel in a window is `g(x)·g(y)`, one f32 product of
//! `g(x) = e^(−(x − (edge − 1)/2)² / 2σ²)`, σ = edge / 8 (nnU-Net, Isensee et al. 2021), each rounded once from
//! f64. The class of a pixel is the one with the greatest `Σ weight·value` over the windows that cover
//! it, in f32, windows row by row from the top left; the lowest class among equals, a NaN never wins.
//! The sum of the weights cancels out, so nothing is divided and nothing is accumulated.

mod cpu;

use std::ops::Range;

use contract::Size;

use crate::smooth::exp_of_minus;

/// The windows over a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    size: Size,
    edge: usize,
    columns: Vec<usize>,
    rows: Vec<usize>,
    profile: Vec<f32>,
}

/// Which window: column and row in the grid of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowIndex {
    /// From the left.
    pub column: usize,
    /// From the top.
    pub row: usize,
}

impl Windows {
    /// Lays windows of `edge` px over a map of `size`.
    ///
    /// # Panics
    /// If `edge` is 0.
    pub fn new(size: Size, edge: usize) -> Self {
        assert!(edge > 0, "a window has pixels");
        Self {
            size,
            edge,
            columns: origins(size.width, edge),
            rows: origins(size.height, edge),
            profile: profile(edge),
        }
    }

    /// Where the windows of a row begin, from left to right.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Where the windows of a column begin, from top to bottom.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The edge of a window.
    pub fn edge(&self) -> usize {
        self.edge
    }

    /// The rows of windows that are needed for the map's row `y`.
    pub fn windows_of_row(&self, y: usize) -> Range<usize> {
        covering(&self.rows, self.edge, y)
    }

    /// The rows of the map that are final when the windows of row `row` and all above are there.
    pub fn final_rows(&self, row: usize) -> Range<usize> {
        let start = if row == 0 { 0 } else { self.rows[row] };
        start..self.rows.get(row + 1).copied().unwrap_or(self.size.height)
    }

    /// The class of each pixel of the map's rows `rows`, row-major, into `out`.
    ///
    /// `maps` gives the values of a window: `classes` planes of `edge × edge`, one after the other. It
    /// is asked for the windows of [`Windows::windows_of_row`] only.
    ///
    /// # Panics
    /// If `out` does not hold the rows, if a window's maps are not of the size said, or if there are
    /// no classes or more than 255.
    pub fn classes<'a>(
        &self,
        classes: usize,
        rows: Range<usize>,
        maps: impl Fn(WindowIndex) -> &'a [f32],
        out: &mut [u8],
    ) {
        assert!((1..=255).contains(&classes), "there are 1 to 255 classes, not {classes}");
        assert_eq!(out.len(), rows.len() * self.size.width, "the output holds the rows asked for");
        cpu::classes(self, classes, rows, maps, out);
    }
}

fn origins(length: usize, edge: usize) -> Vec<usize> {
    if length <= edge {
        return vec![0];
    }
    let free = length - edge;
    let steps = (free / edge.div_ceil(2)).max(1);
    (0..=steps).map(|index| (index as u128 * free as u128 / steps as u128) as usize).collect()
}

fn profile(edge: usize) -> Vec<f32> {
    let (centre, sigma) = ((edge as f64 - 1.0) / 2.0, edge as f64 / 8.0);
    (0..edge)
        .map(|x| {
            let offset = x as f64 - centre;
            exp_of_minus(offset * offset / (2.0 * sigma * sigma)) as f32
        })
        .collect()
}

/// The windows that cover place `at` of an axis.
fn covering(origins: &[usize], edge: usize, at: usize) -> Range<usize> {
    let past = origins.partition_point(|&origin| origin <= at);
    let first = origins.partition_point(|&origin| origin + edge <= at);
    first..past
}

#[cfg(test)]
mod tests;
