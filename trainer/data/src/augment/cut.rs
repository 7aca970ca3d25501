//! Cuts a square out of an image at a wanted resolution, zoomed, turned and bent at random.

use contract::{Mpp, RgbImage, Size};
use kernels::resample::Resampler;

use super::bend::Bend;
use super::blur::mirrored;
use super::free::{self, Placement};
use super::turn::Turn;
use super::{Augmentation, Rotation};
use crate::random::Random;

/// The source of a crop's pixel that lies beyond the image.
pub(crate) const OUTSIDE: u32 = u32::MAX;

/// Cuts crops of one size at one resolution.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    /// Edge of a crop, px.
    pub(crate) edge: usize,
    /// Its resolution at zoom 1.
    pub(crate) mpp: Mpp,
    /// How it is changed.
    pub(crate) augmentation: Augmentation,
}

/// An image with its resolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) image: &'a RgbImage,
    pub(crate) mpp: Mpp,
}

/// Where a crop shall lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    /// Anywhere in the image.
    Anywhere,
    /// With this position of the image, px, in its inner half, as far as it fits into the image.
    At([f64; 2]),
}

/// A crop.
#[derive(Debug)]
pub(crate) struct Crop {
    /// RGB, row-major; beyond the image it is mirrored.
    pub(crate) pixels: Vec<u8>,
    /// Index of the image's pixel under each pixel's centre, or [`OUTSIDE`].
    pub(crate) source: Vec<u32>,
    /// Unit vectors of the crop's axes (right, down) in the image.
    pub(crate) axes: [[f32; 2]; 2],
    /// Edge of a pixel of the crop, px of the image.
    pub(crate) source_px: f32,
}

impl Cutter {
    /// Cuts a crop.
    pub(crate) fn cut(&self, source: Source<'_>, aim: Aim, random: &mut Random) -> Crop {
        let zoom = random.around(self.augmentation.zoom.ln()).exp();
        let flipped = random.chance(0.5) && self.augmentation.flip;
        // Both are drawn under every rotation, so that a plan's other draws stay as they are.
        let (quarters, angle) = (random.below(4), random.around(std::f64::consts::PI));
        let elastic =
            self.augmentation.elastic.filter(|elastic| random.chance(elastic.probability));
        let zoomed = Mpp::new(self.mpp.um_per_px() / zoom).unwrap_or(self.mpp);
        let grid = Resampler::new(source.mpp, zoomed);
        let origin = self.origin(grid, source.image.size(), aim, random);

        let turn = |quarters: usize| Turn { flipped, quarters: quarters as u8 };
        match (self.augmentation.rotation, elastic) {
            (Rotation::None, None) => self.on_grid(source, grid, origin, turn(0)),
            (Rotation::Quarter, None) => self.on_grid(source, grid, origin, turn(quarters)),
            (rotation, elastic) => {
                let (turn, angle) = match rotation {
                    Rotation::None => (turn(0), 0.0),
                    Rotation::Quarter => (turn(quarters), 0.0),
                    Rotation::Free => (turn(0), angle),
                };
                let half = self.edge as f64 / 2.0;
                let centre = origin.map(|first| (first as f64 + half) * grid.factor());
                let bend = elastic.map(|elastic| Bend::random(&elastic, self.edge, random));
                let placement = Placement { centre, scale: grid.factor(), turn, angle };
                free::cut(source.image, self.edge, &placement, bend.as_ref())
            }
        }
    }

    /// The crop's first column and row on the grid; a crop larger than the image holds it whole.
    fn origin(&self, grid: Resampler, size: Size, aim: Aim, random: &mut Random) -> [i64; 2] {
        let whole = grid.output_size(size);
        let mut along = |axis: usize, length: usize| {
            let room = length as i64 - self.edge as i64;
            let (first, last) = (room.min(0), room.max(0));
            let anywhere = first + random.below((last - first + 1) as usize) as i64;
            match aim {
                Aim::Anywhere => anywhere,
                Aim::At(position) => {
                    let inner = random.between(0.25, 0.75) * self.edge as f64;
                    let wanted = (position[axis] / grid.factor() - inner).round() as i64;
                    wanted.clamp(first, last)
                }
            }
        };
        [along(0, whole.width), along(1, whole.height)]
    }

    /// A crop of the grid that the runtime resamples to.
    fn on_grid(&self, source: Source<'_>, grid: Resampler, origin: [i64; 2], turn: Turn) -> Crop {
        let size = source.image.size();
        let whole = grid.output_size(size);
        let columns = Axis::new(origin[0], self.edge, whole.width);
        let rows = Axis::new(origin[1], self.edge, whole.height);
        let window = grid.window(
            source.image,
            (0, 0),
            (columns.first, rows.first),
            Size::new(columns.count, rows.count),
        );
        let under_columns = columns.under(grid, size.width);
        let under_rows = rows.under(grid, size.height);

        let (columns_in, rows_in) = (columns.mirrored(), rows.mirrored());
        let mut crop = Crop {
            pixels: Vec::with_capacity(3 * self.edge * self.edge),
            source: Vec::with_capacity(self.edge * self.edge),
            axes: turn.axes(),
            source_px: grid.factor() as f32,
        };
        for at in turn.origins(self.edge) {
            let (x, y) = (at % self.edge, at / self.edge);
            let pixel = 3 * (rows_in[y] * columns.count + columns_in[x]);
            crop.pixels.extend_from_slice(&window.pixels()[pixel..pixel + 3]);
            crop.source.push(match (under_columns[x], under_rows[y]) {
                (Some(x), Some(y)) => (y * size.width + x) as u32,
                _ => OUTSIDE,
            });
        }
        crop
    }
}

/// One axis of a crop on a grid.
struct Axis {
    origin: i64,
    edge: usize,
    /// First pixel of the grid that the crop shares.
    first: usize,
    /// Pixels of the grid that it shares, at least 1.
    count: usize,
}

impl Axis {
    fn new(origin: i64, edge: usize, length: usize) -> Self {
        let first = origin.max(0) as usize;
        let end = ((origin + edge as i64).max(0) as usize).min(length);
        Self { origin, edge, first, count: end.saturating_sub(first).max(1) }
    }

    /// For each pixel of the crop, the pixel of the shared part that it shows.
    fn mirrored(&self) -> Vec<usize> {
        (0..self.edge as i64)
            .map(|x| mirrored((self.origin + x - self.first as i64) as isize, self.count))
            .collect()
    }

    /// For each pixel of the crop, the image's pixel under its centre.
    fn under(&self, grid: Resampler, source_length: usize) -> Vec<Option<usize>> {
        (0..self.edge as i64)
            .map(|x| {
                let shared = self.origin + x - self.first as i64;
                if !(0..self.count as i64).contains(&shared) {
                    return None;
                }
                let centre = (self.first as f64 + shared as f64 + 0.5) * grid.factor();
                Some((centre as usize).min(source_length - 1))
            })
            .collect()
    }
}
