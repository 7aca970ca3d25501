//! The seam between images and those who look at them: an image is read by regions.
//!
//! **Contract:** coordinates are level-0 pixels of the upright image; a region
//! lies wholly inside, and one read is at most [`REGION_PIXELS_MAX`].

use std::path::PathBuf;

use contract::{Mpp, RgbImage, Size};
use thiserror::Error;

use crate::tiff::SegmentError;

/// Pixels of one region at most: 192 MiB of RGB, far above any window of a network.
pub const REGION_PIXELS_MAX: usize = 64 << 20;

/// An image that is read by regions: a slide in a file, or a tile in memory.
pub trait Regions: Send + Sync {
    /// Level-0 size, orientation already applied.
    fn size(&self) -> Size;

    /// Level-0 resolution.
    fn mpp(&self) -> Mpp;

    /// The region of `size` whose top-left corner is column `x`, row `y` of level 0.
    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError>;
}

/// Why a region cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The region reaches over the image's edge.
    #[error(
        "the region of {} × {} px at ({x}, {y}) does not lie inside the image of {} × {} px",
        size.width, size.height, image.width, image.height
    )]
    Outside {
        /// First column asked for.
        x: usize,
        /// First row asked for.
        y: usize,
        /// Size asked for.
        size: Size,
        /// Size of the image, or of its level.
        image: Size,
    },
    /// The region is too large to be held at once.
    #[error(
        "the region of {} × {} px has more than {REGION_PIXELS_MAX} pixels; read it in parts",
        size.width, size.height
    )]
    TooLarge {
        /// Size asked for.
        size: Size,
    },
    /// There is no such level.
    #[error("level {level} was asked for, and the image has {levels}")]
    Level {
        /// Level asked for.
        level: usize,
        /// Levels that there are.
        levels: usize,
    },
    /// A tile or strip of the file is damaged.
    #[error("{}: tile {index} of level {level} cannot be read", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// The level.
        level: usize,
        /// The tile or strip in file order.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: SegmentError,
    },
    /// A tile of a slide that is made of tiles cannot be had.
    #[error("the tile at ({x}, {y}) cannot be read")]
    Tile {
        /// Its first column.
        x: usize,
        /// Its first row.
        y: usize,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Checks that a region of `size` at (`x`, `y`) lies inside `image` and can be held.
pub fn check_region(x: usize, y: usize, size: Size, image: Size) -> Result<(), ReadError> {
    let ends_inside = |start: usize, length: usize, end: usize| {
        start.checked_add(length).is_some_and(|e| e <= end)
    };
    if !ends_inside(x, size.width, image.width) || !ends_inside(y, size.height, image.height) {
        return Err(ReadError::Outside { x, y, size, image });
    }
    if size.width.saturating_mul(size.height) > REGION_PIXELS_MAX {
        return Err(ReadError::TooLarge { size });
    }
    Ok(())
}

/// A tile in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct TileImage {
    image: RgbImage,
    mpp: Mpp,
}

impl TileImage {
    /// A tile whose pixels and resolution are known.
    pub fn new(image: RgbImage, mpp: Mpp) -> Self {
        Self { image, mpp }
    }

    /// The whole tile.
    pub fn image(&self) -> &RgbImage {
        &self.image
    }

    /// Gives the pixels away.
    pub fn into_image(self) -> RgbImage {
        self.image
    }
}

impl Regions for TileImage {
    fn size(&self) -> Size {
        self.image.size()
    }

    fn mpp(&self) -> Mpp {
        self.mpp
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        check_region(x, y, size, self.image.size())?;
        Ok(cut(&self.image, x, y, size))
    }
}

/// Copies a region that is known to lie inside `image`.
pub(crate) fn cut(image: &RgbImage, x: usize, y: usize, size: Size) -> RgbImage {
    let mut pixels = Vec::with_capacity(3 * size.pixels());
    for row in y..y + size.height {
        let start = 3 * (row * image.width() + x);
        pixels.extend_from_slice(&image.pixels()[start..start + 3 * size.width]);
    }
    RgbImage::new(size, pixels).expect("a row of the region is copied for each of its rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_of_a_tile_is_the_pixels_at_its_place() {
        let tile = tile();

        let region = tile.read(1, 2, Size::new(3, 2)).unwrap();

        for y in 0..2 {
            for x in 0..3 {
                assert_eq!(region.pixel(x, y), tile.image().pixel(x + 1, y + 2));
            }
        }
    }

    #[test]
    fn a_region_that_reaches_over_the_edge_is_refused_by_its_numbers() {
        let error = tile().read(3, 0, Size::new(3, 1)).unwrap_err();

        assert_eq!(
            error.to_string(),
            "the region of 3 × 1 px at (3, 0) does not lie inside the image of 5 × 4 px"
        );
        assert!(tile().read(usize::MAX, 0, Size::new(2, 1)).is_err());
        assert!(tile().read(0, 4, Size::new(1, 1)).is_err());
    }

    #[test]
    fn a_region_without_pixels_is_empty() {
        assert!(tile().read(5, 4, Size::new(0, 0)).unwrap().pixels().is_empty());
    }

    #[test]
    fn a_region_that_cannot_be_held_is_refused() {
        let image = Size::new(1 << 30, 1 << 30);

        let error = check_region(0, 0, Size::new(1 << 20, 65), image).unwrap_err();

        assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
        assert!(check_region(0, 0, Size::new(1 << 20, 64), image).is_ok());
    }

    fn tile() -> TileImage {
        let pixels = (0..60).collect();
        TileImage::new(RgbImage::new(Size::new(5, 4), pixels).unwrap(), Mpp::new(0.25).unwrap())
    }
}
