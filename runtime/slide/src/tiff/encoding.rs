//! How a page's samples are written: compression, depth, channels, colour.
//!
//! **Invariant:** an [`Encoding`] is one that the codecs read; whatever else a
//! page says is refused here, by the field and its value.

use super::{Directory, Order, Tag, Tiff};
use crate::codec::{Compression, Depth};
use crate::fault::{Fault, damaged};
use crate::samples::{Alpha, Channels, Colour, to_8_bit};

/// Samples of a pixel at most: colour, opacity and a few that are passed over.
const SAMPLES_MAX: usize = 8;
/// Bytes of `JPEGTables` at most: four quantisation and eight Huffman tables take under 5,000.
const TABLES_BYTES_MAX: usize = 1 << 16;

/// How the samples of a page are written.
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    /// What made the bytes of a tile or strip.
    pub(crate) compression: Compression,
    /// Bits of a sample.
    pub(crate) depth: Depth,
    /// Byte order of samples that are wider than a byte.
    pub(crate) order: Order,
    /// Whether each sample was written as the difference from its left neighbour.
    pub(crate) predictor: Predictor,
    /// What the samples mean.
    pub(crate) channels: Channels,
    /// Where the samples of one pixel lie.
    pub(crate) planes: Planes,
    /// `JPEGTables`: what the JPEG streams of the page have in common.
    pub(crate) jpeg_tables: Option<Vec<u8>>,
}

/// `Predictor` (317).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predictor {
    /// 1.
    None,
    /// 2: horizontal differencing.
    Horizontal,
}

/// `PlanarConfiguration` (284).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planes {
    /// 1: samples of a pixel side by side.
    Interleaved,
    /// 2: each sample in tiles or strips of its own.
    Separate,
}

impl Encoding {
    /// Reads the encoding of the page that `directory` describes.
    pub(crate) fn read(tiff: &Tiff, directory: &Directory) -> Result<Self, Fault> {
        let number = |tag: Tag, default: u64| {
            directory.number(tiff, tag).map(|value| value.unwrap_or(default))
        };

        // Defaults of TIFF 6.0, where it gives one.
        let compression = compression(number(Tag::COMPRESSION, 1)?)?;
        let count = sample_count(number(Tag::SAMPLES_PER_PIXEL, 1)?)?;
        let depth = depth(tiff, directory, count)?;
        let photometric = directory.required(tiff, Tag::PHOTOMETRIC)?;
        let colour = colour(tiff, directory, photometric, compression)?;
        let planes = match number(Tag::PLANAR_CONFIGURATION, 1)? {
            1 => Planes::Interleaved,
            2 => Planes::Separate,
            other => return Err(damaged(format!("PlanarConfiguration is {other}, not 1 or 2"))),
        };
        if number(Tag::FILL_ORDER, 1)? != 1 {
            return Err(Fault::Unsupported("FillOrder is 2".into()));
        }

        let encoding = Self {
            compression,
            depth,
            order: tiff.order(),
            predictor: predictor(number(Tag::PREDICTOR, 1)?)?,
            channels: channels(tiff, directory, colour, count)?,
            planes,
            jpeg_tables: directory.blob(tiff, Tag::JPEG_TABLES, TABLES_BYTES_MAX)?,
        };
        encoding.check()?;
        Ok(encoding)
    }

    /// Refuses combinations that no codec reads.
    fn check(&self) -> Result<(), Fault> {
        let unsupported = |reason: &str| Err(Fault::Unsupported(reason.into()));
        let picture = matches!(self.compression, Compression::Jpeg | Compression::Jpeg2000(_));
        if picture && self.depth != Depth::Eight {
            return unsupported("BitsPerSample is 16 under JPEG");
        }
        if self.channels.colour == Colour::YCbCr && self.planes == Planes::Separate {
            return unsupported("PhotometricInterpretation is YCbCr in separate planes");
        }
        if self.compression == Compression::Jpeg
            && self.planes == Planes::Interleaved
            && !matches!(self.channels.count, 1 | 3)
        {
            return unsupported("SamplesPerPixel is neither 1 nor 3 under JPEG");
        }
        if matches!(self.channels.colour, Colour::Palette(_)) && self.depth != Depth::Eight {
            return unsupported("BitsPerSample is not 8 under a palette");
        }
        Ok(())
    }
}

fn compression(value: u64) -> Result<Compression, Fault> {
    Ok(match value {
        1 => Compression::None,
        5 => Compression::Lzw,
        7 => Compression::Jpeg,
        8 | 32946 => Compression::Deflate,
        32773 => Compression::PackBits,
        50000 => Compression::Zstd,
        33003 | 33005 | 34712 => Compression::Jpeg2000(value as u16),
        2..=4 => return Err(Fault::Unsupported(format!("Compression is {value} (fax)"))),
        6 => return Err(Fault::Unsupported("Compression is 6 (the JPEG of TIFF 6.0)".into())),
        22610 | 34934 => {
            return Err(Fault::Unsupported(format!("Compression is {value} (JPEG XR)")));
        }
        34925 => return Err(Fault::Unsupported("Compression is 34925 (LZMA)".into())),
        50001 => return Err(Fault::Unsupported("Compression is 50001 (WebP)".into())),
        50002 | 52546 => {
            return Err(Fault::Unsupported(format!("Compression is {value} (JPEG XL)")));
        }
        other => return Err(Fault::Unsupported(format!("Compression is {other}"))),
    })
}

