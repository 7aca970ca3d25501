//! The flood of one component, in a box of its own that fits the first-level cache.

use std::fmt::Debug;

use super::buckets::Buckets;
use super::markers::Piece;
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
    /// The label beside the least key, the first of equals.
    fn parent(around: [Cell<Self>; 4]) -> Self::Label;
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

    /// Key, place and label in one number, so that no branch depends on the keys.
    #[inline(always)]
    fn parent(around: [Cell<Self>; 4]) -> u16 {
        let whole = |place: usize| {
            let Cell { key, label, .. } = around[place];
            u64::from(key) << 32 | (place as u64) << 16 | u64::from(label)
        };
        whole(0).min(whole(1)).min(whole(2)).min(whole(3)) as u16
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

    fn parent(around: [Cell<Self>; 4]) -> u32 {
        let [first, others @ ..] = around;
        others
            .iter()
            .fold(first, |least, cell| if cell.key < least.key { *cell } else { least })
            .label
    }
}

/// A pixel of the box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<K: Key> {
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

/// One component of the mask: its runs (row, run) and the pieces of markers in it, both in raster
/// order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component<'a> {
    pub(super) runs: &'a [(u32, Run)],
    pub(super) pieces: &'a [Piece],
    /// Columns of the mask.
    pub(super) width: usize,
}

impl<K: Key> Basin<K> {
    /// Floods a component and appends the marker id of each of its pixels, run by run.
    pub(super) fn flood(
        &mut self,
        component: Component<'_>,
        levels: &[u16],
        flooded: &mut Vec<u32>,
    ) {
        self.fence(component.runs);
        self.load(component, levels);
        self.start(component.pieces);
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
        self.store(component.runs, flooded);
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
    fn cells_of(&self, y: u32, run: Run) -> std::ops::Range<usize> {
        let row = y as usize - self.origin.1 + 1;
        let first = row * self.stride + run.start as usize - self.origin.0 + 1;
        first..first + run.columns().len()
    }

    fn load(&mut self, component: Component<'_>, levels: &[u16]) {
        for &(y, run) in component.runs {
            let levels = &levels[y as usize * component.width..][run.columns()];
            let cells = self.cells_of(y, run);
            for (cell, &level) in self.cells[cells].iter_mut().zip(levels) {
                *cell = Cell { key: K::UNSEEN, level, label: K::Label::default() };
            }
        }
        for &Piece { y, run, id } in component.pieces {
            let label = self.number_of(id);
            let cells = self.cells_of(y, run);
            for cell in &mut self.cells[cells] {
                *cell = Cell { key: K::of_level(cell.level), label, ..*cell };
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
    fn start(&mut self, pieces: &[Piece]) {
        for &Piece { y, run, .. } in pieces {
            for cell in self.cells_of(y, run) {
                if self.neighbours(cell).iter().any(|&other| self.cells[other].key == K::UNSEEN) {
                    self.buckets.push(self.cells[cell].level, cell as u32);
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
        let [north, west, east, south] = self.neighbours(cell);
        let around = [north, west, east, south].map(|neighbour| self.cells[neighbour]);
        let own = &mut self.cells[cell];
        let key = own.key;
        if own.label.into() == 0 {
            own.label = K::parent(around);
        }
        self.reach(north, around[0], key, flood_level);
        self.reach(west, around[1], key, flood_level);
        self.reach(east, around[2], key, flood_level);
        self.reach(south, around[3], key, flood_level);
    }

    /// Gives a neighbour that was not seen yet its key and its turn.
    #[inline(always)]
    fn reach(&mut self, neighbour: usize, seen: Cell<K>, key: K, flood_level: u16) {
        if seen.key != K::UNSEEN {
            return;
        }
        if seen.level > flood_level {
            self.cells[neighbour].key = K::of_level(seen.level);
            self.buckets.push(seen.level, neighbour as u32);
        } else {
            self.cells[neighbour].key = key.one_step_on();
            self.front.push(neighbour as u32);
        }
    }

    fn store(&mut self, runs: &[(u32, Run)], flooded: &mut Vec<u32>) {
        for &(y, run) in runs {
            let cells = &self.cells[self.cells_of(y, run)];
            flooded.extend(cells.iter().map(|cell| {
                let number: u32 = cell.label.into();
                self.ids[number as usize]
            }));
        }
        for &id in &self.ids {
            if let Some(number) = self.numbers.get_mut(id as usize) {
                *number = K::Label::default();
            }
        }
    }
}
