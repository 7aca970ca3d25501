//! Runs of set pixels, joined row by row.

use super::{Components, Connectivity, Run};
use crate::Mask;
use crate::mask::{Pixel, WORD};

/// Finds the components of `mask` with every pixel flipped by `flip` (0 or all ones).
pub(super) fn find(found: &mut Components, mask: &Mask, connectivity: Connectivity, flip: u64) {
    let size = mask.size();
    found.width = size.width;
    found.rows.clear();
    found.runs.clear();
    found.component.clear();
    found.rows.push(0);
    let reach = u32::from(connectivity == Connectivity::Eight);
    let mut above = 0..0;
    for y in 0..size.height {
        let first = found.runs.len();
        push_runs(&mut found.runs, mask, y, flip);
        let row = first..found.runs.len();
        found.component.extend(row.clone().map(|run| run as u32));
        join(&mut found.component, &found.runs, above, row.clone(), reach);
        found.rows.push(row.end as u32);
        above = row;
    }
    number(found);
}

/// Appends the runs of row `y`: a run starts and ends where a bit differs from the one before.
fn push_runs(runs: &mut Vec<Run>, mask: &Mask, y: usize, flip: u64) {
    let width = mask.size().width as u32;
    let mut carry = 0;
    let mut open = None;
    for (index, &word) in mask.row(y).iter().enumerate() {
        let word = (word ^ flip) & mask.valid(index);
        let mut changes = word ^ (word << 1 | carry);
        carry = word >> (WORD - 1);
        while changes != 0 {
            let column = (index * WORD) as u32 + changes.trailing_zeros();
            changes &= changes - 1;
            match open.take() {
                None => open = Some(column),
                Some(start) => runs.push(Run { start, end: column }),
            }
        }
    }
    if let Some(start) = open {
        runs.push(Run { start, end: width });
    }
}

/// Joins the runs of a row with those of the row above that they touch.
fn join(
    parents: &mut [u32],
    runs: &[Run],
    above: std::ops::Range<usize>,
    row: std::ops::Range<usize>,
    reach: u32,
) {
    let mut first = above.start;
    for current in row {
        let Run { start, end } = runs[current];
        while first < above.end && runs[first].end + reach <= start {
            first += 1;
        }
        let mut other = first;
        while other < above.end && runs[other].start < end + reach {
            unite(parents, other as u32, current as u32);
            other += 1;
        }
    }
}

/// Makes the smaller of two roots the parent of the other.
fn unite(parents: &mut [u32], one: u32, other: u32) {
    let (one, other) = (root(parents, one), root(parents, other));
    let (low, high) = (one.min(other), one.max(other));
    parents[high as usize] = low;
}

/// The root of a run; paths are halved on the way.
fn root(parents: &mut [u32], mut run: u32) -> u32 {
    while parents[run as usize] != run {
        let grandparent = parents[parents[run as usize] as usize];
        parents[run as usize] = grandparent;
        run = grandparent;
    }
    run
}

/// Turns parents into component indices and sums the areas. A parent is always the smaller run,
/// so it has its index already.
fn number(found: &mut Components) {
    found.areas.clear();
    for index in 0..found.runs.len() {
        let parent = found.component[index] as usize;
        let component = if parent == index {
            found.areas.push(0);
            found.areas.len() - 1
        } else {
            found.component[parent] as usize
        };
        found.component[index] = component as u32;
        let Run { start, end } = found.runs[index];
        found.areas[component] += end - start;
    }
}

/// Drops small components and their runs, and clears their pixels.
pub(super) fn remove_small(found: &mut Components, mask: &mut Mask, area_min: u32) {
    let mut kept_areas = 0;
    let numbers: Vec<Option<u32>> = (0..found.areas.len())
        .map(|component| {
            let area = found.areas[component];
            let number = kept_areas;
            (area >= area_min).then(|| {
                found.areas[number] = area;
                kept_areas += 1;
                number as u32
            })
        })
        .collect();
    found.areas.truncate(kept_areas);

    let mut kept = 0;
    for y in 0..found.height() {
        let row = found.runs_of(y);
        found.rows[y] = kept as u32;
        for index in row {
            let (run, component) = found.run(index);
            if let Some(number) = numbers[component] {
                found.runs[kept] = run;
                found.component[kept] = number;
                kept += 1;
            } else {
                mask.put_run(y, run.columns(), Pixel::Clear);
            }
        }
    }
    if let Some(end) = found.rows.last_mut() {
        *end = kept as u32;
    }
    found.runs.truncate(kept);
    found.component.truncate(kept);
}
