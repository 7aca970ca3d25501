//! One pass over the labels, a run of equal ids at a time.

use std::ops::Range;

use super::{ClassMaps, PROBABILITY_ONE, Region, Shape};
use crate::Labels;
use crate::simd::{self, Work};

pub(super) fn measure(labels: &Labels, classes: ClassMaps<'_>) -> Vec<Region> {
    simd::run(Pass { labels, classes })
}

struct Pass<'a> {
    labels: &'a Labels,
    classes: ClassMaps<'a>,
}

impl Work for Pass<'_> {
    type Output = Vec<Region>;

    #[inline(always)]
    fn work(self) -> Vec<Region> {
        let Pass { labels, classes } = self;
        let count = labels.count() as usize;
        let mut regions = vec![unseen(); count];
        let mut sums = vec![0u64; count * classes.count];
        let width = labels.size().width;
        for y in 0..labels.size().height {
            for (id, columns) in (Runs { row: labels.row(y), start: 0 }) {
                let index = id as usize - 1;
                add_run(&mut regions[index], y as u32, &columns);
                let at = y * width + columns.start..y * width + columns.end;
                let sums = &mut sums[index * classes.count..][..classes.count];
                for (sum, plane) in sums.iter_mut().zip(planes(classes, labels.size().pixels())) {
                    *sum += quantised_sum(plane, at.clone());
                }
            }
        }
        if classes.count > 0 {
            for (region, sums) in regions.iter_mut().zip(sums.chunks_exact(classes.count)) {
                vote(region, sums);
            }
        }
        regions
    }
}

/// A region before its first pixel.
fn unseen() -> Region {
    Region {
        area: 0,
        sum_x: 0,
        sum_y: 0,
        columns: Range { start: u32::MAX, end: 0 },
        rows: Range { start: u32::MAX, end: 0 },
        class: 0,
        probability: 0.0,
        shape: Shape::Other,
    }
}

#[inline(always)]
fn planes(classes: ClassMaps<'_>, pixels: usize) -> impl Iterator<Item = &[f32]> {
    classes.planes.chunks_exact(pixels.max(1))
}

/// The runs of a row: the id and the columns of each run of one id that is not background.
struct Runs<'a> {
    row: &'a [u32],
    start: usize,
}

impl Iterator for Runs<'_> {
    type Item = (u32, Range<usize>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.start + background(&self.row[self.start..]);
        let &id = self.row.get(start)?;
        let length = self.row[start..].iter().take_while(|&&other| other == id).count();
        self.start = start + length;
        Some((id, start..self.start))
    }
}

/// Pixels of background that `row` begins with: eight at a time, then one by one.
#[inline(always)]
fn background(row: &[u32]) -> usize {
    let (groups, _) = row.as_chunks::<8>();
    let whole = groups.iter().take_while(|group| group.iter().fold(0, |a, b| a | b) == 0).count();
    8 * whole + row[8 * whole..].iter().take_while(|&&id| id == 0).count()
}

/// The shape of a region and one more run of it.
#[inline(always)]
fn shape_with(region: &Region, y: u32, start: u32, end: u32) -> Shape {
    match region.shape {
        _ if region.area == 0 => Shape::Plain { first: start, last: (start, end) },
        Shape::Plain { first, last } if y == region.rows.end && start < last.1 && last.0 < end => {
            Shape::Plain { first, last: (start, end) }
        }
        Shape::Plain { .. } | Shape::Other => Shape::Other,
    }
}

#[inline(always)]
fn add_run(region: &mut Region, y: u32, columns: &Range<usize>) {
    let (start, end, length) = (columns.start as u64, columns.end as u64, columns.len() as u64);
    region.shape = shape_with(region, y, start as u32, end as u32);
    region.area += length as u32;
    region.sum_x += (start + end - 1) * length / 2;
    region.sum_y += u64::from(y) * length;
    region.columns.start = region.columns.start.min(start as u32);
    region.columns.end = region.columns.end.max(end as u32);
    region.rows.start = region.rows.start.min(y);
    region.rows.end = y + 1;
}

/// Sum over a run of a plane, eight values at a time; those beyond the run count for nothing.
#[inline(always)]
fn quantised_sum(plane: &[f32], run: Range<usize>) -> u64 {
    // Sums of a part fit in 32 bits.
    const PART: usize = 1 << 15;
    if run.len() > PART {
        let part = run.start + PART;
        return quantised_sum_of_part(plane, run.start..part) + sum_of_rest(plane, part..run.end);
    }
    quantised_sum_of_part(plane, run)
}

#[cold]
fn sum_of_rest(plane: &[f32], run: Range<usize>) -> u64 {
    plane[run].iter().map(|&probability| u64::from(quantised(probability))).sum()
}

/// All ones in the first 0, 1, … 8 lanes.
static FIRST: [[u32; 8]; 9] = {
    let mut masks = [[0; 8]; 9];
    let mut count = 1;
    while count <= 8 {
        masks[count] = masks[count - 1];
        masks[count][count - 1] = !0;
        count += 1;
    }
    masks
};

#[inline(always)]
fn quantised_sum_of_part(plane: &[f32], run: Range<usize>) -> u64 {
    let mut lanes = [0; 8];
    let mut start = run.start;
    while start < run.end {
        let Some(eight) = plane[start..].first_chunk::<8>() else {
            return u64::from(lanes.iter().sum::<u32>()) + sum_of_rest(plane, start..run.end);
        };
        let counts = &FIRST[(run.end - start).min(8)];
        let mut values = [0; 8];
        for lane in 0..8 {
            values[lane] = quantised(eight[lane]);
        }
        for lane in 0..8 {
            lanes[lane] += values[lane] & counts[lane];
        }
        start += eight.len();
    }
    u64::from(lanes.iter().sum::<u32>())
}

/// Adding 2²³ to an f32 below it rounds to an integer, which then stands in the low bits.
#[inline(always)]
fn quantised(probability: f32) -> u32 {
    const ROUND: f32 = 8_388_608.0;
    // A NaN is neither above 0 nor below 1.
    let at_least_0 = if probability > 0.0 { probability } else { 0.0 };
    let cut = if at_least_0 < 1.0 { at_least_0 } else { 1.0 };
    (cut * PROBABILITY_ONE as f32 + ROUND).to_bits() - ROUND.to_bits()
}

fn vote(region: &mut Region, sums: &[u64]) {
    let mut best = 0;
    for (class, sum) in sums.iter().enumerate() {
        if *sum > sums[best] {
            best = class;
        }
    }
    region.class = best;
    let most = f64::from(PROBABILITY_ONE) * f64::from(region.area);
    region.probability = (sums[best] as f64 / most) as f32;
}
