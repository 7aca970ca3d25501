//! The overview: the image at the tissue model's resolution, gathered while its windows are read.
//!
//! Each overview cell belongs to the window in whose core it begins, so the windows' parts are
//! disjoint and cover the overview. A window's part is resampled from the level-0 pixels that were
//! read for its nuclei (a few more where the margin is thin); cell values depend on the image alone.
//! Glass is judged on the part and a halo as wide as its filter, so it does not depend on the
//! windows either.
//!
//! **Memory:** 3 B of colour and 1 B of class a cell; at 2 µm a cell that is area / 4 µm² × 4 B.

use std::ops::Range;

use contract::{Mpp, RgbImage, Size, UNLABELLED};
use kernels::Mask;
use kernels::glass;
use kernels::resample::Resampler;

use crate::grid::Area;
use crate::models::GlassRule;
use crate::score::Cells;

/// The overview's grid over an image, and how windows share it out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverviewGrid {
    resampler: Resampler,
    /// Level-0 size.
    source: Size,
    /// Cells.
    size: Size,
    /// Size of the image at the nuclei card's resolution.
    card: Size,
    /// Cells of a pixel's edge at the nuclei card's resolution.
    cells_per_px: f64,
    grey_min: f32,
}

/// A window's part of the overview.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Patch {
    /// Cells that the window answers for.
    pub(crate) cells: Area,
    /// Their colours.
    pub(crate) rgb: RgbImage,
    /// Which of them are glass, row-major.
    pub(crate) glass: Vec<bool>,
    /// Whether there is glass and nothing else, in the cells and around them.
    pub(crate) is_glass: bool,
}

/// The overview as it is gathered.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    pub(crate) rgb: RgbImage,
    /// Row-major: [`GLASS`] or [`UNLABELLED`].
    pub(crate) classes: Vec<u8>,
}

/// Cells around a window's own that its glass depends on: the Gaussian of `kernels::glass` has taps
/// out to four standard deviations.
const HALO_CELLS: usize = 8;
const _: () = assert!(4.0 * glass::SIGMA_PX <= HALO_CELLS as f32);

/// The class of a glass cell before a tissue model gives it its own.
pub(crate) const GLASS: u8 = 254;

/// Glass and tissue of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GlassShare {
    /// Part of the image that is glass, 0 to 1.
    pub(crate) glass_fraction: f64,
    /// Area that is not glass, level-0 pixels.
    pub(crate) tissue_px: f64,
}

impl OverviewGrid {
    pub(crate) fn new(source: Size, mpp: Mpp, to_card: Resampler, rule: GlassRule) -> Self {
        let resampler = Resampler::new(mpp, rule.mpp);
        Self {
            resampler,
            source,
            size: resampler.output_size(source),
            card: to_card.output_size(source),
            cells_per_px: to_card.factor() / resampler.factor(),
            grey_min: rule.grey_min,
        }
    }

    /// Cells of the overview.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Level-0 pixels of a cell's edge.
    pub(crate) fn factor(&self) -> f64 {
        self.resampler.factor()
    }

    /// The cells that begin in the core of a window.
    pub(crate) fn cells_of(&self, core: &Area) -> Area {
        Area {
            x: self.boundary(core.x.start, self.card.width, self.size.width)
                ..self.boundary(core.x.end, self.card.width, self.size.width),
            y: self.boundary(core.y.start, self.card.height, self.size.height)
                ..self.boundary(core.y.end, self.card.height, self.size.height),
        }
    }

    /// The level-0 pixels that `cells` and the halo around them are made of.
    pub(crate) fn source_of(&self, cells: &Area) -> Area {
        let seen = self.with_halo(cells);
        Area {
            x: self.resampler.source_span(seen.x, self.source.width),
            y: self.resampler.source_span(seen.y, self.source.height),
        }
    }

    /// Computes the part `cells` from `image`, which holds [`OverviewGrid::source_of`] it and
    /// begins at the level-0 pixel `origin`.
    pub(crate) fn patch(&self, image: &RgbImage, origin: (usize, usize), cells: Area) -> Patch {
        let seen = self.with_halo(&cells);
        let all = self.resampler.window(image, origin, seen.origin(), seen.size());
        let mask = glass::glass(&all, self.grey_min);
        let is_glass = seen.size().pixels() > 0 && mask.count() == seen.size().pixels() as u64;
        let inner = Area {
            x: cells.x.start - seen.x.start..cells.x.end - seen.x.start,
            y: cells.y.start - seen.y.start..cells.y.end - seen.y.start,
        };
        let (rgb, glass) = (cut(&all, &inner), flags(&mask, &inner));
        Patch { cells, rgb, glass, is_glass }
    }

    /// First cell that begins at or after `px` of the card's grid; the ends are the ends.
    fn boundary(&self, px: usize, px_all: usize, cells_all: usize) -> usize {
        if px == px_all {
            return cells_all;
        }
        ((px as f64 * self.cells_per_px).ceil() as usize).min(cells_all)
    }

    fn with_halo(&self, cells: &Area) -> Area {
        let widen = |range: &Range<usize>, all: usize| {
            if range.is_empty() {
                return 0..0;
            }
            range.start.saturating_sub(HALO_CELLS)..(range.end + HALO_CELLS).min(all)
        };
        Area { x: widen(&cells.x, self.size.width), y: widen(&cells.y, self.size.height) }
    }
}

