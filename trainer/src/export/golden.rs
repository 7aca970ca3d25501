//! Golden tiles: small images in a package, and what it must find in them.

use std::path::{Path, PathBuf};

use contract::{Mpp, RgbImage, Size};
use kernels::resample::Resampler;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A golden tile as a plan states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenTile {
    /// Name of the tile in the package, without folder and ending.
    pub name: String,
    /// The image, below the data root.
    pub image: PathBuf,
    /// Its resolution.
    pub mpp: Mpp,
    /// First column at the model's resolution.
    pub x: usize,
    /// First row at the model's resolution.
    pub y: usize,
    /// Edge of the square tile at the model's resolution, px.
    pub size_px: usize,
    /// Greatest relative difference of a count on another engine or machine.
    pub tolerance: f64,
}

/// Why a golden tile cannot be made.
#[derive(Debug, Error)]
pub enum GoldenError {
    /// The image cannot be read.
    #[error("the image {} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<slide::OpenError>,
    },
    /// The tile does not lie in the image.
    #[error(
        "the golden tile {name} of {size_px} px at ({x}, {y}) does not lie in its image of {width} × {height} px at the model's resolution"
    )]
    Outside {
        /// Its name.
        name: String,
        /// First column.
        x: usize,
        /// First row.
        y: usize,
        /// Edge.
        size_px: usize,
        /// Columns of the image.
        width: usize,
        /// Rows of the image.
        height: usize,
    },
    /// The tile cannot be written as PNG.
    #[error("the golden tile cannot be written as PNG")]
    Png(#[source] png::EncodingError),
}

impl GoldenTile {
    /// Its path in the package.
    pub fn file(&self) -> String {
        format!("golden/{}.png", self.name)
    }
}

/// Reads the tile at resolution `mpp`.
pub(super) fn read(tile: &GoldenTile, data: &Path, mpp: Mpp) -> Result<RgbImage, GoldenError> {
    let path = data.join(&tile.image);
    let image = slide::read_image(&path)
        .map_err(|source| GoldenError::Read { path, source: Box::new(source) })?;
    let grid = Resampler::new(tile.mpp, mpp);
    let whole = grid.output_size(image.size());
    let GoldenTile { x, y, size_px, .. } = *tile;
    let ends = |start: usize, end: usize| start.checked_add(size_px).is_some_and(|e| e <= end);
    if size_px == 0 || !ends(x, whole.width) || !ends(y, whole.height) {
        let (width, height) = (whole.width, whole.height);
        return Err(GoldenError::Outside { name: tile.name.clone(), x, y, size_px, width, height });
    }
    Ok(grid.window(&image, (0, 0), (x, y), Size::new(size_px, size_px)))
}

/// The tile as PNG.
pub(super) fn png(image: &RgbImage) -> Result<Vec<u8>, GoldenError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(GoldenError::Png)?;
    writer.write_image_data(image.pixels()).map_err(GoldenError::Png)?;
    writer.finish().map_err(GoldenError::Png)?;
    Ok(bytes)
}
