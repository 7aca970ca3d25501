//! Where a simulated scanner takes its tiles from: a folder of JPEG tiles, or an image that is cut.

use std::io;
use std::path::{Path, PathBuf};

use contract::Size;
use slide::{Regions, jpeg_size};
use thiserror::Error;

use super::Picture;
use crate::frame::Encoding;

/// Tiles of a folder at most; see [`SLIDE_TILES_MAX`](crate::check::SLIDE_TILES_MAX).
const TILES_MAX: usize = crate::check::SLIDE_TILES_MAX;

/// A slide as a scanner goes over it.
pub enum Scan {
    /// Files named `x_y.jpg`: first column and row, level-0 pixels.
    Folder {
        /// The slide's size: what the tiles reach to.
        size: Size,
        /// Each tile's first column and row, and its file.
        tiles: Vec<((u32, u32), PathBuf)>,
    },
    /// An image that is cut into raw tiles, row by row.
    Cut {
        /// The image.
        image: Box<dyn Regions>,
        /// Columns and rows of a tile; the last ones are cut.
        tile: Size,
    },
}

/// Why a folder is no scan.
#[derive(Debug, Error)]
pub enum ScanError {
    /// A file cannot be read.
    #[error("{}: it cannot be read", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is nothing to send.
    #[error("{}: no file in it is named x_y.jpg (first column and row, as in 2048_1024.jpg)", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// There is too much to send.
    #[error("{}: more than {TILES_MAX} tiles", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// A tile is no JPEG.
    #[error("{}: {reason}", path.display())]
    Tile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The first column and row that a file named `x_y.jpg` states.
pub fn place_of_name(path: &Path) -> Option<(u32, u32)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".jpg")?;
    let (x, y) = stem.split_once('_')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

impl Scan {
    /// The tiles of a folder, in the order of the rows; other files in it are passed over.
    pub fn folder(folder: &Path) -> Result<Self, ScanError> {
        let io = |source| ScanError::Io { path: folder.into(), source };
        let mut tiles = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let Some(place) = place_of_name(&path) else { continue };
            if tiles.len() == TILES_MAX {
                return Err(ScanError::TooMany { path: folder.into() });
            }
            tiles.push((place, path));
        }
        tiles.sort_by_key(|((x, y), _)| (*y, *x));
        let size = reach(&tiles)?.ok_or_else(|| ScanError::Empty { path: folder.into() })?;
        Ok(Self::Folder { size, tiles })
    }

    /// The slide's size.
    pub fn size(&self) -> Size {
        match self {
            Self::Folder { size, .. } => *size,
            Self::Cut { image, .. } => image.size(),
        }
    }

    /// First column and row of each tile.
    pub fn places(&self) -> Vec<(u32, u32)> {
        match self {
            Self::Folder { tiles, .. } => tiles.iter().map(|(place, _)| *place).collect(),
            Self::Cut { image, tile } => {
                let Size { width, height } = image.size();
                let rows = (0..height).step_by(tile.height.max(1));
                rows.flat_map(|y| {
                    (0..width).step_by(tile.width.max(1)).map(move |x| (x as u32, y as u32))
                })
                .collect()
            }
        }
    }

    /// The picture at a place of [`Scan::places`].
    pub fn picture(&self, index: usize) -> io::Result<Picture> {
        match self {
            Self::Folder { tiles, .. } => {
                let bytes = std::fs::read(&tiles[index].1)?;
                let size = jpeg_size(&bytes).map_err(io::Error::other)?;
                Ok(Picture { size, encoding: Encoding::Jpeg, bytes })
            }
            Self::Cut { image, tile } => {
                let (x, y) = self.places()[index];
                let (x, y) = (x as usize, y as usize);
                let all = image.size();
                let size =
                    Size::new(tile.width.min(all.width - x), tile.height.min(all.height - y));
                let region = image.read(x, y, size).map_err(io::Error::other)?;
                Ok(Picture { size, encoding: Encoding::RawRgb, bytes: region.into_pixels() })
            }
        }
    }
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Size { width, height } = self.size();
        write!(f, "Scan({width} × {height} px, {} tiles)", self.places().len())
    }
}

/// The size that the tiles reach to; none where there are none.
fn reach(tiles: &[((u32, u32), PathBuf)]) -> Result<Option<Size>, ScanError> {
    let mut reached = None;
    for ((x, y), path) in tiles {
        let bytes =
            std::fs::read(path).map_err(|source| ScanError::Io { path: path.clone(), source })?;
        let tile = jpeg_size(&bytes)
            .map_err(|error| ScanError::Tile { path: path.clone(), reason: error.to_string() })?;
        let old = reached.unwrap_or(Size::new(0, 0));
        reached = Some(Size::new(
            old.width.max(*x as usize + tile.width),
            old.height.max(*y as usize + tile.height),
        ));
    }
    Ok(reached)
}
