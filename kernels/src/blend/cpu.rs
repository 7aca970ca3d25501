//! Row by row, in runs of columns that the same windows cover.

use std::ops::Range;

use super::{WindowIndex, Windows, covering};

pub(super) fn classes<'a>(
    windows: &Windows,
    classes: usize,
    rows: Range<usize>,
    maps: impl Fn(WindowIndex) -> &'a [f32],
    out: &mut [u8],
) {
    let width = windows.size.width;
    let mut sums = vec![0.0; width];
    let mut best = vec![f32::NEG_INFINITY; width];
    let runs = runs(windows);
    for (y, out) in rows.zip(out.chunks_exact_mut(width.max(1))) {
        out.fill(0);
        best.fill(f32::NEG_INFINITY);
        for class in 0..classes {
            sum_row(windows, (class, classes), y, &runs, &maps, &mut sums);
            for ((best, sum), out) in best.iter_mut().zip(&sums).zip(&mut *out) {
                if *sum > *best {
                    (*best, *out) = (*sum, class as u8);
                }
            }
        }
    }
}

/// Columns of the map that the same windows cover, with these windows.
fn runs(windows: &Windows) -> Vec<(Range<usize>, Range<usize>)> {
    let width = windows.size.width;
    let mut edges: Vec<usize> = windows
        .columns
        .iter()
        .flat_map(|&origin| [origin, (origin + windows.edge).min(width)])
        .chain([width])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges
        .windows(2)
        .map(|pair| (pair[0]..pair[1], covering(&windows.columns, windows.edge, pair[0])))
        .collect()
}

/// Σ weight · value of one class along the map's row `y`.
fn sum_row<'a>(
    windows: &Windows,
    (class, classes): (usize, usize),
    y: usize,
    runs: &[(Range<usize>, Range<usize>)],
    maps: &impl Fn(WindowIndex) -> &'a [f32],
    sums: &mut [f32],
) {
    let edge = windows.edge;
    sums.fill(0.0);
    for row in windows.windows_of_row(y) {
        let inner_y = y - windows.rows[row];
        let weight_y = windows.profile[inner_y];
        for (columns, covering) in runs {
            for column in covering.clone() {
                let map = maps(WindowIndex { column, row });
                assert_eq!(map.len(), classes * edge * edge, "a window has a plane for each class");
                let first = columns.start - windows.columns[column];
                let values = &map[(class * edge + inner_y) * edge + first..][..columns.len()];
                let profile = &windows.profile[first..][..columns.len()];
                for ((sum, value), weight_x) in
                    sums[columns.clone()].iter_mut().zip(values).zip(profile)
                {
                    *sum += weight_x * weight_y * value;
                }
            }
        }
    }
}
