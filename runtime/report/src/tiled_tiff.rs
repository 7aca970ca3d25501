//! A grey TIFF in deflated tiles of 512², written tile by tile.
//!
//! ```text
//! header | tiles, row by row, as they come | values of long tags | directory
//! ```
//!
//! The directory comes last, when the tiles' places are known; the header is then set to it. A
//! file that might pass 4 GiB, were no tile to shrink, is a `BigTIFF`. Tiles that are zero
//! throughout share one place in the file. Little endian; TIFF 6.0 with the deflate code of Adobe
//! (8), which libtiff, tifffile, Bio-Formats, OpenSlide's readers and crate `tiff` all read.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use contract::{Mpp, Size};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::atomic::{Pending, WriteError};

mod directory;

use directory::{Directory, Format};

/// Edge of a tile: small enough to be kept whole in cache, large enough that a slide has some
/// 14,000.
pub(crate) const TILE_PX: usize = 512;

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) size: Size,
    pub(crate) mpp: Mpp,
    /// Bytes of a sample, an unsigned integer: 1 or 4.
    pub(crate) sample_bytes: usize,
    /// For people.
    pub(crate) description: String,
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct TiledTiff {
    pending: Pending,
    path: std::path::PathBuf,
    layout: Layout,
    format: Format,
    end: u64,
    places: Vec<Place>,
    zero_tile: Option<Place>,
    /// Least and greatest sample; written as tags where asked for.
    extremes: Option<[u8; 2]>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u64,
    bytes: u64,
}

impl TiledTiff {
    /// Begins the file.
    pub(crate) fn create(path: &Path, layout: Layout) -> Result<Self, WriteError> {
        let format = Format::for_bytes(raw_bytes(&layout));
        let mut tiff = Self {
            pending: Pending::create(path)?,
            path: path.into(),
            layout,
            format,
            end: 0,
            places: Vec::new(),
            zero_tile: None,
            extremes: None,
        };
        tiff.append(&format.header(0))?;
        Ok(tiff)
    }

    /// Tiles across and down.
    pub(crate) fn tiles(size: Size) -> Size {
        Size::new(size.width.div_ceil(TILE_PX), size.height.div_ceil(TILE_PX))
    }

    /// States the least and the greatest sample of an 8-bit image (tags 340 and 341).
    pub(crate) fn state_extremes(&mut self, extremes: [u8; 2]) {
        self.extremes = Some(extremes);
    }

    /// Appends the next tile, row by row: `TILE_PX`² little-endian samples.
    pub(crate) fn append_tile(&mut self, samples: &[u8]) -> Result<(), WriteError> {
        debug_assert_eq!(samples.len(), self.tile_bytes());
        let zero = samples.iter().all(|&byte| byte == 0);
        if zero {
            return self.append_zero_tile();
        }
        let place = self.deflate(samples)?;
        self.places.push(place);
        Ok(())
    }

    /// Appends a tile of zeros, which costs nothing after the first.
    pub(crate) fn append_zero_tile(&mut self) -> Result<(), WriteError> {
        let place = match self.zero_tile {
            Some(place) => place,
            None => self.deflate(&vec![0; self.tile_bytes()])?,
        };
        self.zero_tile = Some(place);
        self.places.push(place);
        Ok(())
    }

    /// Writes the directory and puts the file in place.
    pub(crate) fn finish(mut self) -> Result<(), WriteError> {
        debug_assert_eq!(self.places.len(), Self::tiles(self.layout.size).pixels());
        let directory = self.directory();
        if self.end % 2 == 1 {
            self.append(&[0])?;
        }
        let (bytes, offset) = directory.encode(self.format, self.end);
        self.append(&bytes)?;
        self.rewind_and_write(&self.format.header(offset))?;
        self.pending.commit()
    }

    fn directory(&self) -> Directory {
        let Layout { size, mpp, sample_bytes, ref description } = self.layout;
        let pixels_per_cm = 10_000.0 / mpp.um_per_px();
        let mut directory = Directory::default();
        directory.long(256, size.width as u32);
        directory.long(257, size.height as u32);
        directory.short(258, 8 * sample_bytes as u16);
        directory.short(259, 8); // deflate
        directory.short(262, 1); // black is zero
        directory.ascii(270, description);
        directory.short(277, 1);
        directory.rational(282, pixels_per_cm);
        directory.rational(283, pixels_per_cm);
        directory.short(284, 1);
        directory.short(296, 3); // centimetre
        directory.ascii(305, concat!("margay ", env!("CARGO_PKG_VERSION")));
        directory.long(322, TILE_PX as u32);
        directory.long(323, TILE_PX as u32);
        directory.offsets(324, self.places.iter().map(|place| place.offset).collect());
        directory.offsets(325, self.places.iter().map(|place| place.bytes).collect());
        directory.short(339, 1); // unsigned
        if let Some([least, greatest]) = self.extremes {
            directory.byte(340, least);
            directory.byte(341, greatest);
        }
        directory
    }

    fn tile_bytes(&self) -> usize {
        TILE_PX * TILE_PX * self.layout.sample_bytes
    }

    fn deflate(&mut self, samples: &[u8]) -> Result<Place, WriteError> {
        let packed = deflate(samples).map_err(|source| self.failed(source))?;
        let place = Place { offset: self.end, bytes: packed.len() as u64 };
        self.append(&packed)?;
        Ok(place)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.pending.write_all(bytes).map_err(|source| self.failed(source))?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn rewind_and_write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let written =
            self.pending.seek(SeekFrom::Start(0)).and_then(|_| self.pending.write_all(bytes));
        written.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Write { path: self.path.clone(), source }
    }
}

/// Bytes of all tiles before they are deflated.
fn raw_bytes(layout: &Layout) -> u64 {
    let tiles = TiledTiff::tiles(layout.size);
    let tile = (TILE_PX * TILE_PX * layout.sample_bytes) as u64;
    (tiles.width as u64).saturating_mul(tiles.height as u64).saturating_mul(tile)
}

/// The fastest level: label maps are runs, which every level packs well.
fn deflate(samples: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(samples)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_might_pass_4_gib_is_a_bigtiff() {
        let layout = |px| Layout {
            size: Size::new(px, px),
            mpp: Mpp::new(0.25).unwrap(),
            sample_bytes: 4,
            description: String::new(),
        };

        assert_eq!(Format::for_bytes(raw_bytes(&layout(32_000))), Format::Classic);
        assert_eq!(Format::for_bytes(raw_bytes(&layout(33_000))), Format::Big);
    }
}
