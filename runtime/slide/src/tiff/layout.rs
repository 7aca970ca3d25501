//! Where a page's pixels lie in the file: the grid of tiles or strips and their tables.
//!
//! **Invariant:** every tile or strip lies inside the file, has pixels that can
//! be held, and the tables are within the file's budget of entries.

use contract::Size;

use super::encoding::{Encoding, Planes};
use super::{Directory, Tag, Tiff};
use crate::codec::{Compression, Depth};
use crate::fault::{Fault, damaged};
use crate::whole::WHOLE_PIXELS_MAX;

/// Tiles and strips of a file's levels at most: 275 gigapixels in tiles of 256². Two tables
/// of this length are 64 MiB.
pub(crate) const SEGMENTS_MAX: usize = 1 << 22;
/// Uncompressed pixels in one strip above which it is cut: a page in a single strip
/// would otherwise be read whole for any region of it.
const STRIP_PIXELS_CUT: usize = 1 << 18;

/// The grid of tiles or strips of a page.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Stored size of the page.
    pub(crate) size: Size,
    /// Size of a tile; of a strip, all rows but perhaps the last one's.
    pub(crate) segment: Size,
    /// What the grid consists of.
    pub(crate) grid: Grid,
    /// Tiles in a row of tiles.
    pub(crate) across: usize,
    /// Rows of tiles.
    pub(crate) down: usize,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

/// What a page is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grid {
    /// Rectangles, those at the edge padded.
    Tiles,
    /// Bands of whole rows.
    Strips,
}

impl Layout {
    /// Reads the layout of the page that `directory` describes.
    pub(crate) fn read(
        tiff: &Tiff,
        directory: &Directory,
        encoding: &Encoding,
    ) -> Result<Self, Fault> {
        let size = stored_size(tiff, directory)?;
        let (grid, segment) = segment_size(tiff, directory, size)?;
        if segment.width.saturating_mul(segment.height) > WHOLE_PIXELS_MAX
            && !is_cut(grid, size, segment, encoding)
        {
            return Err(Fault::TooLarge(size.width as u64, size.height as u64));
        }
        let across = size.width.div_ceil(segment.width);
        let down = size.height.div_ceil(segment.height);
        let mut layout =
            Self { size, segment, grid, across, down, offsets: Vec::new(), lengths: Vec::new() };
        layout.read_tables(tiff, directory, encoding)?;
        layout.cut_single_strip(encoding)?;
        layout.check(tiff)?;
        Ok(layout)
    }

    /// Tiles or strips of one plane.
    pub(crate) fn segments(&self) -> usize {
        self.across * self.down
    }

    /// Offset and length of tile or strip `index` of `plane`; nothing if it was left out.
    pub(crate) fn place(&self, plane: usize, index: usize) -> Option<(u64, usize)> {
        let at = plane * self.segments() + index;
        (self.lengths[at] > 0).then(|| (self.offsets[at], self.lengths[at] as usize))
    }

    /// The size that tile or strip `index` was written with.
    pub(crate) fn written_size(&self, index: usize) -> Size {
        match self.grid {
            Grid::Tiles => self.segment,
            Grid::Strips => {
                let rows_above = index * self.segment.height;
                let height = self.segment.height.min(self.size.height - rows_above);
                Size::new(self.segment.width, height)
            }
        }
    }

    fn read_tables(
        &mut self,
        tiff: &Tiff,
        directory: &Directory,
        encoding: &Encoding,
    ) -> Result<(), Fault> {
        let planes = match encoding.planes {
            Planes::Interleaved => 1,
            Planes::Separate => encoding.channels.count,
        };
        let wanted = self.across.saturating_mul(self.down).saturating_mul(planes);
        if wanted > SEGMENTS_MAX {
            return Err(damaged(format!("the page has {wanted} tiles, more than {SEGMENTS_MAX}")));
        }
        let (offsets, lengths) = match self.grid {
            Grid::Tiles => (Tag::TILE_OFFSETS, Tag::TILE_BYTE_COUNTS),
            Grid::Strips => (Tag::STRIP_OFFSETS, Tag::STRIP_BYTE_COUNTS),
        };
        self.offsets = table(tiff, directory, offsets, wanted)?;
        self.lengths = if directory.has(lengths) || encoding.compression != Compression::None {
            table(tiff, directory, lengths, wanted)?
        } else {
            // TIFF 5 let writers leave the lengths out where they follow from the size.
            let length = |at: usize| {
                let size = self.written_size(at % (self.across * self.down));
                size.height as u64 * row_bytes(size.width, encoding)
            };
            (0..wanted).map(length).collect()
        };
        Ok(())
    }

