//! JPEG 2000 tiles: Aperio's 33003 and 33005, and 34712.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::{CodecError, Shape};

/// Pixels of one tile at most: scanners write 256² to 1024², and the decoder takes about
/// 30 bytes for each pixel.
const TILE_PIXELS_MAX: usize = 1 << 24;

/// Decodes one tile to its samples, the codestream's own colour transform undone.
pub(super) fn decode(bytes: &[u8], shape: Shape) -> Result<Vec<u8>, CodecError> {
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let image = Image::new(bytes, &settings).map_err(unsound)?;
    // The size is known before anything of its size is allocated.
    let (width, height) = (image.width() as usize, image.height() as usize);
    let channels = usize::from(image.color_space().num_channels()) + usize::from(image.has_alpha());
    let announced =
        (width, height, channels) == (shape.size.width, shape.size.height, shape.samples);
    if !announced || shape.size.pixels() > TILE_PIXELS_MAX {
        return Err(wrong_shape(shape, format!("{width} × {height} px, {channels} components")));
    }

    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(unsound)?;
    let components = decoded.components();
    let whole = components.iter().all(|component| component.samples().len() >= width * height);
    if components.len() != shape.samples || !whole {
        return Err(wrong_shape(shape, format!("{} components", components.len())));
    }
    let mut samples = vec![0; shape.len()];
    for (channel, component) in components.iter().enumerate() {
        let scale = 255.0 / ((1_u64 << component.bit_depth().min(32)) - 1) as f32;
        let pixels = samples.chunks_exact_mut(shape.samples);
        for (pixel, value) in pixels.zip(component.samples()) {
            // A cast of a float to an integer saturates.
            pixel[channel] = (value * scale).round() as u8;
        }
    }
    Ok(samples)
}

fn unsound(error: hayro_jpeg2000::DecodeError) -> CodecError {
    CodecError::Unsound { codec: "JPEG 2000", reason: error.to_string() }
}

fn wrong_shape(shape: Shape, actual: String) -> CodecError {
    let expected =
        format!("{} × {} px, {} components", shape.size.width, shape.size.height, shape.samples);
    CodecError::Shape { codec: "JPEG 2000", expected, actual }
}
