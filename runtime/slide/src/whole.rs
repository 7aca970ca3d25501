//! Images that are decoded as a whole: PNG and JPEG.
//!
//! **Invariant:** nothing is decoded before its announced size is known to be
//! at most [`WHOLE_PIXELS_MAX`].

use std::io::Cursor;

use contract::{RgbImage, Size};

use crate::codec::{CodecError, Density, guarded, picture};
use crate::fault::{Fault, damaged};
use crate::orientation::Orientation;
use crate::resolution::{Claim, um_per_px};
use crate::samples::{Alpha, Channels, Colour, to_8_bit};
use crate::source::Source;
use crate::tiff::{Tag, Tiff};

/// Pixels of an image that is decoded as a whole, at most: 192 MiB of RGB.
pub const WHOLE_PIXELS_MAX: usize = 64 << 20;

/// Bytes of a file that is read as a whole, at most: a raw 16-bit RGBA image of the largest size.
const WHOLE_BYTES_MAX: u64 = 8 * WHOLE_PIXELS_MAX as u64 + (1 << 20);

/// A decoded image, upright, and what it says of its resolution.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) image: RgbImage,
    pub(crate) claims: Vec<Claim>,
}

/// All bytes of `source`, if they can be held.
pub(crate) fn bytes(source: &Source) -> Result<Vec<u8>, Fault> {
    let length = source.length();
    if length > WHOLE_BYTES_MAX {
        let reason = format!("the file has {length} bytes, more than {WHOLE_BYTES_MAX}");
        return Err(Fault::Unsupported(reason));
    }
    source.read(0, length as usize).map_err(Fault::Io)
}

/// Refuses a size that has no pixels or too many.
pub(crate) fn checked_size(width: u64, height: u64) -> Result<Size, Fault> {
    if width == 0 || height == 0 {
        return Err(damaged(format!("the image has {width} × {height} px")));
    }
    if width.saturating_mul(height) > WHOLE_PIXELS_MAX as u64 {
        return Err(Fault::TooLarge(width, height));
    }
    Ok(Size::new(width as usize, height as usize))
}

fn upright(size: Size, rgb: Vec<u8>, exif: Option<&[u8]>) -> Result<RgbImage, Fault> {
    let image = RgbImage::new(size, rgb).map_err(|error| damaged(error.to_string()))?;
    Ok(orientation(exif).upright(image))
}

/// The orientation of an EXIF block; a block that cannot be read turns nothing.
fn orientation(exif: Option<&[u8]>) -> Orientation {
    let read = |exif: &[u8]| -> Option<Orientation> {
        let tiff = Tiff::new(Source::Memory(exif.to_vec())).ok()?;
        let chain = tiff.directories().ok()?;
        Orientation::new(chain.main[0].number(&tiff, Tag::ORIENTATION).ok()??)
    };
    exif.and_then(read).unwrap_or(Orientation::UPRIGHT)
}

impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        damaged(error.to_string())
    }
}

/// The size of a JPEG by its header, orientation applied; no pixel is decoded.
pub(crate) fn jpeg_size(bytes: &[u8]) -> Result<Size, Fault> {
    let picture = guarded("JPEG", || picture(bytes))?;
    let size = checked_size(picture.width as u64, picture.height as u64)?;
    Ok(orientation(picture.exif.as_deref()).upright_size(size))
}

/// Decodes a JPEG.
pub(crate) fn jpeg(bytes: &[u8]) -> Result<Whole, Fault> {
    let picture = guarded("JPEG", || picture(bytes))?;
    let size = checked_size(picture.width as u64, picture.height as u64)?;
    let claims = picture.density.and_then(jfif_resolution).into_iter().collect();
    let exif = picture.exif.clone();
    let rgb = guarded("JPEG", || picture.rgb())?;
    let image = upright(size, rgb, exif.as_deref())?;
    Ok(Whole { image, claims })
}

fn jfif_resolution(density: Density) -> Option<Claim> {
    let unit_um = match density.unit {
        1 => 25_400.0,
        2 => 10_000.0,
        // 0 means that only the ratio of the axes is known.
        _ => return None,
    };
    Some(Claim {
        field: "the JFIF density",
        x_um: um_per_px(density.x.into(), unit_um),
        y_um: um_per_px(density.y.into(), unit_um),
    })
}

/// Decodes a PNG.
pub(crate) fn png(bytes: &[u8]) -> Result<Whole, Fault> {
    let wrong = |error: png::DecodingError| damaged(format!("not a sound PNG: {error}"));
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let size = checked_size(reader.info().width.into(), reader.info().height.into())?;
    let claim = png_resolution(reader.info());
    let exif = reader.info().exif_metadata.as_ref().map(|exif| exif.to_vec());
    let (colour, depth) = reader.output_color_type();
    let length =
        reader.output_buffer_size().ok_or_else(|| damaged("the PNG's rows are too long"))?;
    let mut samples = vec![0; length];
    reader.next_frame(&mut samples).map_err(wrong)?;

    if depth == png::BitDepth::Sixteen {
        let pairs = samples.as_chunks().0.iter();
        samples = pairs.map(|&pair| to_8_bit(u16::from_be_bytes(pair))).collect();
    }
    let rgb = png_channels(colour).to_rgb(samples);
    let image = upright(size, rgb, exif.as_deref())?;
    Ok(Whole { image, claims: claim.into_iter().collect() })
}

fn png_channels(colour: png::ColorType) -> Channels {
    let (colour, alpha) = match colour {
        png::ColorType::Grayscale => (Colour::Grey, Alpha::Opaque),
        png::ColorType::GrayscaleAlpha => (Colour::Grey, Alpha::Straight),
        // A palette was expanded by the decoder.
        png::ColorType::Rgb | png::ColorType::Indexed => (Colour::Rgb, Alpha::Opaque),
        png::ColorType::Rgba => (Colour::Rgb, Alpha::Straight),
    };
    let count = colour.samples() + usize::from(alpha != Alpha::Opaque);
    Channels { colour, alpha, count }
}

/// `pHYs`: pixels per metre (PNG, third edition, 11.3.4.3).
fn png_resolution(info: &png::Info<'_>) -> Option<Claim> {
    let density = info.pixel_dims.filter(|density| density.unit == png::Unit::Meter)?;
    Some(Claim {
        field: "pHYs",
        x_um: um_per_px(density.xppu.into(), 1e6),
        y_um: um_per_px(density.yppu.into(), 1e6),
    })
}
