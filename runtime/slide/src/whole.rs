//! Images that are decoded as a whole: PNG, JPEG, and small TIFFs for training.
//!
//! **Invariant:** nothing is decoded before its announced size is known to be
//! at most [`WHOLE_PIXELS_MAX`].

use std::io::Cursor;
use std::path::Path;

use contract::{RgbImage, Size};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::format::{Signature, signature};
use crate::open::OpenError;
use crate::samples::{Channels, to_8_bit, to_rgb};

/// Pixels of an image that is decoded as a whole, at most: 192 MiB of RGB.
pub const WHOLE_PIXELS_MAX: usize = 64 << 20;

/// Bytes of a file that is read as a whole, at most: a raw 16-bit RGBA image of the largest size.
const WHOLE_BYTES_MAX: u64 = 8 * WHOLE_PIXELS_MAX as u64 + (1 << 20);

/// Reads a PNG, JPEG or TIFF of at most [`WHOLE_PIXELS_MAX`] as a whole.
///
/// No resolution is wanted: for training data, whose resolution its set states.
pub fn read_image(path: &Path) -> Result<RgbImage, OpenError> {
    let bytes = read_bounded(path)?;
    match signature(&bytes) {
        Some(Signature::Png) => png(path, &bytes),
        Some(Signature::Jpeg) => jpeg(path, &bytes),
        Some(Signature::Tiff) => tiff(path, &bytes),
        None => Err(OpenError::Unrecognised { path: path.into() }),
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, OpenError> {
    let io = |source| OpenError::Io { path: path.into(), source };
    let length = std::fs::metadata(path).map_err(io)?.len();
    if length > WHOLE_BYTES_MAX {
        let reason = format!("the file has {length} bytes, more than {WHOLE_BYTES_MAX}");
        return Err(OpenError::Unsupported { path: path.into(), reason });
    }
    std::fs::read(path).map_err(io)
}

/// Refuses a size that has no pixels or too many.
fn checked_size(path: &Path, width: u64, height: u64) -> Result<Size, OpenError> {
    if width == 0 || height == 0 {
        return Err(damaged(path, format!("the image has {width} × {height} px")));
    }
    if width.saturating_mul(height) > WHOLE_PIXELS_MAX as u64 {
        return Err(OpenError::TooLarge { path: path.into(), width, height });
    }
    Ok(Size::new(width as usize, height as usize))
}

fn damaged(path: &Path, reason: impl Into<String>) -> OpenError {
    OpenError::Damaged { path: path.into(), reason: reason.into() }
}

fn image(path: &Path, size: Size, pixels: Vec<u8>) -> Result<RgbImage, OpenError> {
    RgbImage::new(size, pixels).map_err(|error| damaged(path, error.to_string()))
}

fn png(path: &Path, bytes: &[u8]) -> Result<RgbImage, OpenError> {
    let wrong = |error: png::DecodingError| damaged(path, format!("not a sound PNG: {error}"));
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let size = checked_size(path, reader.info().width.into(), reader.info().height.into())?;
    let (colour, depth) = reader.output_color_type();
    let length =
        reader.output_buffer_size().ok_or_else(|| damaged(path, "the PNG is too large"))?;
    let mut samples = vec![0; length];
    reader.next_frame(&mut samples).map_err(wrong)?;

    if depth == png::BitDepth::Sixteen {
        samples =
            samples.as_chunks().0.iter().map(|&pair| to_8_bit(u16::from_be_bytes(pair))).collect();
    }
    let channels = match colour {
        png::ColorType::Grayscale => Channels::Grey,
        png::ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        png::ColorType::Rgb | png::ColorType::Indexed => Channels::Rgb,
        png::ColorType::Rgba => Channels::RgbAlpha,
    };
    image(path, size, to_rgb(samples, channels))
}

fn jpeg(path: &Path, bytes: &[u8]) -> Result<RgbImage, OpenError> {
    let wrong = |error: zune_jpeg::errors::DecodeErrors| {
        damaged(path, format!("not a sound JPEG: {error}"))
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(wrong)?;
    let info = decoder.info().ok_or_else(|| damaged(path, "the JPEG has no header"))?;
    let size = checked_size(path, info.width.into(), info.height.into())?;
    image(path, size, decoder.decode().map_err(wrong)?)
}

fn tiff(path: &Path, bytes: &[u8]) -> Result<RgbImage, OpenError> {
    let wrong = |error: tiff::TiffError| damaged(path, format!("not a sound TIFF: {error}"));
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).map_err(wrong)?;
    let (width, height) = decoder.dimensions().map_err(wrong)?;
    let size = checked_size(path, width.into(), height.into())?;
    let colour = decoder.colortype().map_err(wrong)?;
    let channels = match colour {
        tiff::ColorType::Gray(_) => Channels::Grey,
        tiff::ColorType::GrayA(_) => Channels::GreyAlpha,
        tiff::ColorType::RGB(_) => Channels::Rgb,
        tiff::ColorType::RGBA(_) => Channels::RgbAlpha,
        _ => {
            let reason = format!("its colour is {colour:?}");
            return Err(OpenError::Unsupported { path: path.into(), reason });
        }
    };
    let samples = match decoder.read_image().map_err(wrong)? {
        tiff::decoder::DecodingResult::U8(samples) => samples,
        tiff::decoder::DecodingResult::U16(samples) => samples.into_iter().map(to_8_bit).collect(),
        _ => {
            let reason = format!("its colour is {colour:?}");
            return Err(OpenError::Unsupported { path: path.into(), reason });
        }
    };
    image(path, size, to_rgb(samples, channels))
}
