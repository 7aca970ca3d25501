//! Rows first (whole rows are summed, which vectorises), then columns.

use std::ops::Range;

use contract::{RgbImage, Size};

use super::taps::{Axis, Taps, WEIGHT_BITS};
use super::{FRACTION_BITS, Placement, Resampler};

/// Half of what the weights of both axes sum to.
const ROUND: u32 = 1 << (2 * WEIGHT_BITS - 1);

pub(super) fn window(resampler: Resampler, source: &RgbImage, place: Placement) -> RgbImage {
    if place.out.pixels() == 0 {
        return RgbImage::filled(place.out, [0; 3]);
    }
    if resampler.step == 2 << FRACTION_BITS
        && let Some(image) = halved(source, place)
    {
        return image;
    }
    let axis = |origin: usize, length: usize, out_origin: usize, out: usize| Axis {
        step: resampler.step,
        out: out_origin..out_origin + out,
        source: origin..origin + length,
    };
    let Size { width, height } = source.size();
    let columns = axis(place.source_origin.0, width, place.out_origin.0, place.out.width);
    let rows = axis(place.source_origin.1, height, place.out_origin.1, place.out.height);
    weighted(source, &Taps::new(&columns), &Taps::new(&rows), place.out)
}

fn weighted(source: &RgbImage, columns: &Taps, rows: &Taps, out: Size) -> RgbImage {
    let mut image = RgbImage::filled(out, [0; 3]);
    let part = columns.source();
    let mut sums = vec![0u32; 3 * part.len()];
    for (line, (first, weights)) in
        image.pixels_mut().chunks_exact_mut(3 * out.width).zip(rows.iter())
    {
        sum_rows(source, &part, first, weights, &mut sums);
        sum_columns(&sums, part.start, columns, line);
    }
    image
}

/// Σ weight · value over the rows from `first` on, for each channel of the columns `part`.
fn sum_rows(
    source: &RgbImage,
    part: &Range<usize>,
    first: usize,
    weights: &[u32],
    sums: &mut [u32],
) {
    for (offset, &weight) in weights.iter().enumerate() {
        let from = 3 * ((first + offset) * source.width() + part.start);
        let row = &source.pixels()[from..][..sums.len()];
        if offset == 0 {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum = weight * u32::from(value);
            }
        } else {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weight * u32::from(value);
            }
        }
    }
}

fn sum_columns(sums: &[u32], part_start: usize, columns: &Taps, line: &mut [u8]) {
    let (pixels, _) = line.as_chunks_mut::<3>();
    let (sums, _) = sums.as_chunks::<3>();
    for (pixel, (first, weights)) in pixels.iter_mut().zip(columns.iter()) {
        let mut total = [ROUND; 3];
        for (sum, &weight) in sums[first - part_start..].iter().zip(weights) {
            for channel in 0..3 {
                total[channel] += weight * sum[channel];
            }
        }
        *pixel = total.map(|total| (total >> (2 * WEIGHT_BITS)) as u8);
    }
}

/// Two by two pixels to one, where the source holds all of them; the same values as the weights give.
fn halved(source: &RgbImage, place: Placement) -> Option<RgbImage> {
    let x = (2 * place.out_origin.0).checked_sub(place.source_origin.0)?;
    let y = (2 * place.out_origin.1).checked_sub(place.source_origin.1)?;
    if x + 2 * place.out.width > source.width() || y + 2 * place.out.height > source.height() {
        return None;
    }
    let mut image = RgbImage::filled(place.out, [0; 3]);
    let row =
        |row: usize| &source.pixels()[3 * (row * source.width() + x)..][..6 * place.out.width];
    for (line, pixels) in image.pixels_mut().chunks_exact_mut(3 * place.out.width).enumerate() {
        let (upper, _) = row(y + 2 * line).as_chunks::<6>();
        let (lower, _) = row(y + 2 * line + 1).as_chunks::<6>();
        let (pixels, _) = pixels.as_chunks_mut::<3>();
        for ((pixel, up), low) in pixels.iter_mut().zip(upper).zip(lower) {
            for channel in 0..3 {
                let sum = u16::from(up[channel])
                    + u16::from(up[channel + 3])
                    + u16::from(low[channel])
                    + u16::from(low[channel + 3]);
                pixel[channel] = ((sum + 2) >> 2) as u8;
            }
        }
    }
    Some(image)
}
