//! An image file of any format: its levels, and its pixels by region.
//!
//! What is said about resolution is gathered here and settled by the caller:
//! a slide must have one, a training image need not.

use std::path::{Path, PathBuf};

use contract::{RgbImage, Size};

use crate::cache::Cache;
use crate::fault::{Fault, damaged};
use crate::format::{Format, HEAD_BYTES, Signature, refuse_unread, signature};
use crate::open::OpenError;
use crate::orientation::{Orientation, Rectangle};
use crate::pyramid::{Associated, Pyramid};
use crate::regions::{ReadError, check_region, cut};
use crate::resolution::Claim;
use crate::source::Source;
use crate::tiff::{Page, SegmentError, Tiff};
use crate::whole;

/// One level of a pyramid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Size, orientation already applied.
    pub size: Size,
    /// Level-0 pixels along an edge of one of its pixels: the mean of both axes.
    pub downsample: f64,
    /// Whether it is stored in tiles: one that is not reads whole bands of rows for a region.
    pub tiled: bool,
}

/// An open image file.
#[derive(Debug)]
pub(crate) struct ImageFile {
    path: PathBuf,
    pixels: Pixels,
    pub(crate) format: Format,
    pub(crate) levels: Vec<Level>,
    pub(crate) associated: Vec<Associated>,
    pub(crate) claims: Vec<Claim>,
}

#[derive(Debug)]
enum Pixels {
    /// In the file, decoded tile by tile.
    Tiff { tiff: Tiff, pages: Vec<Page>, orientation: Orientation, cache: Cache },
    /// Decoded already.
    Whole(RgbImage),
}

impl ImageFile {
    /// Opens `source`, which came from `path`.
    pub(crate) fn new(path: &Path, source: Source) -> Result<Self, OpenError> {
        let open = || -> Result<Option<Self>, Fault> {
            let head = source.head(HEAD_BYTES).map_err(Fault::Io)?;
            refuse_unread(path, &head)?;
            Ok(Some(match signature(&head) {
                Some(Signature::Tiff) => Self::tiff(path, source)?,
                Some(Signature::Jpeg) => {
                    Self::whole(path, Format::Jpeg, whole::jpeg(&whole::bytes(&source)?)?)
                }
                Some(Signature::Png) => {
                    Self::whole(path, Format::Png, whole::png(&whole::bytes(&source)?)?)
                }
                None => return Ok(None),
            }))
        };
        match open() {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(OpenError::Unrecognised { path: path.into() }),
            Err(fault) => Err(fault.of(path)),
        }
    }

    fn whole(path: &Path, format: Format, whole: whole::Whole) -> Self {
        let level = Level { size: whole.image.size(), downsample: 1.0, tiled: false };
        Self {
            path: path.into(),
            pixels: Pixels::Whole(whole.image),
            format,
            levels: vec![level],
            associated: Vec::new(),
            claims: whole.claims,
        }
    }

    fn tiff(path: &Path, source: Source) -> Result<Self, Fault> {
        let tiff = Tiff::new(source)?;
        let Pyramid { format, pages, associated, claims, orientation } = Pyramid::read(&tiff)?;
        let base = orientation.upright_size(pages[0].size());
        let levels = pages
            .iter()
            .map(|page| {
                let size = orientation.upright_size(page.size());
                let across = base.width as f64 / size.width as f64;
                let down = base.height as f64 / size.height as f64;
                Level { size, downsample: f64::midpoint(across, down), tiled: page.is_tiled() }
            })
            .collect();
        let pixels = Pixels::Tiff { tiff, pages, orientation, cache: Cache::default() };
        Ok(Self { path: path.into(), pixels, format, levels, associated, claims })
    }

    /// Level-0 size.
    pub(crate) fn size(&self) -> Size {
        self.levels[0].size
    }

    /// The region of `size` at (`x`, `y`) of `level`, in that level's pixels.
    pub(crate) fn read(
        &self,
        level: usize,
        x: usize,
        y: usize,
        size: Size,
    ) -> Result<RgbImage, ReadError> {
        let levels = self.levels.len();
        let image = self.levels.get(level).ok_or(ReadError::Level { level, levels })?.size;
        check_region(x, y, size, image)?;
        match &self.pixels {
            Pixels::Whole(image) => Ok(cut(image, x, y, size)),
            Pixels::Tiff { pages, orientation, .. } => {
                let region = Rectangle { x, y, size };
                let stored = orientation.stored_region(region, pages[level].size());
                Ok(orientation.upright(self.stored(level, stored)?))
            }
        }
    }

    /// The whole of level 0, if it can be held.
    pub(crate) fn read_whole(&self) -> Result<RgbImage, OpenError> {
        let size = self.size();
        whole::checked_size(size.width as u64, size.height as u64)
            .map_err(|fault| fault.of(&self.path))?;
        self.read(0, 0, 0, size).map_err(|error| {
            let mut reason = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                reason = format!("{reason}: {error}");
                cause = error.source();
            }
            damaged(reason).of(&self.path)
        })
    }

    /// The stored pixels of `region`, gathered from the tiles that it touches.
    fn stored(&self, level: usize, region: Rectangle) -> Result<RgbImage, ReadError> {
        let mut image = RgbImage::filled(region.size, [0; 3]);
        let Pixels::Tiff { pages, .. } = &self.pixels else { return Ok(image) };
        if region.size.pixels() == 0 {
            return Ok(image);
        }
        let page = &pages[level];
        let Size { width, height } = page.segment_size();
        for row in region.y / height..=(region.y + region.size.height - 1) / height {
            for column in region.x / width..=(region.x + region.size.width - 1) / width {
                let index = row * page.across() + column;
                let tile = self.tile(level, index).map_err(|source| {
                    let path = self.path.clone();
                    ReadError::Segment { path, level, index, source }
                })?;
                let size = tile.size();
                paste(
                    &tile,
                    Rectangle { x: column * width, y: row * height, size },
                    &mut image,
                    region,
                );
            }
        }
        Ok(image)
    }

    fn tile(&self, level: usize, index: usize) -> Result<std::sync::Arc<RgbImage>, SegmentError> {
        match &self.pixels {
            Pixels::Tiff { tiff, pages, cache, .. } => {
                cache.get((level, index), || pages[level].decode(tiff.source(), index))
            }
            Pixels::Whole(image) => Ok(std::sync::Arc::new(image.clone())),
        }
    }
}

/// Copies what `tile`, which lies at `at`, has of `region` into `image`.
fn paste(tile: &RgbImage, at: Rectangle, image: &mut RgbImage, region: Rectangle) {
    let left = at.x.max(region.x);
    let right = (at.x + at.size.width).min(region.x + region.size.width);
    let top = at.y.max(region.y);
    let bottom = (at.y + at.size.height).min(region.y + region.size.height);
    if left >= right {
        return;
    }
    let bytes = 3 * (right - left);
    for y in top..bottom {
        let from = 3 * ((y - at.y) * at.size.width + left - at.x);
        let to = 3 * ((y - region.y) * region.size.width + left - region.x);
        image.pixels_mut()[to..to + bytes].copy_from_slice(&tile.pixels()[from..from + bytes]);
    }
}
