//! JPEG: tiles with common tables, and whole pictures.
//!
//! Tables and tile are joined as in TIFF Technical Note 2 (1995). A tile is
//! decoded in the colour space it is written in; the TIFF's tag says which that
//! is, for a decoder left to itself guesses wrong on Aperio's tiles.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::{CodecError, Shape};

const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Decodes one tile or strip to its samples as they are written.
pub(super) fn decode(
    bytes: &[u8],
    tables: Option<&[u8]>,
    shape: Shape,
) -> Result<Vec<u8>, CodecError> {
    let joined;
    let bytes = match tables {
        Some(tables) => {
            joined = join(tables, bytes);
            &joined
        }
        None => bytes,
    };
    let limits = options().set_max_width(shape.size.width).set_max_height(shape.rows_max);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), limits);
    decoder.decode_headers().map_err(|error| unsound(&error))?;
    let info = decoder.info().ok_or_else(no_header)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let samples = usize::from(info.components);
    if width != shape.size.width || height < shape.size.height || samples != shape.samples {
        return Err(CodecError::Shape {
            codec: "JPEG",
            expected: format!("{} × {} × {}", shape.size.width, shape.size.height, shape.samples),
            actual: format!("{width} × {height} × {samples}"),
        });
    }

    let written = decoder.input_colorspace().ok_or_else(no_header)?;
    decoder.set_options(limits.jpeg_set_out_colorspace(written));
    let mut data = decoder.decode().map_err(|error| unsound(&error))?;
    if data.len() < shape.len() {
        let (expected, actual) = (shape.len(), data.len());
        return Err(CodecError::Short { codec: "JPEG", expected, actual });
    }
    data.truncate(shape.len());
    Ok(data)
}

/// A whole picture, before its pixels are decoded.
pub(crate) struct Picture<'a> {
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// What the JFIF segment says of the resolution.
    pub(crate) density: Option<Density>,
    /// The EXIF block: a TIFF.
    pub(crate) exif: Option<Vec<u8>>,
}

/// JFIF's pixel density.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Density {
    /// 0 none, 1 inch, 2 centimetre.
    pub(crate) unit: u8,
    /// Pixels per unit across.
    pub(crate) x: u16,
    /// Pixels per unit down.
    pub(crate) y: u16,
}

/// The density of the JFIF segment, which must come first (ITU-T T.871, clause 10.1).
fn density(bytes: &[u8]) -> Option<Density> {
    // Start of image, APP0, length, "JFIF\0", version: then unit, density across and down.
    let segment = bytes.strip_prefix(&[0xff, 0xd8, 0xff, 0xe0])?;
    let fields = segment.get(2..)?.strip_prefix(b"JFIF\0")?.get(2..7)?;
    let [unit, x0, x1, y0, y1] = *fields.as_array()?;
    Some(Density { unit, x: u16::from_be_bytes([x0, x1]), y: u16::from_be_bytes([y0, y1]) })
}

/// Reads the head of a whole picture.
pub(crate) fn picture(bytes: &[u8]) -> Result<Picture<'_>, CodecError> {
    let edge = usize::from(u16::MAX);
    let options =
        options().set_max_width(edge).set_max_height(edge).jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| unsound(&error))?;
    let info = decoder.info().ok_or_else(no_header)?;
    Ok(Picture {
        width: info.width.into(),
        height: info.height.into(),
        density: density(bytes),
        exif: decoder.exif().cloned(),
        decoder,
    })
}

impl Picture<'_> {
    /// Decodes the pixels to RGB, by the colour space that the picture itself names.
    pub(crate) fn rgb(mut self) -> Result<Vec<u8>, CodecError> {
        self.decoder.decode().map_err(|error| unsound(&error))
    }
}

/// Strict, so that a picture that is cut short or garbled is refused and not painted grey.
fn options() -> DecoderOptions {
    DecoderOptions::default().set_strict_mode(true)
}

fn join(tables: &[u8], tile: &[u8]) -> Vec<u8> {
    let tables = tables.strip_suffix(&END_OF_IMAGE).unwrap_or(tables);
    // Both start with a start-of-image marker, and one is enough.
    let mut joined = tables.to_vec();
    joined.extend_from_slice(tile.get(2..).unwrap_or_default());
    joined
}

fn unsound(error: &DecodeErrors) -> CodecError {
    CodecError::Unsound { codec: "JPEG", reason: error.to_string() }
}

fn no_header() -> CodecError {
    CodecError::Unsound { codec: "JPEG", reason: "it has no header".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_read_from_the_jfif_segment() {
        let jfif = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\x02\xc3\x50\x9c\x40\0\0";

        assert_eq!(density(jfif), Some(Density { unit: 2, x: 50_000, y: 40_000 }));
        for end in 0..18 {
            assert_eq!(density(&jfif[..end]), None, "cut at {end}");
        }
        assert_eq!(density(b"\xff\xd8\xff\xe1\0\x10JFIF\0\x01\x01\x02\xc3\x50\x9c\x40"), None);
    }

    #[test]
    fn a_tile_is_joined_behind_its_tables() {
        let tables = [0xff, 0xd8, 1, 2, 0xff, 0xd9];

        assert_eq!(join(&tables, &[0xff, 0xd8, 3, 4]), [0xff, 0xd8, 1, 2, 3, 4]);
        assert_eq!(join(&tables[..4], &[]), [0xff, 0xd8, 1, 2]);
    }
}
