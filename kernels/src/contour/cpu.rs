//! Crack following over the label image.

use contract::Point;

use super::Corner;
use crate::Labels;
use crate::measure::{Region, Shape};

/// A direction along pixel edges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heading {
    East,
    South,
    West,
    North,
}

impl Heading {
    fn right(self) -> Self {
        match self {
            Self::East => Self::South,
            Self::South => Self::West,
            Self::West => Self::North,
            Self::North => Self::East,
        }
    }

    fn left(self) -> Self {
        self.right().right().right()
    }

    fn step(self, (x, y): Corner) -> Corner {
        match self {
            Self::East => (x + 1, y),
            Self::South => (x, y + 1),
            Self::West => (x.wrapping_sub(1), y),
            Self::North => (x, y.wrapping_sub(1)),
        }
    }

    /// The pixels ahead of a corner: to the left and to the right of the way.
    fn ahead(self, (x, y): Corner) -> (Corner, Corner) {
        let (west, north) = (x.wrapping_sub(1), y.wrapping_sub(1));
        match self {
            Self::East => ((x, north), (x, y)),
            Self::South => ((x, y), (west, y)),
            Self::West => ((west, y), (west, north)),
            Self::North => ((west, north), (x, north)),
        }
    }
}

/// Collects every corner of the outline that begins at the top left corner of pixel `start`.
///
/// That corner is passed once, since no pixel above or before it belongs to the part.
pub(super) fn follow(labels: &Labels, id: u32, start: Corner, corners: &mut Vec<Corner>) {
    let belongs = |(x, y): Corner| labels.get(x as usize, y as usize) == id;
    corners.clear();
    let (mut corner, mut heading) = (start, Heading::East);
    loop {
        corners.push(corner);
        corner = heading.step(corner);
        if corner == start {
            return;
        }
        let (left, right) = heading.ahead(corner);
        if !belongs(right) {
            heading = heading.right();
        } else if belongs(left) {
            heading = heading.left();
        }
    }
}

/// `wanted` points at equal distances along the closed way over `corners`, which are 1 px apart.
pub(super) fn evenly_spaced(corners: &[Corner], wanted: usize) -> Vec<Point> {
    let (whole, rest) = (corners.len() / wanted, corners.len() % wanted);
    let mut points = Vec::with_capacity(wanted);
    // Vertex k lies `part / wanted` along edge `edge`: k · perimeter = edge · wanted + part.
    let (mut edge, mut part) = (0, 0);
    for _ in 0..wanted {
        let (from, to) = (corners[edge], *corners.get(edge + 1).unwrap_or(&corners[0]));
        let share = part as f32 / wanted as f32;
        points.push(Point { x: between(from.0, to.0, share), y: between(from.1, to.1, share) });
        edge += whole;
        part += rest;
        if part >= wanted {
            (edge, part) = (edge + 1, part - wanted);
        }
    }
    points
}

fn between(from: u32, to: u32, share: f32) -> f32 {
    from as f32 + (i64::from(to) - i64::from(from)) as f32 * share
}

/// The 4-connected parts of one label within its box, as runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    runs: Vec<PartRun>,
}

#[derive(Clone, Copy, Debug)]
struct PartRun {
    y: u32,
    start: u32,
    end: u32,
    parent: usize,
    /// Pixels of the part, where this is its first run.
    area: u32,
}

impl Parts {
    /// The raster-first pixel of the largest part.
    pub(super) fn first_pixel_of_largest(
        &mut self,
        labels: &Labels,
        id: u32,
        region: &Region,
    ) -> Corner {
        if let Shape::Plain { first, .. } = region.shape {
            return (first, region.rows.start);
        }
        self.runs.clear();
        let mut above = 0..0;
        for y in region.rows.clone() {
            let first = self.runs.len();
            self.push_row(labels.row(y as usize), id, y, &region.columns);
            let row = first..self.runs.len();
            self.join(above, row.clone());
            above = row;
        }
        let largest = self.largest();
        (largest.start, largest.y)
    }

    fn push_row(&mut self, row: &[u32], id: u32, y: u32, columns: &std::ops::Range<u32>) {
        let mut inside = false;
        for x in columns.clone() {
            let belongs = row[x as usize] == id;
            if belongs && !inside {
                let parent = self.runs.len();
                self.runs.push(PartRun { y, start: x, end: x, parent, area: 0 });
            }
            if let (true, Some(run)) = (belongs, self.runs.last_mut()) {
                run.end = x + 1;
            }
            inside = belongs;
        }
    }

    fn join(&mut self, above: std::ops::Range<usize>, row: std::ops::Range<usize>) {
        for current in row {
            for other in above.clone() {
                let (a, b) = (self.runs[current], self.runs[other]);
                if a.start < b.end && b.start < a.end {
                    let (one, two) = (self.root(current), self.root(other));
                    self.runs[one.max(two)].parent = one.min(two);
                }
            }
        }
    }

    fn root(&self, mut run: usize) -> usize {
        while self.runs[run].parent != run {
            run = self.runs[run].parent;
        }
        run
    }

    fn largest(&mut self) -> PartRun {
        for index in 0..self.runs.len() {
            let root = self.root(index);
            let length = self.runs[index].end - self.runs[index].start;
            self.runs[root].area += length;
        }
        let mut largest = self.runs[0];
        for run in &self.runs {
            if run.area > largest.area {
                largest = *run;
            }
        }
        largest
    }
}
