//! Which pixels of a row are wanted, in whole groups of lanes.

use std::ops::Range;

use super::{BLOCK, GROUP};
use crate::Mask;
use crate::mask::WORD;

/// Pixels that are computed together: four SSE registers, two of AVX.
pub(crate) const LANES: usize = 16;

/// Ranges of columns, apart from each other and from left to right, each a whole number of lanes;
/// the last may reach beyond the row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    spans: Vec<Range<usize>>,
    width: usize,
}

/// What is wanted of a block of rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    rows: [Spans; BLOCK],
    width: usize,
}

impl Wanted {
    /// All of `rows` rows, or of the whole block if there are more.
    pub(crate) fn whole(&mut self, width: usize, rows: usize) {
        self.width = width;
        for (index, spans) in self.rows.iter_mut().enumerate() {
            if index < rows { spans.whole(width) } else { spans.clear(width) }
        }
    }

    /// The lanes in which the rows of `mask` from `y` on have set pixels.
    pub(crate) fn of_rows(&mut self, mask: &Mask, y: usize) {
        let width = mask.size().width;
        self.width = width;
        for (row, spans) in (y..).zip(&mut self.rows) {
            let bits = if row < mask.size().height { mask.row(row) } else { &[] };
            spans.of_bits(bits, width);
        }
    }

    /// What is wanted of each row.
    pub(crate) fn rows(&self) -> &[Spans; BLOCK] {
        &self.rows
    }

    /// Which groups of rows are wanted, a bit each, for each group of lanes; with `reach` groups of
    /// lanes more on either side.
    pub(super) fn groups(&self, reach: usize, groups: &mut Vec<u8>) {
        groups.clear();
        groups.resize(self.width.div_ceil(LANES), 0);
        for (row, spans) in self.rows.iter().enumerate() {
            for span in spans.widened(reach) {
                for group in &mut groups[span.start / LANES..span.end / LANES] {
                    *group |= 1 << (row / GROUP);
                }
            }
        }
    }
}

impl Spans {
    /// All of a row.
    pub(crate) fn whole(&mut self, width: usize) {
        self.clear(width);
        if width > 0 {
            self.spans.push(0..width.next_multiple_of(LANES));
        }
    }

    /// Nothing of a row.
    pub(crate) fn clear(&mut self, width: usize) {
        self.width = width;
        self.spans.clear();
    }

    /// The lanes in which a row of bits has any set.
    pub(crate) fn of_bits(&mut self, row: &[u64], width: usize) {
        self.clear(width);
        for (index, &word) in row.iter().enumerate().filter(|(_, word)| **word != 0) {
            for group in 0..WORD / LANES {
                if word >> (group * LANES) & ((1 << LANES) - 1) != 0 {
                    self.push(index * WORD + group * LANES);
                }
            }
        }
    }

    fn push(&mut self, from: usize) {
        match self.spans.last_mut() {
            Some(last) if last.end == from => last.end += LANES,
            _ => self.spans.push(from..from + LANES),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<usize>> {
        self.spans.iter().cloned()
    }

    /// The spans with `reach` groups of lanes more on either side, within the row, none twice.
    pub(crate) fn widened(&self, reach: usize) -> impl Iterator<Item = Range<usize>> {
        let (reach, limit) = (reach * LANES, self.width.next_multiple_of(LANES));
        let mut done = 0;
        self.spans.iter().map(move |span| {
            let start = span.start.saturating_sub(reach).max(done);
            done = (span.end + reach).min(limit);
            start..done.max(start)
        })
    }

    /// Whether a wanted pixel stands less than `reach` columns from the row's left end.
    pub(crate) fn begins_within(&self, reach: usize) -> bool {
        self.spans.first().is_some_and(|span| span.start < reach)
    }

    /// Whether a wanted pixel stands less than `reach` columns from the row's right end.
    pub(crate) fn ends_within(&self, reach: usize) -> bool {
        self.spans.last().is_some_and(|span| span.end + reach > self.width)
    }
}
