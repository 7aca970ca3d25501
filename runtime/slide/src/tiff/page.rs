//! One page of a TIFF: its tiles or strips, each decoded by itself.
//!
//! **Contract:** [`Page::decode`] needs nothing but the page and the file, so
//! any number of threads decode any tiles at once.

use contract::{RgbImage, Size};
use thiserror::Error;

use super::encoding::{Encoding, Planes};
use super::layout::{Grid, Layout};
use super::{Directory, Tiff};
use crate::codec::{self, CodecError, Shape};
use crate::fault::Fault;
use crate::source::Source;

/// White: what a scanner leaves out is glass.
const BACKGROUND: [u8; 3] = [255; 3];

/// A page whose pixels can be read.
#[derive(Debug)]
pub(crate) struct Page {
    layout: Layout,
    encoding: Encoding,
}

/// Why a tile or strip cannot be decoded.
#[derive(Debug, Error)]
pub enum SegmentError {
    /// The system cannot read its bytes.
    #[error("its bytes cannot be read")]
    Io(#[source] std::io::Error),
    /// Its bytes are not what their codec makes.
    #[error("its bytes are unsound; export or copy the file again")]
    Codec(#[source] CodecError),
}

impl Page {
    /// Reads how the page that `directory` describes is laid out and written.
    pub(crate) fn new(tiff: &Tiff, directory: &Directory) -> Result<Self, Fault> {
        let encoding = Encoding::read(tiff, directory)?;
        let layout = Layout::read(tiff, directory, &encoding)?;
        Ok(Self { layout, encoding })
    }

    /// Stored size, before orientation.
    pub(crate) fn size(&self) -> Size {
        self.layout.size
    }

    /// Size of a tile, or of a strip but the last.
    pub(crate) fn segment_size(&self) -> Size {
        self.layout.segment
    }

    /// Tiles in a row of tiles; 1 for strips.
    pub(crate) fn across(&self) -> usize {
        self.layout.across
    }

    /// Whether the page is tiled.
    pub(crate) fn is_tiled(&self) -> bool {
        self.layout.grid == Grid::Tiles
    }

    /// Tiles or strips in all.
    pub(crate) fn segments(&self) -> usize {
        self.layout.segments()
    }

    /// Samples of a pixel.
    pub(crate) fn samples(&self) -> usize {
        self.encoding.channels.count
    }

    /// Decodes tile or strip `index`, counted along rows from the top left.
    pub(crate) fn decode(&self, source: &Source, index: usize) -> Result<RgbImage, SegmentError> {
        let size = self.layout.written_size(index);
        let samples = match self.encoding.planes {
            Planes::Interleaved => self.samples_of(source, 0, index)?,
            Planes::Separate => self.interleave(source, index)?,
        };
        let Some(samples) = samples else { return Ok(RgbImage::filled(size, BACKGROUND)) };
        let pixels = self.encoding.channels.to_rgb(samples);
        Ok(RgbImage::new(size, pixels).expect("a codec gives as many samples as its shape asks"))
    }

    /// The samples of one plane; nothing if the tile was left out.
    fn samples_of(
        &self,
        source: &Source,
        plane: usize,
        index: usize,
    ) -> Result<Option<Vec<u8>>, SegmentError> {
        let Some((offset, length)) = self.layout.place(plane, index) else { return Ok(None) };
        let samples = match self.encoding.planes {
            Planes::Interleaved => self.encoding.channels.count,
            Planes::Separate => 1,
        };
        let bytes = source.read(offset, length).map_err(SegmentError::Io)?;
        let size = self.layout.written_size(index);
        let shape = Shape { size, samples, rows_max: self.layout.segment.height };
        codec::decode(&self.encoding, &bytes, shape).map(Some).map_err(SegmentError::Codec)
    }

    /// The samples of all planes side by side; nothing if any plane was left out.
    fn interleave(&self, source: &Source, index: usize) -> Result<Option<Vec<u8>>, SegmentError> {
        let count = self.encoding.channels.count;
        let mut samples = vec![0; self.layout.written_size(index).pixels() * count];
        for plane in 0..count {
            let Some(values) = self.samples_of(source, plane, index)? else { return Ok(None) };
            for (pixel, value) in samples.chunks_exact_mut(count).zip(values) {
                pixel[plane] = value;
            }
        }
        Ok(Some(samples))
    }
}
