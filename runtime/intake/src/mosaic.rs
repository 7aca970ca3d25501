//! A slide that is made of tiles, read as one that lies in a file.
//!
//! **Contract.** A pixel is that of the tile that was acknowledged first (the lowest sequence) among
//! those that cover it; where no tile is, it is white, which the pipeline takes for glass. A tile's
//! pixels are those that crate `slide` gives for a file of the same bytes, so a mosaic equals the
//! stitched image to the last digit. Tiles may be added while others read: a read sees the tiles that
//! were there when it began.
//! **Invariant:** memory is the tiles that are decoded right now, a cache of [`CACHE_BYTES`], and some
//! 200 bytes a tile; it does not grow with the slide's pixels.

mod coverage;
mod index;

use std::sync::{Arc, PoisonError, RwLock};

use contract::{Mpp, RgbImage, Size};
use slide::{Cache, PictureError, ReadError, Regions, check_region, decode_jpeg};
use thiserror::Error;

use crate::frame::Encoding;
pub use coverage::Coverage;
use coverage::{Rect, covered_px};
use index::Index;

/// Bytes of decoded tiles that are kept: 64 tiles of 1024², the four that each window of sixteen
/// workers touches, or one of the largest size.
pub const CACHE_BYTES: usize = 192 << 20;

/// A tile's place on the slide. It lies wholly inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// First column, level-0 pixels.
    pub x: u32,
    /// First row, level-0 pixels.
    pub y: u32,
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Place in the order in which the slide's tiles were acknowledged; no two are the same.
    pub sequence: u64,
}

/// Where the bytes of tiles lie.
pub trait TileSource: Send + Sync {
    /// How the tile at column `x`, row `y` is written, and its bytes.
    fn bytes(&self, x: u32, y: u32) -> Result<(Encoding, Vec<u8>), TileReadError>;
}

/// Why a tile cannot be had.
#[derive(Debug, Error)]
pub enum TileReadError {
    /// It is not there.
    #[error("it is not in the store")]
    Absent,
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Its JPEG is damaged.
    #[error("its JPEG cannot be decoded")]
    Picture {
        /// What is wrong with it.
        #[source]
        source: PictureError,
    },
    /// Its raw pixels are not as many as its size says.
    #[error("its raw pixels are {actual} bytes, not {expected}")]
    Raw {
        /// Bytes that its size takes.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
}

/// Why a tile is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// It reaches over the slide's edge, or has no pixels.
    #[error("the tile of {} × {} px at ({}, {}) does not lie inside the slide", .0.width_px, .0.height_px, .0.x, .0.y)]
    Outside(Placed),
    /// A tile is at this place, or has this number.
    #[error("a tile at ({}, {}) or of sequence {} is on the slide already", .0.x, .0.y, .0.sequence)]
    Taken(Placed),
}

/// A slide made of tiles. Any number of threads may read and add at once.
pub struct Mosaic {
    size: Size,
    mpp: Mpp,
    index: RwLock<Index>,
    source: Box<dyn TileSource>,
    cache: Cache,
}

impl Mosaic {
    /// A slide of `size` at `mpp` with the tiles that are there; others may be added.
    pub fn new(
        size: Size,
        mpp: Mpp,
        tiles: impl IntoIterator<Item = Placed>,
        source: Box<dyn TileSource>,
    ) -> Result<Self, PlaceError> {
        let mut index = Index::new(size);
        tiles.into_iter().try_for_each(|tile| index.add(tile))?;
        Ok(Self { size, mpp, index: RwLock::new(index), source, cache: Cache::new(CACHE_BYTES) })
    }

    /// Adds a tile whose bytes the source has from now on.
    pub fn add(&self, tile: Placed) -> Result<(), PlaceError> {
        self.index.write().unwrap_or_else(PoisonError::into_inner).add(tile)
    }

    /// What is there of the slide and what is not.
    pub fn coverage(&self) -> Coverage {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let covered_px = index.covered_px();
        let all_px = self.size.width as u64 * self.size.height as u64;
        Coverage { tiles: index.tiles(), covered_px, missing_px: all_px - covered_px }
    }

    /// Whether tiles cover each pixel of the region of `size` at (`x`, `y`) that lies on the slide.
    pub fn covers(&self, x: usize, y: usize, size: Size) -> bool {
        let end = |start: usize, length: usize, edge: usize| start.saturating_add(length).min(edge);
        let region = Rect {
            x: x..end(x, size.width, self.size.width),
            y: y..end(y, size.height, self.size.height),
        };
        covered_px(&region, &self.touching(&region)) == region.area_px()
    }

    fn touching(&self, region: &Rect) -> Vec<Placed> {
        self.index.read().unwrap_or_else(PoisonError::into_inner).touching(region)
    }

    fn tile(&self, tile: &Placed) -> Result<Arc<RgbImage>, ReadError> {
        let (x, y) = (tile.x as usize, tile.y as usize);
        self.cache.get((x, y), || self.decode(tile)).map_err(|source| ReadError::Tile {
            x,
            y,
            source: Box::new(source),
        })
    }

    fn decode(&self, tile: &Placed) -> Result<RgbImage, TileReadError> {
        let size = Size::new(tile.width_px as usize, tile.height_px as usize);
        let (encoding, bytes) = self.source.bytes(tile.x, tile.y)?;
        match encoding {
            Encoding::Jpeg => {
                decode_jpeg(&bytes, size).map_err(|source| TileReadError::Picture { source })
            }
            Encoding::RawRgb => RgbImage::new(size, bytes).map_err(|error| TileReadError::Raw {
                expected: error.expected,
                actual: error.actual,
            }),
        }
    }
}

impl Regions for Mosaic {
    fn size(&self) -> Size {
        self.size
    }

    fn mpp(&self) -> Mpp {
        self.mpp
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        check_region(x, y, size, self.size)?;
        let region = Rect { x: x..x + size.width, y: y..y + size.height };
        let mut image = RgbImage::filled(size, [u8::MAX; 3]);
        // Last to first, so that the first one is painted over the others.
        for tile in self.touching(&region).iter().rev() {
            let Some(part) = region.meets(&Rect::of(tile)) else { continue };
            let picture = self.tile(tile)?;
            paint(&picture, tile, &mut image, &region, &part);
        }
        Ok(image)
    }
}

/// Copies `part` of the slide from `picture`, which is `tile`'s, into `image`, which is `region`'s.
fn paint(picture: &RgbImage, tile: &Placed, image: &mut RgbImage, region: &Rect, part: &Rect) {
    let bytes = 3 * part.x.len();
    let width = image.width();
    for y in part.y.clone() {
        let row = y - tile.y as usize;
        let from = 3 * (row * picture.width() + part.x.start - tile.x as usize);
        let to = 3 * ((y - region.y.start) * width + part.x.start - region.x.start);
        image.pixels_mut()[to..to + bytes].copy_from_slice(&picture.pixels()[from..from + bytes]);
    }
}

impl std::fmt::Debug for Mosaic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { size, mpp, .. } = self;
        write!(f, "Mosaic({size:?}, {mpp:?}, {:?})", self.coverage())
    }
}

#[cfg(test)]
mod tests;
