//! A binary image as rows of bits: 64 pixels in a word, so that masks are filtered by the word.
//!
//! Pixel `x` of row `y` is bit `x % 64` of word `y * words_per_row + x / 64`.
//!
//! **Invariant:** the bits of a row beyond its width are 0.

use contract::Size;

/// Pixels of a word.
pub const WORD: usize = 64;

/// A binary image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    size: Size,
    words_per_row: usize,
    words: Vec<u64>,
}

impl Default for Mask {
    /// An image without pixels.
    fn default() -> Self {
        Self::empty(Size::new(0, 0))
    }
}

impl Mask {
    /// An image without a set pixel.
    pub fn empty(size: Size) -> Self {
        let words_per_row = size.width.div_ceil(WORD);
        Self { size, words_per_row, words: vec![0; words_per_row * size.height] }
    }

    /// The image of those pixels (column, row) for which `is_set` holds.
    pub fn from_fn(size: Size, mut is_set: impl FnMut(usize, usize) -> bool) -> Self {
        let mut mask = Self::empty(size);
        for y in 0..size.height {
            for x in 0..size.width {
                if is_set(x, y) {
                    mask.words[y * mask.words_per_row + x / WORD] |= 1 << (x % WORD);
                }
            }
        }
        mask
    }

    /// Makes this an empty image of `size`, keeping its memory.
    pub fn reset(&mut self, size: Size) {
        self.size = size;
        self.words_per_row = size.width.div_ceil(WORD);
        self.words.clear();
        self.words.resize(self.words_per_row * size.height, 0);
    }

    /// Makes this the image of the values that are at least `least`, row-major; NaN is not.
    ///
    /// # Panics
    /// If there are not as many values as `size` has pixels.
    pub fn threshold(&mut self, size: Size, values: &[f32], least: f32) {
        assert_eq!(values.len(), size.pixels(), "a map has one value a pixel");
        self.reset(size);
        if size.width == 0 {
            return;
        }
        let rows = values.chunks_exact(size.width);
        for (row, words) in rows.zip(self.words.chunks_exact_mut(self.words_per_row)) {
            for (chunk, word) in row.chunks(WORD).zip(words) {
                *word = pack(chunk, least);
            }
        }
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Words of a row.
    pub fn words_per_row(&self) -> usize {
        self.words_per_row
    }

    /// All words, row by row.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words of row `y`.
    pub fn row(&self, y: usize) -> &[u64] {
        &self.words[y * self.words_per_row..][..self.words_per_row]
    }

    /// Whether the pixel at column `x`, row `y` is set.
    pub fn get(&self, x: usize, y: usize) -> bool {
        self.row(y)[x / WORD] >> (x % WORD) & 1 == 1
    }

    /// Set pixels.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Sets (`true`) or clears the pixels `start..end` of row `y`.
    pub(crate) fn put_run(&mut self, y: usize, run: std::ops::Range<usize>, value: Pixel) {
        if run.is_empty() {
            return;
        }
        let base = y * self.words_per_row;
        let (first, last) = (run.start / WORD, (run.end - 1) / WORD);
        for word in first..=last {
            let low = if word == first { run.start % WORD } else { 0 };
            let high = if word == last { (run.end - 1) % WORD } else { WORD - 1 };
            let bits = (!0 >> (WORD - 1 - high)) & (!0 << low);
            match value {
                Pixel::Set => self.words[base + word] |= bits,
                Pixel::Clear => self.words[base + word] &= !bits,
            }
        }
    }

    /// The words, to be changed in place; the caller keeps the bits beyond the width at 0.
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The bits of word `word` of a row that stand for pixels.
    pub(crate) fn valid(&self, word: usize) -> u64 {
        match self.size.width - word * WORD {
            left if left >= WORD => !0,
            left => !(!0 << left),
        }
    }
}

/// What becomes of a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pixel {
    Set,
    Clear,
}

/// Gathers the lowest bits of eight bytes: bit `i` of the highest byte of the product is byte `i`.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// One bit for each of at most 64 values: whether it is at least `least`.
#[inline]
fn pack(values: &[f32], least: f32) -> u64 {
    let mut flags = [0u8; WORD];
    if let Ok(values) = <&[f32; WORD]>::try_from(values) {
        for (flag, &value) in flags.iter_mut().zip(values) {
            *flag = u8::from(value >= least);
        }
    } else {
        for (flag, &value) in flags.iter_mut().zip(values) {
            *flag = u8::from(value >= least);
        }
    }
    pack_flags(&flags)
}

/// One bit for each byte, which must be 0 or 1.
#[inline]
fn pack_flags(flags: &[u8; WORD]) -> u64 {
    let (bytes, _) = flags.as_chunks::<8>();
    bytes.iter().enumerate().fold(0, |word, (index, &eight)| word | gathered(eight) << (8 * index))
}

/// The same for sixteen.
#[inline]
pub(crate) fn pack_lanes(flags: [u8; 16]) -> u32 {
    let (bytes, _) = flags.as_chunks::<8>();
    (gathered(bytes[0]) | gathered(bytes[1]) << 8) as u32
}

#[inline]
fn gathered(flags: [u8; 8]) -> u64 {
    u64::from_le_bytes(flags).wrapping_mul(GATHER) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_sets_what_is_at_least_it_and_no_nan() {
        for width in [1, 7, 63, 64, 65, 130] {
            let size = Size::new(width, 3);
            let values: Vec<f32> = (0..size.pixels())
                .map(|i| if i % 5 == 0 { f32::NAN } else { (i * 7 % 10) as f32 / 10.0 })
                .collect();
            let mut mask = Mask::empty(Size::new(1, 1));

            mask.threshold(size, &values, 0.5);

            let expected = Mask::from_fn(size, |x, y| values[y * width + x] >= 0.5);
            assert_eq!(mask, expected, "width {width}");
        }
    }

    #[test]
    fn a_run_is_set_and_cleared_to_the_pixel() {
        let size = Size::new(200, 2);
        for start in (0..200).step_by(13) {
            for end in start..=200 {
                let mut mask = Mask::empty(size);
                mask.put_run(1, start..end, Pixel::Set);
                let expected = Mask::from_fn(size, |x, y| y == 1 && (start..end).contains(&x));
                assert_eq!(mask, expected, "{start}..{end}");

                mask.put_run(1, start..end, Pixel::Clear);
                assert_eq!(mask, Mask::empty(size), "{start}..{end}");
            }
        }
    }
}
