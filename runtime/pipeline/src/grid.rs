//! Windows: how an image is cut so that every position is looked at once, with enough around it.
//!
//! Along an axis of `length` px, with a card's window of `size`, `margin` and `multiple` px:
//!
//! ```text
//! step  = size - 2·margin, rounded down to a multiple
//! span  k: [k·step, k·step + size), cut to the image            what the network sees
//! core  k: [k·step + margin, (k+1)·step + margin)               what it answers for
//!          the first core begins at 0, the last ends at length
//! ```
//!
//! - Cores are half-open, disjoint and cover the image; a nucleus belongs to the window whose core
//!   holds its centre of area, so there are no seams and nothing is merged (the slide rule).
//! - Inside the image a core is at least `margin` away from its span's ends. At the image's border
//!   there is nothing more to see, and no margin is spent on it.
//! - Spans begin at multiples of `multiple`, so a network that pools sees the image on one grid,
//!   wherever a window begins. The last span is filled up to a multiple by reflection; how far
//!   depends on the image alone.
//!
//! **Invariant:** what a window answers for a position depends on the image and the card, and, as
//! far as the network looks no further than `margin`, not on the size of the windows.

use std::ops::Range;

use contract::{Size, Window};

/// Windows of an image at the card's resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    across: Axis,
    down: Axis,
}

/// Windows along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    length: usize,
    size: usize,
    margin: usize,
    step: usize,
    multiple: usize,
}

/// One window, in pixels at the card's resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Column and row of the window in the grid.
    pub(crate) place: Place,
    /// What the network sees of the image.
    pub(crate) span: Area,
    /// What it answers for.
    pub(crate) core: Area,
    /// Size of the network's input: the span's, filled up to multiples.
    pub(crate) input: Size,
}

/// Column and row of a window in its grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Windows to its left.
    pub column: u32,
    /// Windows above.
    pub row: u32,
}

/// A rectangle of pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: Range<usize>,
    pub(crate) y: Range<usize>,
}

impl Area {
    pub(crate) fn origin(&self) -> (usize, usize) {
        (self.x.start, self.y.start)
    }

    pub(crate) fn size(&self) -> Size {
        Size::new(self.x.len(), self.y.len())
    }
}

impl Grid {
    /// The windows of an image of `size` px, which has pixels, by a checked card's window.
    pub(crate) fn new(size: Size, window: Window) -> Self {
        Self { across: Axis::new(size.width, window), down: Axis::new(size.height, window) }
    }

    /// Windows in a row.
    pub(crate) fn columns(&self) -> usize {
        self.across.count()
    }

    /// Rows of windows.
    pub(crate) fn rows(&self) -> usize {
        self.down.count()
    }

    /// Windows in all.
    pub(crate) fn count(&self) -> usize {
        self.columns() * self.rows()
    }

    /// The window at `column`, `row`.
    pub(crate) fn view(&self, column: usize, row: usize) -> View {
        let place = Place { column: column as u32, row: row as u32 };
        View {
            place,
            span: Area { x: self.across.span(column), y: self.down.span(row) },
            core: Area { x: self.across.core(column), y: self.down.core(row) },
            input: Size::new(self.across.input(column), self.down.input(row)),
        }
    }

    /// The windows of `row` from the left, in runs of at most `most` that have one input size.
    pub(crate) fn runs(&self, row: usize, most: usize) -> Vec<Vec<View>> {
        let mut runs: Vec<Vec<View>> = Vec::new();
        for column in 0..self.columns() {
            let view = self.view(column, row);
            match runs.last_mut() {
                Some(run) if run.len() < most && run[0].input == view.input => run.push(view),
                _ => runs.push(vec![view]),
            }
        }
        runs
    }
}

impl Axis {
    fn new(length: usize, window: Window) -> Self {
        let [size, margin, multiple] =
            [window.size_px, window.margin_px, window.multiple_px].map(|px| px as usize);
        let room = size - 2 * margin;
        let whole = room - room % multiple;
        // A card whose core is below its multiple keeps no grid; it is slower, not wrong.
        let step = if whole == 0 { room } else { whole };
        Self { length, size, margin, step, multiple }
    }

    fn count(&self) -> usize {
        if self.length <= self.size { 1 } else { 1 + (self.length - self.size).div_ceil(self.step) }
    }

    fn span(&self, index: usize) -> Range<usize> {
        let start = index * self.step;
        start..self.length.min(start + self.size)
    }

    fn core(&self, index: usize) -> Range<usize> {
        let start = if index == 0 { 0 } else { index * self.step + self.margin };
        let last = index + 1 == self.count();
        let end = if last { self.length } else { (index + 1) * self.step + self.margin };
        start..end
    }

    fn input(&self, index: usize) -> usize {
        self.span(index).len().next_multiple_of(self.multiple)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(size_px: u32, margin_px: u32, multiple_px: u32) -> Window {
        Window { size_px, margin_px, multiple_px }
    }

    #[test]
    fn an_image_that_fits_is_one_window_without_margins() {
        let grid = Grid::new(Size::new(512, 100), window(512, 64, 16));

        let view = grid.view(0, 0);

        assert_eq!(grid.count(), 1);
        assert_eq!(view.core, Area { x: 0..512, y: 0..100 });
        assert_eq!(view.span, view.core);
        assert_eq!(view.input, Size::new(512, 112));
    }

    #[test]
    fn a_pixel_more_is_a_second_window() {
        let grid = Grid::new(Size::new(513, 512), window(512, 64, 16));

        assert_eq!(grid.columns(), 2);
        assert_eq!(grid.view(0, 0).core.x, 0..448);
        assert_eq!(grid.view(1, 0).core.x, 448..513);
        assert_eq!(grid.view(1, 0).span.x, 384..513);
        assert_eq!(grid.view(1, 0).input, Size::new(144, 512));
    }

    #[test]
    fn runs_hold_windows_of_one_size_in_order() {
        let grid = Grid::new(Size::new(2000, 512), window(512, 64, 16));

        let runs = grid.runs(0, 2);

        let columns: Vec<Vec<u32>> =
            runs.iter().map(|run| run.iter().map(|view| view.place.column).collect()).collect();
        assert_eq!(columns, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(runs[2][0].input.width, 464);
    }

    proptest! {
        #[test]
        fn cores_cover_an_axis_once_and_keep_their_margin(
            length in 1_usize..3000,
            (size, margin, multiple) in (1_u32..20, 1_u32..17)
                .prop_flat_map(|(times, multiple)| {
                    let size = times * multiple;
                    (Just(size), 0..size.div_ceil(2), Just(multiple))
                })
                .prop_filter("a core must be left", |(size, margin, _)| 2 * margin < *size),
        ) {
            let axis = Axis::new(length, window(size, margin, multiple));
            let mut covered = 0;
            for index in 0..axis.count() {
                let (span, core) = (axis.span(index), axis.core(index));
                prop_assert_eq!(core.start, covered);
                prop_assert!(core.start < core.end);
                prop_assert!(span.len() <= size as usize);
                let margin = margin as usize;
                prop_assert!(span.start == 0 || core.start >= span.start + margin);
                prop_assert!(span.end == length || core.end + margin <= span.end);
                prop_assert!(axis.input(index).is_multiple_of(multiple as usize));
                covered = core.end;
            }
            prop_assert_eq!(covered, length);
        }
    }
}