impl Patch {
    /// Part of the cells that is glass; none where there are no cells.
    pub(crate) fn glass_fraction(&self) -> f64 {
        let glass = self.glass.iter().filter(|glass| **glass).count();
        glass as f64 / self.glass.len().max(1) as f64
    }
}

impl Overview {
    pub(crate) fn new(size: Size) -> Self {
        let rgb = RgbImage::filled(size, [0; 3]);
        Self { rgb, classes: vec![UNLABELLED; size.pixels()] }
    }

    /// Takes a window's part.
    pub(crate) fn take(&mut self, patch: &Patch) {
        let width = self.rgb.width();
        let part = patch.cells.x.len();
        for (row, y) in patch.cells.y.clone().enumerate() {
            let to = y * width + patch.cells.x.start;
            let from = row * part;
            self.rgb.pixels_mut()[3 * to..3 * (to + part)]
                .copy_from_slice(&patch.rgb.pixels()[3 * from..3 * (from + part)]);
            let glass = &patch.glass[from..from + part];
            for (class, is_glass) in self.classes[to..to + part].iter_mut().zip(glass) {
                *class = if *is_glass { GLASS } else { UNLABELLED };
            }
        }
    }

    /// Takes cells that nobody has looked at for glass.
    pub(crate) fn blank(&mut self, cells: &Area) {
        let width = self.rgb.width();
        for y in cells.y.clone() {
            let (from, to) = (y * width + cells.x.start, y * width + cells.x.end);
            self.rgb.pixels_mut()[3 * from..3 * to].fill(u8::MAX);
            self.classes[from..to].fill(GLASS);
        }
    }

    /// How much of the image is glass; cells over the image's border count as far as they lie
    /// inside. `factor` is the level-0 pixels of a cell's edge, `image` the level-0 size.
    pub(crate) fn glass_share(&self, factor: f64, image: Size) -> GlassShare {
        let size = self.rgb.size();
        let width_of = inside(factor, size.width, image.width);
        let height_of = inside(factor, size.height, image.height);
        let mut glass_px = 0.0;
        for (y, row) in self.classes.chunks_exact(size.width).enumerate() {
            let glass = row.iter().map(|class| usize::from(*class == GLASS)).sum::<usize>();
            let last_is_glass = row.last() == Some(&GLASS);
            let whole = glass - usize::from(last_is_glass);
            let last = if last_is_glass { width_of(size.width - 1) } else { 0.0 };
            glass_px += (whole as f64 * factor + last) * height_of(y);
        }
        let image_px = image.width as f64 * image.height as f64;
        let tissue_px = (image_px - glass_px).max(0.0);
        GlassShare { glass_fraction: (glass_px / image_px).min(1.0), tissue_px }
    }

    /// Area that is not glass in each of `to`, level-0 pixels, row by row. An overview cell counts
    /// where its centre lies, and as far as it is inside the image.
    pub(crate) fn tissue_px_by_cell(&self, factor: f64, image: Size, to: Cells) -> Vec<f64> {
        let size = self.rgb.size();
        let centre = |cell: usize| (cell as f64 + 0.5) * factor;
        let columns: Vec<usize> = (0..size.width).map(|x| to.column_at(centre(x))).collect();
        let width_of = inside(factor, size.width, image.width);
        let height_of = inside(factor, size.height, image.height);

        let mut tissue_px = vec![0.0; to.count()];
        for (y, row) in self.classes.chunks_exact(size.width).enumerate() {
            let sums = &mut tissue_px[to.row_at(centre(y)) * to.columns()..][..to.columns()];
            let cells = row.iter().zip(&columns).enumerate();
            for (x, (_, &column)) in cells.filter(|(_, (class, _))| **class != GLASS) {
                sums[column] += width_of(x) * height_of(y);
            }
        }
        tissue_px
    }

    /// The cells that are not glass.
    pub(crate) fn tissue_mask(&self) -> Mask {
        let size = self.rgb.size();
        Mask::from_fn(size, |x, y| self.classes[y * size.width + x] != GLASS)
    }
}

/// How much of an overview cell's edge lies inside the image, level-0 pixels: all but for the last
/// of `cells` over `px` pixels.
fn inside(factor: f64, cells: usize, px: usize) -> impl Fn(usize) -> f64 {
    move |cell| if cell + 1 == cells { px as f64 - cell as f64 * factor } else { factor }
}

/// Copies `area`, which lies inside.
pub(crate) fn cut(image: &RgbImage, area: &Area) -> RgbImage {
    let mut pixels = Vec::with_capacity(3 * area.size().pixels());
    for y in area.y.clone() {
        let start = 3 * (y * image.width() + area.x.start);
        pixels.extend_from_slice(&image.pixels()[start..start + 3 * area.x.len()]);
    }
    RgbImage::new(area.size(), pixels).expect("a row is copied for each row of the area")
}

fn flags(mask: &Mask, area: &Area) -> Vec<bool> {
    area.y.clone().flat_map(|y| area.x.clone().map(move |x| mask.get(x, y))).collect()
}

#[cfg(test)]
mod tests;
