//! Rings around a mask, by exact Euclidean distance, in bands of rows.
//!
//! A cell lies within reach `r` of the mask when some mask cell is at a squared distance of at
//! most `r`, centre to centre. That is all the rings ask for, so no distance map is made: on a
//! whole slide it would take 256 MB. Instead each row knows, for every column, how far the nearest
//! mask cell above or below is (as in the first pass of Meijster, Roerdink & Hesselink 2000);
//! a mask cell `v` rows away covers the `sqrt(r - v²)` columns to either side. A sweep to the right
//! and one to the left carry how many columns each reach still covers; since reaches are nested,
//! the number of reaches that do not cover a cell is the number of its ring.
//!
//! **Memory:** two bytes a cell of a band of rows; bands are as high as the outermost reach, so
//! that each row is swept twice.

use contract::Size;

use super::Parameters;
use super::zones::{FAR, FIRST_RING};

/// Paints ring codes over the `FAR` cells of `zones` (anything else is mask) and returns, for each
/// ring, its cells on the *unbounded* grid: those outside `size` are counted and not painted.
///
/// `reaches` are squared distances in cells, rising.
pub(super) fn paint(zones: &mut [u8], size: Size, reaches: &[u64]) -> Vec<u64> {
    let mut totals = vec![0; reaches.len()];
    let Some(&outermost) = reaches.last() else { return totals };
    let margin = outermost.isqrt() as usize;
    let mut band = Band::new(size.width, margin);
    let mut row = Row::new(size.width, reaches);
    let mut top = 0;
    // Rows are counted on the grid with the margin: row `margin` is the image's first.
    while top < size.height + 2 * margin {
        let rows = band.sweep(zones, size, top);
        for offset in 0..rows {
            let inside = (top + offset).checked_sub(margin).filter(|&y| y < size.height);
            row.cover(band.distances(offset));
            row.count(&mut totals);
            if let Some(y) = inside {
                row.paint(&mut zones[y * size.width..][..size.width], reaches.len());
            }
        }
        top += rows;
    }
    totals
}

/// Vertical distances to the mask in a band of rows.
struct Band {
    width: usize,
    margin: usize,
    /// Rows of the band, `width` distances each; beyond the margin is `margin + 1`.
    rows: Vec<u16>,
    /// Distance to the nearest mask cell at or above the last row swept.
    above: Vec<u16>,
    below: Vec<u16>,
}

impl Band {
    fn new(width: usize, margin: usize) -> Self {
        let far = margin as u16 + 1;
        Self {
            width,
            margin,
            rows: vec![far; width * Self::height(margin)],
            above: vec![far; width],
            below: vec![far; width],
        }
    }

    fn height(margin: usize) -> usize {
        margin.max(64)
    }

    /// Fills the band that begins at row `top` of the grid with margin; returns its rows.
    fn sweep(&mut self, zones: &[u8], size: Size, top: usize) -> usize {
        let height = Self::height(self.margin).min(size.height + 2 * self.margin - top);
        let mask = |row: usize| {
            let y = row.checked_sub(self.margin).filter(|&y| y < size.height)?;
            Some(&zones[y * size.width..][..size.width])
        };
        let far = self.margin as u16 + 1;

        self.below.fill(far);
        for row in (top..top + height + self.margin).rev() {
            advance(&mut self.below, mask(row), far);
            if row < top + height {
                self.rows[(row - top) * self.width..][..self.width].copy_from_slice(&self.below);
            }
        }
        for (row, distances) in (top..top + height).zip(self.rows.chunks_exact_mut(self.width)) {
            advance(&mut self.above, mask(row), far);
            for (distance, &above) in distances.iter_mut().zip(&self.above) {
                *distance = (*distance).min(above);
            }
        }
        height
    }

    fn distances(&self, offset: usize) -> &[u16] {
        &self.rows[offset * self.width..][..self.width]
    }
}

/// Moves running distances one row on. A cell that is painted with a ring is not mask.
fn advance(distances: &mut [u16], mask: Option<&[u8]>, far: u16) {
    for distance in distances.iter_mut() {
        *distance = far.min(*distance + 1);
    }
    if let Some(mask) = mask {
        for (distance, &zone) in distances.iter_mut().zip(mask) {
            if zone != FAR && zone < FIRST_RING {
                *distance = 0;
            }
        }
    }
}

/// Columns that each reach covers to one side of a column; negative is none. Eight 16-bit lanes.
type Cover = [i16; Parameters::RINGS_MAX];

const NO_COVER: Cover = [-1; Parameters::RINGS_MAX];

/// Rings of one row of the grid with margin.
struct Row {
    margin: usize,
    /// What a mask cell covers, by its distance in rows up to `margin + 1`.
    covers: Vec<Cover>,
    /// For each column, how many reaches do not cover it; 0 is the first ring.
    rings: Vec<u8>,
    /// First and last column that the row's mask can reach, if any.
    reached: Option<(usize, usize)>,
}

impl Row {
    /// Of a column on the mask itself, or one that no reach covers.
    const NO_RING: u8 = u8::MAX;

    fn new(width: usize, reaches: &[u64]) -> Self {
        let margin = reaches[reaches.len() - 1].isqrt();
        let covers = (0..=margin + 1)
            .map(|rows| {
                // Lanes without a ring repeat the outermost: a cell within it is uncovered by
                // inner reaches only.
                std::array::from_fn(|lane| {
                    let reach = reaches[lane.min(reaches.len() - 1)];
                    reach.checked_sub(rows * rows).map_or(-1, |rest| rest.isqrt() as i16)
                })
            })
            .collect();
        let margin = margin as usize;
        Self { margin, covers, rings: vec![Self::NO_RING; width + 2 * margin], reached: None }
    }