    /// Cuts a page in a single uncompressed strip into strips that are cheap to read.
    fn cut_single_strip(&mut self, encoding: &Encoding) -> Result<(), Fault> {
        if !is_cut(self.grid, self.size, self.segment, encoding) {
            return Ok(());
        }
        let row_bytes = row_bytes(self.size.width, encoding);
        let wanted = row_bytes.saturating_mul(self.size.height as u64);
        let (offset, length) = (self.offsets[0], self.lengths[0]);
        if length == 0 {
            return Ok(());
        }
        if length < wanted {
            let reason = format!("the strip has {length} bytes, and its pixels take {wanted}");
            return Err(damaged(reason));
        }

        let rows = (STRIP_PIXELS_CUT / self.size.width).max(1);
        self.segment = Size::new(self.size.width, rows);
        self.down = self.size.height.div_ceil(rows);
        if self.down > SEGMENTS_MAX {
            return Err(Fault::TooLarge(self.size.width as u64, self.size.height as u64));
        }
        let above = |strip: usize| (strip * rows) as u64 * row_bytes;
        self.offsets = (0..self.down).map(|strip| offset.saturating_add(above(strip))).collect();
        self.lengths = (0..self.down)
            .map(|strip| self.written_size(strip).height as u64 * row_bytes)
            .collect();
        Ok(())
    }

    fn check(&self, tiff: &Tiff) -> Result<(), Fault> {
        let table = self.offsets.iter().zip(&self.lengths).enumerate();
        for (index, (&offset, &length)) in table {
            if length > 0 && !tiff.source().holds(offset, length) {
                return Err(damaged(format!(
                    "tile {index} ({length} bytes at {offset}) reaches over the end of the file \
                     at {}; the file is cut short",
                    tiff.source().length()
                )));
            }
        }
        Ok(())
    }
}

/// Stored width and height, both positive.
pub(crate) fn stored_size(tiff: &Tiff, directory: &Directory) -> Result<Size, Fault> {
    let width = directory.required(tiff, Tag::IMAGE_WIDTH)?;
    let height = directory.required(tiff, Tag::IMAGE_LENGTH)?;
    let in_range = |length: u64| (1..=u64::from(u32::MAX)).contains(&length);
    if !in_range(width) || !in_range(height) {
        return Err(damaged(format!("ImageWidth × ImageLength is {width} × {height} px")));
    }
    Ok(Size::new(width as usize, height as usize))
}

/// Whether the page is tiled.
pub(crate) fn grid(directory: &Directory) -> Grid {
    if directory.has(Tag::TILE_WIDTH) || directory.has(Tag::TILE_OFFSETS) {
        Grid::Tiles
    } else {
        Grid::Strips
    }
}

fn segment_size(tiff: &Tiff, directory: &Directory, size: Size) -> Result<(Grid, Size), Fault> {
    let grid = grid(directory);
    let (width, height) = match grid {
        Grid::Tiles => (
            directory.required(tiff, Tag::TILE_WIDTH)?,
            directory.required(tiff, Tag::TILE_LENGTH)?,
        ),
        Grid::Strips => {
            let rows = directory.number(tiff, Tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX);
            (size.width as u64, rows.min(size.height as u64))
        }
    };
    let in_range = |length: u64| (1..=u64::from(u32::MAX)).contains(&length);
    if !in_range(width) || !in_range(height) {
        return Err(damaged(format!("a tile or strip has {width} × {height} px")));
    }
    Ok((grid, Size::new(width as usize, height as usize)))
}

/// Whether the page is one uncompressed strip that is worth cutting.
fn is_cut(grid: Grid, size: Size, segment: Size, encoding: &Encoding) -> bool {
    grid == Grid::Strips
        && segment.height >= size.height
        && encoding.compression == Compression::None
        && encoding.planes == Planes::Interleaved
        && size.width.saturating_mul(size.height) > STRIP_PIXELS_CUT
}

/// Bytes of a row of `width` uncompressed pixels, of one plane.
fn row_bytes(width: usize, encoding: &Encoding) -> u64 {
    let samples = match encoding.planes {
        Planes::Interleaved => encoding.channels.count,
        Planes::Separate => 1,
    };
    let sample_bytes = match encoding.depth {
        Depth::Eight => 1,
        Depth::Sixteen => 2,
    };
    (width * samples * sample_bytes) as u64
}

fn table(tiff: &Tiff, directory: &Directory, tag: Tag, wanted: usize) -> Result<Vec<u64>, Fault> {
    let missing = || damaged(format!("{} is missing", tag.name));
    let mut values = directory.numbers(tiff, tag, SEGMENTS_MAX)?.ok_or_else(missing)?;
    if values.len() < wanted {
        let found = values.len();
        return Err(damaged(format!(
            "{} has {found} values, and the page {wanted} tiles",
            tag.name
        )));
    }
    values.truncate(wanted);
    Ok(values)
}
