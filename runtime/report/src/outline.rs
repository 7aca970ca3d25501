//! Polygons around the cells of a class in a grid, along the cells' edges.
//!
//! Cells of a class that share an edge are one polygon; cells that only touch at a corner are two.
//! A polygon has one outer ring, clockwise on the screen, and its holes, anticlockwise. Rings are
//! not closed, have no vertex within a straight run and no vertex twice (two parts of a ring that
//! touch at a corner become two rings), so that they are valid Simple Features. Every island is
//! kept.
//!
//! Edges are followed with the class on the right hand. At a corner where the class touches itself
//! diagonally the way turns right, which stays with the same cell.

use std::collections::HashMap;
use std::ops::Range;

use contract::Size;

/// A corner of the grid: columns to the right, rows down.
pub(crate) type Corner = (u32, u32);

/// One polygon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Polygon {
    /// The outer ring.
    pub(crate) outer: Vec<Corner>,
    /// The holes.
    pub(crate) holes: Vec<Vec<Corner>>,
}

/// The polygons around the cells for which `cells` is `class`, by their topmost, leftmost cells.
pub(crate) fn polygons(cells: &[u8], size: Size, class: u8) -> Vec<Polygon> {
    let grid = Grid { cells, size, class };
    let components = Components::of(&grid);
    let mut found: HashMap<usize, usize> = HashMap::new();
    let mut polygons: Vec<Polygon> = Vec::new();
    let mut walked = vec![false; cells.len()];

    for index in 0..cells.len() {
        let (column, row) = (index % size.width, index / size.width);
        if walked[index] || !grid.has_top_edge(column, row) {
            continue;
        }
        let component = components.of_cell(column, row);
        let at = *found.entry(component).or_insert_with(|| {
            polygons.push(Polygon { outer: Vec::new(), holes: Vec::new() });
            polygons.len() - 1
        });
        for ring in simple_rings(&grid.follow((column, row), &mut walked)) {
            if is_clockwise(&ring) {
                polygons[at].outer = ring;
            } else {
                polygons[at].holes.push(ring);
            }
        }
    }
    polygons
}

/// The cells and the class that is looked for.
struct Grid<'a> {
    cells: &'a [u8],
    size: Size,
    class: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heading {
    East,
    South,
    West,
    North,
}

/// A corner at which the way turned, and whether the class touches itself diagonally there.
#[derive(Clone, Copy, Debug)]
struct Turn {
    corner: Corner,
    touches: bool,
}

impl Grid<'_> {
    /// Whether the cell at a column and a row, which may lie outside, is of the class.
    fn holds(&self, column: i64, row: i64) -> bool {
        let inside = (0..self.size.width as i64).contains(&column)
            && (0..self.size.height as i64).contains(&row);
        inside && self.cells[row as usize * self.size.width + column as usize] == self.class
    }

    fn has_top_edge(&self, column: usize, row: usize) -> bool {
        let (column, row) = (column as i64, row as i64);
        self.holds(column, row) && !self.holds(column, row - 1)
    }

    /// Follows the ring that holds the top edge of `start` and marks its top edges as walked.
    fn follow(&self, start: (usize, usize), walked: &mut [bool]) -> Vec<Turn> {
        let begin = (start.0 as i64, start.1 as i64);
        let (mut at, mut heading) = (begin, Heading::East);
        let mut turns = Vec::new();
        loop {
            if heading == Heading::East {
                walked[at.1 as usize * self.size.width + at.0 as usize] = true;
            }
            at = heading.step(at);
            let [left, right] = heading.ahead(at).map(|(column, row)| self.holds(column, row));
            let next = match (left, right) {
                (_, false) => heading.to_the_right(),
                (false, true) => heading,
                (true, true) => heading.to_the_left(),
            };
            if next != heading {
                let corner = (at.0 as u32, at.1 as u32);
                turns.push(Turn { corner, touches: left && !right });
            }
            heading = next;
            if at == begin && heading == Heading::East {
                return turns;
            }
        }
    }
}