    /// Sets the rings from the vertical distances of the image's columns.
    fn cover(&mut self, distances: &[u16]) {
        self.rings.fill(Self::NO_RING);
        self.reached = None;
        let near = |&distance: &u16| usize::from(distance) <= self.margin;
        let Some(first) = distances.iter().position(near) else { return };
        let last = distances.iter().rposition(near).expect("a first one is there");
        self.reached = Some((first, last + 2 * self.margin));

        let covers = &self.covers;
        let (left, rest) = self.rings[first..].split_at_mut(self.margin);
        let (middle, right) = rest.split_at_mut(last + 1 - first);
        let distances = &distances[first..=last];

        let mut cover = NO_COVER;
        for (ring, &distance) in middle.iter_mut().zip(distances) {
            step(&mut cover, &covers[usize::from(distance)], ring);
        }
        for ring in &mut right[..self.margin] {
            step(&mut cover, &NO_COVER, ring);
        }
        let mut cover = NO_COVER;
        for (ring, &distance) in middle.iter_mut().zip(distances).rev() {
            step(&mut cover, &covers[usize::from(distance)], ring);
        }
        for ring in left.iter_mut().rev() {
            step(&mut cover, &NO_COVER, ring);
        }

        for (ring, &distance) in middle.iter_mut().zip(distances) {
            if distance == 0 {
                *ring = Self::NO_RING;
            }
        }
    }

    /// Adds the columns of each ring; what no reach covers falls off the end of `totals`.
    fn count(&self, totals: &mut [u64]) {
        let Some((first, last)) = self.reached else { return };
        let mut counts = [0u32; 256];
        for &ring in &self.rings[first..=last] {
            counts[usize::from(ring)] += 1;
        }
        for (total, &count) in totals.iter_mut().zip(&counts) {
            *total += u64::from(count);
        }
    }

    fn paint(&self, zones: &mut [u8], rings: usize) {
        for (zone, &ring) in zones.iter_mut().zip(&self.rings[self.margin..]) {
            if usize::from(ring) < rings {
                *zone = FIRST_RING + ring;
            }
        }
    }
}

/// Moves the running cover one column on and lowers `ring` to the reaches that do not cover it.
fn step(running: &mut Cover, here: &Cover, ring: &mut u8) {
    let mut uncovered = 0;
    for (running, &here) in running.iter_mut().zip(here) {
        *running = (*running - 1).max(here).max(-1);
        uncovered += *running >> 15;
    }
    *ring = (*ring).min((-uncovered) as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::zones::TUMOUR;
    use super::*;

    proptest! {
        #[test]
        fn rings_and_their_cells_are_those_of_the_definition(
            (size, mask, reaches) in masks(),
        ) {
            let mut zones = mask.clone();

            let totals = paint(&mut zones, size, &reaches);

            let (expected_zones, expected_totals) = by_definition(&mask, size, &reaches);
            prop_assert_eq!(zones, expected_zones);
            prop_assert_eq!(totals, expected_totals);
        }
    }

    #[test]
    fn a_mask_higher_than_a_band_has_the_rings_of_the_definition() {
        let size = Size::new(3, 300);
        let mut mask = vec![FAR; size.pixels()];
        for row in [0, 1, 70, 128, 129, 299] {
            mask[row * 3 + row % 3] = TUMOUR;
        }
        let mut zones = mask.clone();

        let totals = paint(&mut zones, size, &[4, 2500]);

        let expected = by_definition(&mask, size, &[4, 2500]);
        assert_eq!((zones, totals), expected);
    }

    #[test]
    fn an_empty_mask_has_no_rings() {
        let mut zones = vec![FAR; 12];

        assert_eq!(paint(&mut zones, Size::new(4, 3), &[1, 9]), [0, 0]);
        assert_eq!(zones, [FAR; 12]);
    }

    fn masks() -> impl Strategy<Value = (Size, Vec<u8>, Vec<u64>)> {
        (1usize..12, 1usize..12, 1u64..9, 0u64..9, 1u32..6).prop_flat_map(
            |(width, height, inner, step, one_in)| {
                let cell = (0..one_in).prop_map(|roll| u8::from(roll == 0) * TUMOUR);
                let mask = proptest::collection::vec(cell, width * height);
                let outer = (inner + step + 1) * (inner + step + 1);
                let reaches = vec![inner * inner, outer];
                mask.prop_map(move |mask| (Size::new(width, height), mask, reaches.clone()))
            },
        )
    }

    fn by_definition(mask: &[u8], size: Size, reaches: &[u64]) -> (Vec<u8>, Vec<u64>) {
        let margin = reaches[reaches.len() - 1].isqrt() as i64;
        let (width, height) = (size.width as i64, size.height as i64);
        let mut zones = mask.to_vec();
        let mut totals = vec![0; reaches.len()];
        for y in -margin..height + margin {
            for x in -margin..width + margin {
                let nearest = (0..size.pixels() as i64)
                    .filter(|&at| mask[at as usize] == TUMOUR)
                    .map(|at| ((at % width - x).pow(2) + (at / width - y).pow(2)) as u64)
                    .min();
                let ring = nearest
                    .filter(|&squared| squared > 0)
                    .and_then(|squared| reaches.iter().position(|&reach| squared <= reach));
                let Some(ring) = ring else { continue };
                totals[ring] += 1;
                if (0..width).contains(&x) && (0..height).contains(&y) {
                    zones[(y * width + x) as usize] = FIRST_RING + ring as u8;
                }
            }
        }
        (zones, totals)
    }
}
