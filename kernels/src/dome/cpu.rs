//! Vincent's hybrid: one sweep forwards, one back, then a queue for what is left.
//!
//! The map lies in an image one pixel wider on every side, whose pixels outside of the mask are 0
//! in both maps and so change nothing.

use std::collections::VecDeque;

use contract::Size;

use super::Height;
use crate::Mask;
use crate::mask::WORD;

/// Memory that is kept from map to map.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    cells: Vec<Cell>,
    queue: VecDeque<u32>,
}

/// A pixel: the level, and what is reconstructed so far.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    level: u16,
    reached: u16,
}

pub(super) fn find(
    scratch: &mut Scratch,
    levels: &[u16],
    mask: &Mask,
    height: Height,
    markers: &mut Mask,
) {
    let Size { width, height: rows } = mask.size();
    let stride = width + 2;
    let Scratch { cells, queue } = scratch;
    cells.clear();
    cells.resize(stride * (rows + 2), Cell::default());
    for_each_pixel(mask, |x, y| {
        let level = levels[y * width + x];
        cells[(y + 1) * stride + x + 1] =
            Cell { level, reached: level.saturating_sub(height.height) };
    });
    sweep_forwards(cells, mask, stride);
    sweep_back(cells, mask, stride, queue);
    flood(cells, stride, queue);
    markers.reset(mask.size());
    let words = mask.words_per_row();
    for_each_pixel(mask, |x, y| {
        let Cell { level, reached } = cells[(y + 1) * stride + x + 1];
        let marks = u64::from(level - reached >= height.rise);
        markers.words_mut()[y * words + x / WORD] |= marks << (x % WORD);
    });
}

/// Visits the set pixels in raster order.
#[inline(always)]
fn for_each_pixel(mask: &Mask, mut visit: impl FnMut(usize, usize)) {
    for y in 0..mask.size().height {
        for (index, &word) in mask.row(y).iter().enumerate() {
            let mut left = word;
            while left != 0 {
                visit(index * WORD + left.trailing_zeros() as usize, y);
                left &= left - 1;
            }
        }
    }
}

/// Visits the set pixels from the last to the first.
#[inline(always)]
fn for_each_pixel_back(mask: &Mask, mut visit: impl FnMut(usize, usize)) {
    for y in (0..mask.size().height).rev() {
        for (index, &word) in mask.row(y).iter().enumerate().rev() {
            let mut left = word;
            while left != 0 {
                let bit = WORD - 1 - left.leading_zeros() as usize;
                visit(index * WORD + bit, y);
                left &= !(1 << bit);
            }
        }
    }
}

/// The neighbours that come before a pixel in raster order; those after it mirror them.
fn before(at: usize, stride: usize) -> [usize; 4] {
    [at - stride - 1, at - stride, at - stride + 1, at - 1]
}

fn after(at: usize, stride: usize) -> [usize; 4] {
    [at + stride + 1, at + stride, at + stride - 1, at + 1]
}

/// The highest that a pixel and four of its neighbours have reached, under its level.
#[inline(always)]
fn raised(cells: &[Cell], at: usize, neighbours: [usize; 4]) -> u16 {
    let Cell { level, reached } = cells[at];
    neighbours.iter().fold(reached, |most, &n| most.max(cells[n].reached)).min(level)
}

fn sweep_forwards(cells: &mut [Cell], mask: &Mask, stride: usize) {
    for_each_pixel(mask, |x, y| {
        let at = (y + 1) * stride + x + 1;
        cells[at].reached = raised(cells, at, before(at, stride));
    });
}

/// Sweeps back and queues the pixels that could still raise one of those behind them.
fn sweep_back(cells: &mut [Cell], mask: &Mask, stride: usize, queue: &mut VecDeque<u32>) {
    queue.clear();
    for_each_pixel_back(mask, |x, y| {
        let at = (y + 1) * stride + x + 1;
        let reached = raised(cells, at, after(at, stride));
        cells[at].reached = reached;
        let raises = |n: usize| cells[n].reached < reached && cells[n].reached < cells[n].level;
        if after(at, stride).into_iter().any(raises) {
            queue.push_back(at as u32);
        }
    });
}

fn flood(cells: &mut [Cell], stride: usize, queue: &mut VecDeque<u32>) {
    while let Some(at) = queue.pop_front() {
        let at = at as usize;
        let reached = cells[at].reached;
        for neighbour in before(at, stride).into_iter().chain(after(at, stride)) {
            let cell = &mut cells[neighbour];
            if cell.reached < reached && cell.reached < cell.level {
                cell.reached = reached.min(cell.level);
                queue.push_back(neighbour as u32);
            }
        }
    }
}
