//! The flood of one component, in a box of its own that fits the first-level cache.

use std::fmt::Debug;

use super::buckets::Buckets;
use crate::label::Run;

/// Pixels of a component whose steps and marker numbers surely fit in 16 bits.
pub(super) const SMALL_PIXELS_MAX: u32 = 65_000;

/// A key of the flood: the level in the high half, the steps since it last rose in the low half.
pub(super) trait Key: Copy + Ord + Debug {
    /// Number of a marker within its component, from 1; 0 is none yet.
    type Label: Copy + Default + Debug + TryFrom<usize> + Into<u32>;
    /// Within the mask and not reached yet.
    const UNSEEN: Self;
    /// Outside of the component; above every other key.
    const OUTSIDE: Self;
    fn of_level(level: u16) -> Self;
    fn one_step_on(self) -> Self;
}

impl Key for u32 {
    type Label = u16;
    const UNSEEN: Self = Self::MAX - 1;
    const OUTSIDE: Self = Self::MAX;

    fn of_level(level: u16) -> Self {
        Self::from(level) << 16
    }

    fn one_step_on(self) -> Self {
        self + 1
    }
}

impl Key for u64 {
    type Label = u32;
    const UNSEEN: Self = Self::MAX - 1;
    const OUTSIDE: Self = Self::MAX;

    fn of_level(level: u16) -> Self {
        Self::from(level) << 32
    }

    fn one_step_on(self) -> Self {
        self + 1
    }
}

#[derive(Clone, Copy, Debug)]
struct Cell<K: Key> {
    key: K,
    level: u16,
    label: K::Label,
}

/// The box of one component, one cell wider on every side.
#[derive(Clone, Debug, Default)]
pub(super) struct Basin<K: Key> {
    cells: Vec<Cell<K>>,
    stride: usize,
    /// Top left of the box: column, row.
    origin: (usize, usize),
    /// Marker ids by their number within the component, from 1.
    ids: Vec<u32>,
    /// The number of each marker within the component, by its id; 0 for those of others.
    numbers: Vec<K::Label>,
    buckets: Buckets,
    /// Cells of the level that the flood has reached, by steps.
    front: Vec<u32>,
}

impl<K: Key> Basin<K> {
    /// Floods the component of `runs` (row, run), whose markers stand in `values`.
    pub(super) fn flood(
        &mut self,
        runs: &[(u32, Run)],
        width: usize,
        levels: &[u16],
        values: &mut [u32],
    ) {
        self.fence(runs);
        self.load(runs, width, levels, values);
        self.start(runs);
        while let Some(level) =
            self.buckets.drain_lowest(&mut self.front, |cell| self.cells[cell as usize].level)
        {
            let mut next = 0;
            while let Some(&cell) = self.front.get(next) {
                next += 1;
                self.visit(cell as usize, level);
            }
            self.front.clear();
        }
        self.store(runs, width, values);
    }

    /// Lays an empty box around the runs.
    fn fence(&mut self, runs: &[(u32, Run)]) {
        let (top, bottom) = (runs[0].0 as usize, runs[runs.len() - 1].0 as usize);
        let left = runs.iter().map(|(_, run)| run.start).min().unwrap_or(0) as usize;
        let right = runs.iter().map(|(_, run)| run.end).max().unwrap_or(0) as usize;
        self.origin = (left, top);
        self.stride = right - left + 2;
        self.cells.clear();
        let outside = Cell { key: K::OUTSIDE, level: 0, label: K::Label::default() };
        self.cells.resize(self.stride * (bottom - top + 3), outside);
        self.buckets.reset(self.cells.len());
        self.ids.clear();
        self.ids.push(0);
    }

    /// The cells of a run.
    fn cells_of(&self, (y, run): (u32, Run)) -> std::ops::Range<usize> {
        let first =
            (y as usize - self.origin.1 + 1) * self.stride + run.start as usize - self.origin.0 + 1;
        first..first + run.columns().len()
    }

    fn load(&mut self, runs: &[(u32, Run)], width: usize, levels: &[u16], values: &[u32]) {
        // The marker of the pixel before is nearly always that of the next.
        let (mut last_id, mut last_label) = (0, K::Label::default());
        for &(y, run) in runs {
            let cells = self.cells_of((y, run));
            let row = y as usize * width;
            let pixels = levels[row..][run.columns()].iter().zip(&values[row..][run.columns()]);
            for (cell, (&level, &id)) in cells.zip(pixels) {
                if id == 0 {
                    self.cells[cell] = Cell { key: K::UNSEEN, level, label: K::Label::default() };
                    continue;
                }
                if id != last_id {
                    (last_id, last_label) = (id, self.number_of(id));
                }
                self.cells[cell] = Cell { key: K::of_level(level), level, label: last_label };
            }
        }
    }

    /// The number of marker `id` within this component.
    fn number_of(&mut self, id: u32) -> K::Label {
        let at = id as usize;
        if self.numbers.len() <= at {
            self.numbers.resize(at + 1, K::Label::default());
        }
        if self.numbers[at].into() == 0 {
            self.numbers[at] = K::Label::try_from(self.ids.len())
                .unwrap_or_else(|_| unreachable!("a component has no more markers than pixels"));
            self.ids.push(id);
        }
        self.numbers[at]
    }

    /// Puts the markers' border cells into the buckets.
    fn start(&mut self, runs: &[(u32, Run)]) {
        for &run in runs {
            for cell in self.cells_of(run) {
                let Cell { key, level, .. } = self.cells[cell];
                if key != K::UNSEEN
                    && self.neighbours(cell).iter().any(|&n| self.cells[n].key == K::UNSEEN)
                {
                    self.buckets.push(level, cell as u32);
                }
            }
        }
    }

    /// North, west, east, south.
    #[inline(always)]
    fn neighbours(&self, cell: usize) -> [usize; 4] {
        [cell - self.stride, cell - 1, cell + 1, cell + self.stride]
    }

    /// Labels a cell whose turn has come and reaches for its neighbours.
    #[inline(always)]
    fn visit(&mut self, cell: usize, flood_level: u16) {
        let neighbours = self.neighbours(cell);
        let around = neighbours.map(|neighbour| self.cells[neighbour]);
        let own = &mut self.cells[cell];
        let key = own.key;
        if own.label.into() == 0 {
            let mut parent = around[0];
            for other in &around[1..] {
                if other.key < parent.key {
                    parent = *other;
                }
            }
            own.label = parent.label;
        }
        for (neighbour, seen) in neighbours.into_iter().zip(around) {
            if seen.key == K::UNSEEN {
                if seen.level > flood_level {
                    self.cells[neighbour].key = K::of_level(seen.level);
                    self.buckets.push(seen.level, neighbour as u32);
                } else {
                    self.cells[neighbour].key = key.one_step_on();
                    self.front.push(neighbour as u32);
                }
            }
        }
    }

    fn store(&mut self, runs: &[(u32, Run)], width: usize, values: &mut [u32]) {
        for &(y, run) in runs {
            let row = &mut values[y as usize * width..][run.columns()];
            for (value, cell) in row.iter_mut().zip(self.cells_of((y, run))) {
                let label: u32 = self.cells[cell].label.into();
                *value = self.ids[label as usize];
            }
        }
        for &id in &self.ids {
            if let Some(number) = self.numbers.get_mut(id as usize) {
                *number = K::Label::default();
            }
        }
    }
}
