//! The codecs that keep every bit: none, LZW, deflate, `PackBits`, zstd; and the predictor.
//!
//! TIFF 6.0, clauses 9, 13 and 14 (`PackBits`, LZW, differencing).

use std::io::Read;

use super::{CodecError, Compression, Depth, Shape};
use crate::samples::to_8_bit;
use crate::tiff::{Encoding, Order, Predictor};

/// Window of a zstd frame at most: what zstd's own decoder allows by default.
const ZSTD_WINDOW_BYTES_MAX: u64 = 128 << 20;

/// Decodes one tile or strip to 8-bit samples.
pub(super) fn decode(
    encoding: &Encoding,
    bytes: &[u8],
    shape: Shape,
) -> Result<Vec<u8>, CodecError> {
    let sample_bytes = match encoding.depth {
        Depth::Eight => 1,
        Depth::Sixteen => 2,
    };
    let mut data = expand(encoding.compression, bytes, shape.len() * sample_bytes)?;
    // The standard knows the predictor only behind a codec (libtiff passes it over elsewhere).
    let differs = encoding.predictor == Predictor::Horizontal
        && matches!(
            encoding.compression,
            Compression::Lzw | Compression::Deflate | Compression::Zstd
        );
    let row = shape.size.width * shape.samples;
    match encoding.depth {
        Depth::Eight => {
            if differs {
                data.chunks_exact_mut(row).for_each(|row| undo_differences(row, shape.samples));
            }
            Ok(data)
        }
        Depth::Sixteen => {
            let mut values = widen(&data, encoding.order);
            if differs {
                values
                    .chunks_exact_mut(row)
                    .for_each(|row| undo_differences_16(row, shape.samples));
            }
            Ok(values.into_iter().map(to_8_bit).collect())
        }
    }
}

/// Undoes a codec; gives `length` bytes or an error.
fn expand(compression: Compression, bytes: &[u8], length: usize) -> Result<Vec<u8>, CodecError> {
    let (codec, data) = match compression {
        Compression::Lzw => ("LZW", lzw(bytes, length)?),
        Compression::Deflate => {
            ("deflate", read("deflate", flate2::read::ZlibDecoder::new(bytes), length)?)
        }
        Compression::Zstd => ("zstd", zstd(bytes, length)?),
        Compression::PackBits => ("PackBits", pack_bits(bytes, length)),
        Compression::None | Compression::Jpeg | Compression::Jpeg2000(_) => {
            ("uncompressed", bytes[..length.min(bytes.len())].to_vec())
        }
    };
    if data.len() < length {
        return Err(CodecError::Short { codec, expected: length, actual: data.len() });
    }
    Ok(data)
}

fn unsound(codec: &'static str, error: &impl ToString) -> CodecError {
    CodecError::Unsound { codec, reason: error.to_string() }
}

/// Reads at most `length` bytes of a decoder.
fn read(codec: &'static str, decoder: impl Read, length: usize) -> Result<Vec<u8>, CodecError> {
    let mut data = Vec::with_capacity(length);
    decoder.take(length as u64).read_to_end(&mut data).map_err(|error| unsound(codec, &error))?;
    Ok(data)
}

fn zstd(bytes: &[u8], length: usize) -> Result<Vec<u8>, CodecError> {
    let decoder =
        ruzstd::decoding::StreamingDecoder::new_with_max_window_size(bytes, ZSTD_WINDOW_BYTES_MAX)
            .map_err(|error| unsound("zstd", &error))?;
    read("zstd", decoder, length)
}

fn lzw(bytes: &[u8], length: usize) -> Result<Vec<u8>, CodecError> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let mut data = vec![0; length];
    let (mut input, mut written) = (bytes, 0);
    while written < length {
        let step = decoder.decode_bytes(input, &mut data[written..]);
        input = &input[step.consumed_in..];
        written += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) => {}
            Ok(weezl::LzwStatus::NoProgress | weezl::LzwStatus::Done) => break,
            Err(error) => return Err(unsound("LZW", &error)),
        }
    }
    data.truncate(written);
    Ok(data)
}

/// TIFF 6.0, clause 9: a run or a literal behind each signed count.
fn pack_bits(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(length);
    let mut rest = bytes;
    while data.len() < length {
        let Some((&count, after)) = rest.split_first() else { break };
        rest = after;
        match count as i8 {
            -128 => {}
            literal @ 0.. => {
                let (values, after) = rest.split_at((literal as usize + 1).min(rest.len()));
                data.extend_from_slice(values);
                rest = after;
            }
            run => {
                let Some((&value, after)) = rest.split_first() else { break };
                data.resize(data.len() + 1 + run.unsigned_abs() as usize, value);
                rest = after;
            }
        }
    }
    data.truncate(length);
    data
}

fn widen(data: &[u8], order: Order) -> Vec<u16> {
    data.as_chunks().0.iter().map(|&pair| order.u16(pair)).collect()
}

/// Adds to each sample its left neighbour of the same channel (clause 14).
fn undo_differences(row: &mut [u8], samples: usize) {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
}

fn undo_differences_16(row: &mut [u16], samples: usize) {
    for at in samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - samples]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_undoes_the_example_of_the_standard() {
        // TIFF 6.0 gives the pairs in words; this is Apple's technical note TN1023.
        let packed = [
            0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7,
            0xaa,
        ];
        let unpacked = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];

        assert_eq!(pack_bits(&packed, 24), unpacked);
        assert_eq!(pack_bits(&packed, 7), unpacked[..7]);
        assert_eq!(pack_bits(&[0x80, 0x05, 1], 9), [1]);
    }

    #[test]
    fn every_codec_refuses_data_that_end_too_early() {
        use Compression::{Deflate, Lzw, None, PackBits, Zstd};
        for compression in [None, Lzw, Deflate, PackBits, Zstd] {
            for bytes in [&[][..], &[0][..], &[0x78, 0x9c][..], &[0x80, 0x0b][..]] {
                assert!(expand(compression, bytes, 100).is_err(), "{compression:?} {bytes:?}");
            }
        }
    }
}
