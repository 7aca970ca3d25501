//! Instance maps: grey PNG of 8 or 16 bits, 0 background, n the n-th nucleus.

use std::io::Cursor;

use contract::Size;
use png::{BitDepth, ColorType, Decoder, Limits};

/// Bytes that decoding may take beyond the map itself.
const DECODE_BYTES_MAX: usize = 64 << 20;

/// Decodes the map of an image of `size`; the reason why it cannot be.
pub(super) fn decode(bytes: &[u8], size: Size) -> Result<Vec<u32>, String> {
    let unsound = |error: png::DecodingError| format!("not a sound PNG: {error}");
    let limits = Limits { bytes: size.pixels().saturating_mul(2) + DECODE_BYTES_MAX };
    let mut reader =
        Decoder::new_with_limits(Cursor::new(bytes), limits).read_info().map_err(unsound)?;

    let info = reader.info();
    let found = Size::new(info.width as usize, info.height as usize);
    if found != size {
        return Err(format!(
            "the map has {} × {} px and its image {} × {}",
            found.width, found.height, size.width, size.height
        ));
    }
    let (colour, depth) = (info.color_type, info.bit_depth);
    let wide = match (colour, depth) {
        (ColorType::Grayscale, BitDepth::Sixteen) => true,
        (ColorType::Grayscale, BitDepth::Eight) => false,
        _ => return Err(format!("{colour:?} of {depth:?} bits, not grey of 8 or 16 bits")),
    };

    let length = reader.output_buffer_size().ok_or("the map's size overflows")?;
    let mut values = vec![0; length];
    reader.next_frame(&mut values).map_err(unsound)?;
    Ok(if wide {
        let pairs = values.chunks_exact(2);
        pairs.map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).collect()
    } else {
        values.into_iter().map(u32::from).collect()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A 16-bit grey PNG.
    pub(in super::super) fn encode(size: Size, ids: &[u16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.width as u32, size.height as u32);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Sixteen);
        let mut writer = encoder.write_header().unwrap();
        let data: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
        writer.write_image_data(&data).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn sixteen_bits_are_read_whole() {
        let size = Size::new(3, 1);

        assert_eq!(decode(&encode(size, &[0, 258, 65535]), size), Ok(vec![0, 258, 65535]));
    }

    #[test]
    fn a_map_of_another_size_is_refused() {
        let bytes = encode(Size::new(3, 1), &[0, 1, 2]);

        let refused = decode(&bytes, Size::new(1, 3)).unwrap_err();

        assert_eq!(refused, "the map has 3 × 1 px and its image 1 × 3");
    }

    #[test]
    fn a_map_that_is_cut_anywhere_is_refused() {
        let size = Size::new(5, 5);
        let bytes = encode(size, &[7; 25]);
        // The last 12 bytes are the end mark; the pixels are whole without it.
        for end in 0..bytes.len() - 16 {
            assert!(decode(&bytes[..end], size).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_coloured_map_is_refused() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
        encoder.set_color(ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[1, 2, 3]).unwrap();
        writer.finish().unwrap();

        let refused = decode(&bytes, Size::new(1, 1)).unwrap_err();

        assert!(refused.contains("not grey"), "{refused}");
    }
}
