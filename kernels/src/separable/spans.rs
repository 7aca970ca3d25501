//! Which pixels of a row are wanted, in whole groups of lanes.

use std::ops::Range;

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

impl Spans {
    /// All of a row.
    pub(crate) fn whole(&mut self, width: usize) {
        self.width = width;
        self.spans.clear();
        if width > 0 {
            self.spans.push(0..width.next_multiple_of(LANES));
        }
    }

    /// The lanes in which a row of bits has any set.
    pub(crate) fn of_bits(&mut self, row: &[u64], width: usize) {
        self.width = width;
        self.spans.clear();
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
