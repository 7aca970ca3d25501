//! Two sweeps along the columns, then one envelope a row.

use contract::Size;

use crate::Mask;
use crate::edt::FAR;
use crate::mask::WORD;

/// A column without a set pixel.
const NONE: u32 = u32::MAX;

/// A column's parabola, and the first place where it is the lowest.
#[derive(Clone, Copy)]
struct Parabola {
    column: i64,
    height: i64,
    from: i64,
}

/// Squared distances to the nearest set pixel of `mask`, every pixel flipped by `flip`.
pub(super) fn squared(mask: &Mask, flip: u64) -> Vec<u32> {
    let size = mask.size();
    let mut distances = along_columns(mask, flip);
    let mut envelope = Vec::with_capacity(size.width);
    for row in distances.chunks_exact_mut(size.width.max(1)) {
        along_row(row, &mut envelope);
    }
    distances
}

/// Distance of each pixel to the nearest set pixel of its column.
fn along_columns(mask: &Mask, flip: u64) -> Vec<u32> {
    let Size { width, height } = mask.size();
    let mut distances = vec![NONE; width * height];
    for y in 0..height {
        let (before, row) = distances[..(y + 1) * width].split_at_mut(y * width);
        if y > 0 {
            for (value, above) in row.iter_mut().zip(&before[(y - 1) * width..]) {
                *value = above.saturating_add(1);
            }
        }
        for (word, columns) in mask.row(y).iter().zip(row.chunks_mut(WORD)) {
            clear_set(word ^ flip, columns);
        }
    }
    for y in (1..height).rev() {
        let (before, row) = distances[..(y + 1) * width].split_at_mut(y * width);
        for (above, value) in before[(y - 1) * width..].iter_mut().zip(row) {
            *above = (*above).min(value.saturating_add(1));
        }
    }
    distances
}

fn clear_set(word: u64, columns: &mut [u32]) {
    if word == 0 {
        return;
    }
    for (bit, value) in columns.iter_mut().enumerate() {
        if word >> bit & 1 == 1 {
            *value = 0;
        }
    }
}

/// Replaces the column distances of a row by squared distances.
fn along_row(row: &mut [u32], envelope: &mut Vec<Parabola>) {
    envelope.clear();
    for (column, &distance) in row.iter().enumerate() {
        if distance != NONE {
            let height = i64::from(distance) * i64::from(distance);
            push(envelope, column as i64, height, row.len() as i64);
        }
    }
    let mut next = envelope.iter().copied().peekable();
    let Some(mut lowest) = next.next() else {
        row.fill(FAR);
        return;
    };
    for (x, value) in row.iter_mut().enumerate() {
        let x = x as i64;
        while let Some(parabola) = next.next_if(|parabola| parabola.from <= x) {
            lowest = parabola;
        }
        let offset = x - lowest.column;
        *value = (offset * offset + lowest.height).min(i64::from(FAR - 1)) as u32;
    }
}

/// Adds the parabola of `column`, dropping those that it hides.
fn push(envelope: &mut Vec<Parabola>, column: i64, height: i64, width: i64) {
    let mut from = 0;
    while let Some(last) = envelope.last() {
        from = meeting(last, column, height);
        if from > last.from {
            break;
        }
        envelope.pop();
        from = 0;
    }
    if from < width {
        envelope.push(Parabola { column, height, from });
    }
}

/// The first column where the parabola of `column` is lower than `last`, which stands to its left.
fn meeting(last: &Parabola, column: i64, height: i64) -> i64 {
    if height == last.height && column == last.column + 1 {
        // Neighbours of the same height meet between them; most of a row is like this.
        return column;
    }
    let above = column * column + height - last.column * last.column - last.height;
    above.div_euclid(2 * (column - last.column)) + 1
}