impl Heading {
    fn step(self, (x, y): (i64, i64)) -> (i64, i64) {
        match self {
            Self::East => (x + 1, y),
            Self::South => (x, y + 1),
            Self::West => (x - 1, y),
            Self::North => (x, y - 1),
        }
    }

    /// The cells to the left and to the right beyond the corner.
    fn ahead(self, (x, y): (i64, i64)) -> [(i64, i64); 2] {
        match self {
            Self::East => [(x, y - 1), (x, y)],
            Self::South => [(x, y), (x - 1, y)],
            Self::West => [(x - 1, y), (x - 1, y - 1)],
            Self::North => [(x - 1, y - 1), (x, y - 1)],
        }
    }

    fn to_the_right(self) -> Self {
        match self {
            Self::East => Self::South,
            Self::South => Self::West,
            Self::West => Self::North,
            Self::North => Self::East,
        }
    }

    fn to_the_left(self) -> Self {
        self.to_the_right().to_the_right().to_the_right()
    }
}

/// Cuts a ring into rings that pass no corner twice.
fn simple_rings(turns: &[Turn]) -> Vec<Vec<Corner>> {
    let mut rings = Vec::new();
    let mut open: Vec<Corner> = Vec::new();
    // Only a corner where the class touches itself can be passed twice.
    let mut touched: HashMap<Corner, usize> = HashMap::new();
    for turn in turns {
        if turn.touches {
            if let Some(&from) = touched.get(&turn.corner) {
                for corner in &open[from + 1..] {
                    touched.remove(corner);
                }
                let mut ring = open.split_off(from + 1);
                ring.push(turn.corner);
                rings.push(ring);
                continue;
            }
            touched.insert(turn.corner, open.len());
        }
        open.push(turn.corner);
    }
    rings.push(open);
    rings
}

/// Whether the area to the right of the ring is inside it (the screen's y runs down).
fn is_clockwise(ring: &[Corner]) -> bool {
    twice_the_area(ring) > 0
}

fn twice_the_area(ring: &[Corner]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1))
        .sum()
}

/// Which cells belong together, by runs of cells in rows.
struct Components {
    /// First column and end of each run; the runs of row r are `rows[r]..rows[r + 1]`.
    runs: Vec<(usize, usize)>,
    rows: Vec<usize>,
    /// The first run of the component of each run.
    parents: Vec<usize>,
}

impl Components {
    fn of(grid: &Grid<'_>) -> Self {
        let mut components = Self { runs: Vec::new(), rows: vec![0], parents: Vec::new() };
        let mut above = 0..0;
        for cells in grid.cells.chunks_exact(grid.size.width.max(1)) {
            let mut column = 0;
            for chunk in cells.chunk_by(|a, b| (*a == grid.class) == (*b == grid.class)) {
                if chunk[0] == grid.class {
                    components.add((column, column + chunk.len()), above.clone());
                }
                column += chunk.len();
            }
            above = above.end..components.runs.len();
            components.rows.push(above.end);
        }
        // A parent comes before its children, so one pass reaches every root.
        for run in 0..components.parents.len() {
            components.parents[run] = components.parents[components.parents[run]];
        }
        components
    }

    /// Adds a run and joins it to those of the row above that share an edge with it.
    fn add(&mut self, run: (usize, usize), above: Range<usize>) {
        let number = self.runs.len();
        let first = above.start + self.runs[above.clone()].partition_point(|r| r.1 <= run.0);
        self.runs.push(run);
        self.parents.push(number);
        for other in first..above.end {
            if self.runs[other].0 >= run.1 {
                break;
            }
            let (a, b) = (self.root(other), self.root(number));
            self.parents[a.max(b)] = a.min(b);
        }
    }

    fn root(&mut self, mut run: usize) -> usize {
        while self.parents[run] != run {
            self.parents[run] = self.parents[self.parents[run]];
            run = self.parents[run];
        }
        run
    }

    fn of_cell(&self, column: usize, row: usize) -> usize {
        let runs = &self.runs[self.rows[row]..self.rows[row + 1]];
        self.parents[self.rows[row] + runs.partition_point(|run| run.1 <= column)]
    }
}

#[cfg(test)]
mod tests;
