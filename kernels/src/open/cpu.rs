//! Whole words of 64 pixels: the widest row of the ellipse along each row, then the rows together.

use super::{Ellipse, Opener};
use crate::Mask;
use crate::mask::WORD;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Erode,
    Dilate,
}

impl Step {
    fn join(self, a: u64, b: u64) -> u64 {
        match self {
            Self::Erode => a & b,
            Self::Dilate => a | b,
        }
    }

    /// What changes nothing when joined: the pixels outside of the image.
    fn neutral(self) -> u64 {
        match self {
            Self::Erode => !0,
            Self::Dilate => 0,
        }
    }
}

pub(super) fn apply(opener: &mut Opener, mask: &mut Mask, ellipse: Ellipse, step: Step) {
    let words = mask.words_per_row();
    if words == 0 {
        return;
    }
    let Opener { wide, out } = opener;
    let reach = match ellipse {
        Ellipse::Three => 1,
        Ellipse::Five => 2,
    };
    // Bits beyond the width are outside of the image; the mask keeps them at 0.
    let outside = step.neutral() & !mask.valid(words - 1);
    wide.clear();
    for row in mask.words_mut().chunks_exact_mut(words) {
        row[words - 1] |= outside;
        wide.extend((0..words).map(|word| widen(row, word, reach, step)));
    }
    combine(out, mask.words(), wide, words, ellipse, step);
    let valid = mask.valid(words - 1);
    mask.words_mut().copy_from_slice(out);
    for row in mask.words_mut().chunks_exact_mut(words) {
        row[words - 1] &= valid;
    }
}

/// A word joined with its neighbours up to `reach` columns to either side.
fn widen(row: &[u64], word: usize, reach: u32, step: Step) -> u64 {
    let own = row[word];
    let before = if word > 0 { row[word - 1] } else { step.neutral() };
    let after = row.get(word + 1).copied().unwrap_or(step.neutral());
    (1..=reach).fold(own, |joined, shift| {
        let left = own << shift | before >> (WORD as u32 - shift);
        let right = own >> shift | after << (WORD as u32 - shift);
        step.join(step.join(joined, left), right)
    })
}

/// The rows of the ellipse: its widest in the middle, the centre column at the ends.
fn combine(
    out: &mut Vec<u64>,
    narrow: &[u64],
    wide: &[u64],
    words: usize,
    ellipse: Ellipse,
    step: Step,
) {
    let rows = narrow.len() / words;
    let at = |from: &[u64], row: usize, offset: isize, word: usize| match row
        .checked_add_signed(offset)
    {
        Some(row) if row < rows => from[row * words + word],
        _ => step.neutral(),
    };
    out.clear();
    for row in 0..rows {
        out.extend((0..words).map(|word| {
            let pair = |from: &[u64], offset: isize| {
                step.join(at(from, row, -offset, word), at(from, row, offset, word))
            };
            let middle = wide[row * words + word];
            match ellipse {
                Ellipse::Three => step.join(middle, pair(narrow, 1)),
                Ellipse::Five => step.join(step.join(middle, pair(wide, 1)), pair(narrow, 2)),
            }
        }));
    }
}
