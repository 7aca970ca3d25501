//! The level-0 pixels and integer weights of each output pixel along one axis.

use std::ops::Range;

use super::FRACTION_BITS;

/// What the weights of an output pixel sum to. Two axes make 2²⁴, and 255 · 2²⁴ + 2²³ still fits
/// in 32 bits.
pub(super) const WEIGHT: u64 = 1 << WEIGHT_BITS;
pub(super) const WEIGHT_BITS: u32 = 12;

const ONE: u128 = 1 << FRACTION_BITS;

/// Taps of a run of output pixels. The source indices are those of the part of the source at hand.
pub(super) struct Taps {
    /// First source index, and the range of `weights`, of each output pixel.
    spans: Vec<(usize, Range<usize>)>,
    weights: Vec<u32>,
}

/// The part of one axis that is wanted, and the part of the source that is there.
pub(super) struct Axis {
    pub(super) step: u64,
    pub(super) out: Range<usize>,
    pub(super) source: Range<usize>,
}

impl Taps {
    pub(super) fn new(axis: &Axis) -> Self {
        let mut taps = Self { spans: Vec::with_capacity(axis.out.len()), weights: Vec::new() };
        for index in axis.out.clone() {
            let before = taps.weights.len();
            let first = if u128::from(axis.step) >= ONE {
                push_area(&mut taps.weights, axis, index)
            } else {
                push_linear(&mut taps.weights, axis, index)
            };
            taps.spans.push((first, before..taps.weights.len()));
        }
        taps
    }

    /// First source index and weights of each output pixel.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.spans.iter().map(|(first, range)| (*first, &self.weights[range.clone()]))
    }

    /// The source indices that have any weight.
    pub(super) fn source(&self) -> Range<usize> {
        let start = self.spans.iter().map(|(first, _)| *first).min().unwrap_or(0);
        let end = self.spans.iter().map(|(first, range)| first + range.len()).max().unwrap_or(0);
        start..end
    }
}

/// The level-0 pixels that output pixel `index` touches in an image without end.
pub(super) fn touched(step: u64, index: usize) -> Range<usize> {
    if u128::from(step) >= ONE {
        let (start, end) = boundaries(step, index);
        (start >> FRACTION_BITS) as usize..end.div_ceil(ONE) as usize
    } else {
        let (left, _) = centre(step, index);
        left..left + 2
    }
}

fn boundaries(step: u64, index: usize) -> (u128, u128) {
    (index as u128 * u128::from(step), (index as u128 + 1) * u128::from(step))
}

/// The level-0 pixel whose centre is the last at or before the centre of output pixel `index`, and
/// how far past it that lies, 0 to 1 in 32 fractional bits. Before the first centre it is the first.
fn centre(step: u64, index: usize) -> (usize, u64) {
    // (index + 1/2) · step − 1/2, in half units to stay whole.
    let twice = ((2 * index as u128 + 1) * u128::from(step)).saturating_sub(ONE);
    ((twice / (2 * ONE)) as usize, (twice % (2 * ONE) / 2) as u64)
}

/// Weights by shared length.
fn push_area(weights: &mut Vec<u32>, axis: &Axis, index: usize) -> usize {
    let (start, end) = boundaries(axis.step, index);
    let (low, high) = ((axis.source.start as u128) * ONE, (axis.source.end as u128) * ONE);
    let (start, end) = (start.clamp(low, high), end.clamp(low, high));
    if start == end {
        weights.push(WEIGHT as u32);
        return if end == low { 0 } else { axis.source.len() - 1 };
    }
    let first = (start >> FRACTION_BITS) as usize;
    let past = end.div_ceil(ONE) as usize;
    // Running sums are rounded, so that the weights sum to WEIGHT exactly.
    let sum_until = |pixel: usize| {
        let reached = ((pixel as u128) * ONE).clamp(start, end) - start;
        ((2 * reached * u128::from(WEIGHT) + (end - start)) / (2 * (end - start))) as u32
    };
    weights.extend((first..past).map(|pixel| sum_until(pixel + 1) - sum_until(pixel)));
    first - axis.source.start
}

/// Weights by nearness of the centres.
fn push_linear(weights: &mut Vec<u32>, axis: &Axis, index: usize) -> usize {
    let (left, past) = centre(axis.step, index);
    let here = |pixel: usize| pixel.clamp(axis.source.start, axis.source.end - 1);
    let (first, second) = (here(left), here(left + 1));
    let share = (((u128::from(past) * u128::from(WEIGHT)) + ONE / 2) >> FRACTION_BITS) as u32;
    if first == second {
        weights.push(WEIGHT as u32);
    } else {
        weights.extend([WEIGHT as u32 - share, share]);
    }
    first - axis.source.start
}