fn sample_count(value: u64) -> Result<usize, Fault> {
    match usize::try_from(value) {
        Ok(0) => Err(damaged("SamplesPerPixel is 0")),
        Ok(count) if count <= SAMPLES_MAX => Ok(count),
        _ => Err(Fault::Unsupported(format!("SamplesPerPixel is {value}"))),
    }
}

/// `BitsPerSample` and `SampleFormat`, which must be the same for each sample.
fn depth(tiff: &Tiff, directory: &Directory, count: usize) -> Result<Depth, Fault> {
    let all = |tag: Tag, default: u64| -> Result<u64, Fault> {
        let values = directory.numbers(tiff, tag, SAMPLES_MAX)?.unwrap_or_else(|| vec![default]);
        match values.split_first() {
            None => Err(damaged(format!("{} has no value", tag.name))),
            Some((first, others)) if others.iter().take(count - 1).all(|other| other == first) => {
                Ok(*first)
            }
            Some(_) => Err(Fault::Unsupported(format!("{} is {values:?}", tag.name))),
        }
    };
    match all(Tag::SAMPLE_FORMAT, 1)? {
        // 4 is undefined, which writers of plain bytes use.
        1 | 4 => {}
        other => return Err(Fault::Unsupported(format!("SampleFormat is {other}"))),
    }
    match all(Tag::BITS_PER_SAMPLE, 1)? {
        8 => Ok(Depth::Eight),
        16 => Ok(Depth::Sixteen),
        other => Err(Fault::Unsupported(format!("BitsPerSample is {other}"))),
    }
}

fn predictor(value: u64) -> Result<Predictor, Fault> {
    match value {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Horizontal),
        other => Err(Fault::Unsupported(format!("Predictor is {other}"))),
    }
}

/// What the colour samples are.
///
/// The tag decides, not the JPEG stream: Aperio's streams look like YCbCr to a
/// decoder and are RGB, as their tag says. Of Aperio's two JPEG 2000 codes the
/// tag lies instead: 33003 is YCbCr and 33005 RGB whatever it says (`OpenSlide` #772).
fn colour(
    tiff: &Tiff,
    directory: &Directory,
    photometric: u64,
    compression: Compression,
) -> Result<Colour, Fault> {
    match (photometric, compression) {
        (2 | 6, Compression::Jpeg2000(33003)) => Ok(Colour::YCbCr),
        (2 | 6, Compression::Jpeg2000(33005)) | (2, _) => Ok(Colour::Rgb),
        (0, _) => Ok(Colour::GreyInverted),
        (1, _) => Ok(Colour::Grey),
        (3, _) => palette(tiff, directory).map(Colour::Palette),
        (6, Compression::Jpeg | Compression::Jpeg2000(_)) => Ok(Colour::YCbCr),
        (other, _) => {
            let name = match other {
                5 => " (CMYK)",
                6 => " (YCbCr without JPEG)",
                8 => " (CIE L*a*b*)",
                _ => "",
            };
            Err(Fault::Unsupported(format!("PhotometricInterpretation is {other}{name}")))
        }
    }
}

/// `ColorMap`: all reds, all greens, all blues.
fn palette(tiff: &Tiff, directory: &Directory) -> Result<Box<[[u8; 3]; 256]>, Fault> {
    let values = directory.numbers(tiff, Tag::COLOR_MAP, 3 << 16)?;
    let values = values.ok_or_else(|| damaged("ColorMap is missing"))?;
    if values.len() != 3 * 256 {
        return Err(Fault::Unsupported(format!("ColorMap has {} values", values.len())));
    }
    // Some writers fill the map with bytes, where the standard wants 16 bits.
    let bytes_only = values.iter().all(|&value| value < 256);
    let value = |at: usize| {
        if bytes_only { values[at] as u8 } else { to_8_bit(values[at] as u16) }
    };
    let mut colours = Box::new([[0; 3]; 256]);
    for (index, colour) in colours.iter_mut().enumerate() {
        *colour = [value(index), value(256 + index), value(512 + index)];
    }
    Ok(colours)
}

/// What the samples after the colour are: `ExtraSamples` (338).
fn channels(
    tiff: &Tiff,
    directory: &Directory,
    colour: Colour,
    count: usize,
) -> Result<Channels, Fault> {
    if count < colour.samples() {
        return Err(damaged(format!("SamplesPerPixel is {count}, too few for the colour")));
    }
    let extra = directory.numbers(tiff, Tag::EXTRA_SAMPLES, SAMPLES_MAX)?.unwrap_or_default();
    let alpha = match extra.first() {
        Some(1) if count > colour.samples() => Alpha::Associated,
        Some(2) if count > colour.samples() => Alpha::Straight,
        _ => Alpha::Opaque,
    };
    Ok(Channels { colour, alpha, count })
}
