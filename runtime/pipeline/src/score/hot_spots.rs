//! Where TILs are densest: apart from every score, since the Working Group forbids hot spots
//! in one (Hendry et al. 2017).
//!
//! A hot spot is a circle that lies wholly inside the image, holds at least
//! [`Parameters::hot_spot_tils_per_mm2_min`] and more TILs than any other circle whose centre it
//! covers (a *peak*, as in QuPath's `DensityMaps.findHotspots` with `peaksOnly`). Spots do not
//! overlap; the one with more TILs is kept, and of equal ones the upper, then the left. Centres
//! stand on a grid of an eighth of the radius. An image that cannot hold a circle has no hot spot.

use contract::{HotSpot, Role};

use super::zones::{Ground, grounds};
use super::{Input, Parameters, Tissue};

/// Centres within a radius, to either side.
const STEPS_PER_RADIUS: f64 = 8.0;
/// Centres at most: four bytes each.
const CENTRES_MAX: f64 = 4e6;

/// The hot spots, most TILs first, at most [`Parameters::HOT_SPOTS_MAX`].
pub(super) fn find(input: &Input<'_>, parameters: &Parameters) -> Vec<HotSpot> {
    let Some(centres) = Centres::of(input, parameters) else { return Vec::new() };
    let counts = centres.count(input);

    let radius_mm = parameters.hot_spot_radius_um * 1e-3;
    let least = parameters.hot_spot_tils_per_mm2_min * std::f64::consts::PI * radius_mm * radius_mm;
    let least = least.ceil().max(1.0) as u32;
    let mut order: Vec<usize> = (0..counts.len()).filter(|&at| counts[at] >= least).collect();
    order.sort_by_key(|&at| (u32::MAX - counts[at], at));

    let mut spots: Vec<usize> = Vec::new();
    for at in order {
        if spots.len() == Parameters::HOT_SPOTS_MAX {
            break;
        }
        let apart = spots.iter().all(|&spot| centres.distance(at, spot) >= 2.0 * centres.radius_px);
        if apart && centres.is_peak(&counts, at) {
            spots.push(at);
        }
    }
    spots.into_iter().filter_map(|at| centres.spot(input, parameters, (at, counts[at]))).collect()
}

/// The grid of centres, level-0 pixels.
#[derive(Clone, Copy, Debug)]
struct Centres {
    radius_px: f64,
    step_px: f64,
    columns: usize,
    rows: usize,
}

impl Centres {
    fn of(input: &Input<'_>, parameters: &Parameters) -> Option<Self> {
        let radius_px = parameters.hot_spot_radius_um / input.mpp.um_per_px();
        let width = input.image.width as f64 - 2.0 * radius_px;
        let height = input.image.height as f64 - 2.0 * radius_px;
        if width < 0.0 || height < 0.0 {
            return None;
        }
        let step_px = (radius_px / STEPS_PER_RADIUS).max((width * height / CENTRES_MAX).sqrt());
        let steps = |length: f64| (length / step_px).floor() as usize + 1;
        Some(Self { radius_px, step_px, columns: steps(width), rows: steps(height) })
    }

    fn position(self, at: usize) -> (f64, f64) {
        let along = |step: usize| self.radius_px + step as f64 * self.step_px;
        (along(at % self.columns), along(at / self.columns))
    }

    fn distance(self, a: usize, b: usize) -> f64 {
        let ((ax, ay), (bx, by)) = (self.position(a), self.position(b));
        ((ax - bx).powi(2) + (ay - by).powi(2)).sqrt()
    }

    /// TILs within the radius of each centre: each TIL adds one to a run of centres in each row
    /// that it reaches, as a difference at the run's two ends.
    fn count(self, input: &Input<'_>) -> Vec<u32> {
        let stride = self.columns + 1;
        let mut differences = vec![0i32; stride * self.rows];
        let is_til = |class: u8| input.classes[usize::from(class)].role == Role::Til;
        for til in input.nuclei.iter().filter(|nucleus| is_til(nucleus.class)) {
            let (x, y) = (f64::from(til.x), f64::from(til.y));
            for row in self.reached(y, self.radius_px, self.rows) {
                let rise = y - (self.radius_px + row as f64 * self.step_px);
                let half = (self.radius_px * self.radius_px - rise * rise).max(0.0).sqrt();
                let columns = self.reached(x, half, self.columns);
                differences[row * stride + columns.start] += 1;
                differences[row * stride + columns.end] -= 1;
            }
        }

        let mut counts = Vec::with_capacity(self.columns * self.rows);
        for row in differences.chunks_exact(stride) {
            let mut sum = 0;
            counts.extend(row[..self.columns].iter().map(|difference| {
                sum += difference;
                sum as u32
            }));
        }
        counts
    }

    /// Steps along an axis whose centres lie within `reach` of the position `at`.
    fn reached(self, at: f64, reach: f64, steps: usize) -> std::ops::Range<usize> {
        let step = |position: f64| (position - self.radius_px) / self.step_px;
        let first = step(at - reach).ceil().max(0.0) as usize;
        let end = (step(at + reach).floor() + 1.0).max(0.0) as usize;
        let end = end.min(steps);
        first.min(end)..end
    }

    /// Whether no centre within the radius has more TILs, or as many and comes first.
    fn is_peak(self, counts: &[u32], at: usize) -> bool {
        let (x, y) = self.position(at);
        let rows = self.reached(y, self.radius_px, self.rows);
        let columns = self.reached(x, self.radius_px, self.columns);
        rows.flat_map(|row| columns.clone().map(move |column| row * self.columns + column))
            .filter(|&other| self.distance(at, other) <= self.radius_px)
            .all(|other| counts[other] < counts[at] || (counts[other] == counts[at] && other >= at))
    }

    /// The spot at a centre; none where the circle holds no evaluated area.
    fn spot(
        self,
        input: &Input<'_>,
        parameters: &Parameters,
        (at, tils): (usize, u32),
    ) -> Option<HotSpot> {
        let (x, y) = self.position(at);
        let area_mm2 = match input.tissue {
            Some(tissue) => self.tissue_mm2(tissue, (x, y)),
            None => std::f64::consts::PI * (parameters.hot_spot_radius_um * 1e-3).powi(2),
        };
        (area_mm2 > 0.0).then(|| HotSpot {
            x,
            y,
            radius_um: parameters.hot_spot_radius_um,
            tils: u64::from(tils),
            per_mm2: f64::from(tils) / area_mm2,
        })
    }

    /// Area of the tissue cells whose centres lie in the circle.
    fn tissue_mm2(self, tissue: Tissue<'_>, (x, y): (f64, f64)) -> f64 {
        let map = tissue.map;
        let grounds = grounds(tissue);
        let cells = |at: f64, count: usize| {
            let first = ((at - self.radius_px) / map.px_per_cell).floor().max(0.0) as usize;
            let end = ((at + self.radius_px) / map.px_per_cell).ceil().max(0.0) as usize;
            first.min(count)..end.min(count)
        };
        let mut tissue_cells = 0;
        for row in cells(y, map.size.height) {
            for column in cells(x, map.size.width) {
                let rise = (row as f64 + 0.5) * map.px_per_cell - y;
                let run = (column as f64 + 0.5) * map.px_per_cell - x;
                let class = map.classes[row * map.size.width + column];
                let counts = rise * rise + run * run <= self.radius_px * self.radius_px
                    && grounds[usize::from(class)] != Ground::None;
                tissue_cells += u64::from(counts);
            }
        }
        map.mpp.area_mm2(tissue_cells)
    }
}

#[cfg(test)]
mod tests;
