//! A queue of cells by level, 0 to 65535, of which only the lowest is ever taken.
//!
//! Levels are kept by their high byte, in lists; the lists of the lowest high byte are opened up by
//! the low byte. So the queue is 2 KiB of heads, and each cell is moved at most twice.
//!
//! **Invariant:** no level is pushed that is below the last one drained.

/// No cell.
const NIL: u32 = u32::MAX;

/// 256 lists and which of them have cells.
#[derive(Clone, Debug)]
struct Lists {
    heads: [u32; 256],
    used: [u64; 4],
    /// Which words of `used` are not 0.
    words: u32,
}

impl Default for Lists {
    fn default() -> Self {
        Self { heads: [NIL; 256], used: [0; 4], words: 0 }
    }
}

impl Lists {
    #[inline(always)]
    fn push(&mut self, list: u8, cell: u32, next: &mut [u32]) {
        let head = &mut self.heads[usize::from(list)];
        next[cell as usize] = *head;
        *head = cell;
        self.used[usize::from(list >> 6)] |= 1 << (list & 63);
        self.words |= 1 << (list >> 6);
    }

    /// Takes the lowest list that has cells: its number and its first cell.
    #[inline(always)]
    fn take_lowest(&mut self) -> Option<(u8, u32)> {
        if self.words == 0 {
            return None;
        }
        let word = (self.words.trailing_zeros() & 3) as usize;
        let list = (word * 64) as u8 | (self.used[word].trailing_zeros() & 63) as u8;
        self.used[word] &= self.used[word].wrapping_sub(1);
        self.words ^= u32::from(self.used[word] == 0) << word;
        Some((list, std::mem::replace(&mut self.heads[usize::from(list)], NIL)))
    }
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    by_high_byte: Lists,
    by_low_byte: Lists,
    /// The high byte whose cells lie in `by_low_byte`.
    opened: Option<u8>,
    /// The cell after each cell of a list.
    next: Vec<u32>,
}

impl Buckets {
    /// Prepares for cells `0..cells`. The queue must be empty.
    pub(super) fn reset(&mut self, cells: usize) {
        self.opened = None;
        if self.next.len() < cells {
            self.next.resize(cells, NIL);
        }
    }

    /// Adds a cell.
    #[inline(always)]
    pub(super) fn push(&mut self, level: u16, cell: u32) {
        let [high, low] = level.to_be_bytes();
        if self.opened == Some(high) {
            self.by_low_byte.push(low, cell, &mut self.next);
        } else {
            self.by_high_byte.push(high, cell, &mut self.next);
        }
    }

    /// Moves all cells of the lowest level to `front`, in any order; `None` when there are none.
    /// `level_of` must give what each cell was pushed with.
    pub(super) fn drain_lowest(
        &mut self,
        front: &mut Vec<u32>,
        level_of: impl Fn(u32) -> u16,
    ) -> Option<u16> {
        loop {
            if let (Some(high), Some((low, mut cell))) =
                (self.opened, self.by_low_byte.take_lowest())
            {
                while cell != NIL {
                    front.push(cell);
                    cell = self.next[cell as usize];
                }
                return Some(u16::from_be_bytes([high, low]));
            }
            let (high, mut cell) = self.by_high_byte.take_lowest()?;
            self.opened = Some(high);
            while cell != NIL {
                let after = self.next[cell as usize];
                let [_, low] = level_of(cell).to_be_bytes();
                self.by_low_byte.push(low, cell, &mut self.next);
                cell = after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cells_come_by_level(levels in proptest::collection::vec(any::<u16>(), 1..200)) {
            let mut buckets = Buckets::default();
            buckets.reset(levels.len());
            let mut sorted = levels.clone();
            sorted.sort_unstable();

            // Every second cell is pushed when the flood has reached its level.
            let mut late: Vec<usize> = (0..levels.len()).filter(|cell| cell % 2 == 1).collect();
            late.sort_unstable_by_key(|&cell| std::cmp::Reverse(levels[cell]));
            for cell in (0..levels.len()).step_by(2) {
                buckets.push(levels[cell], cell as u32);
            }
            let (mut front, mut seen) = (Vec::new(), Vec::new());
            while let Some(level) = buckets.drain_lowest(&mut front, |cell| levels[cell as usize]) {
                for cell in front.drain(..) {
                    prop_assert_eq!(levels[cell as usize], level);
                    seen.push(level);
                }
                while late.last().is_some_and(|&cell| levels[cell] <= level) {
                    late.pop();
                    seen.push(level);
                }
                if let Some(cell) = late.pop() {
                    buckets.push(levels[cell], cell as u32);
                }
            }
            prop_assert!(seen.is_sorted());
        }
    }
}
