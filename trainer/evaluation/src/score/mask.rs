//! Tissue masks: a TIFF of the challenge's labels, or the public annotations painted.
//!
//! Labels: 0 background, 1 stroma, 2 blood vessel, 3 tumour, 4 epidermis, 5 necrosis; greater
//! values are no scored class. The organisers compare masks alone; how they painted theirs is not
//! published. Here, as in training, a pixel is inside where its centre is, of two annotations the
//! later in the file has it, and white background is background.

use std::io::Cursor;

use contract::Size;
use data::source::{PUMA_TISSUE, puma_tissue};
use thiserror::Error;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

/// Pixels of a mask at most: one byte each.
const PIXELS_MAX: usize = 1 << 28;

/// Labels that the challenge scores are 1 to this.
const SCORED: usize = crate::puma::tissue::CLASSES.len();

/// Why bytes are no mask.
#[derive(Debug, Error)]
pub(super) enum MaskError {
    /// The file is no TIFF that can be decoded.
    #[error("the mask is no TIFF that can be read")]
    Tiff(#[source] tiff::TiffError),
    /// The file holds a picture, or labels of another depth.
    #[error(
        "the mask has {found}, not one value of 8 bits a pixel: write it as an 8-bit grey TIFF"
    )]
    Samples {
        /// What it has.
        found: String,
    },
    /// The file is too large.
    #[error("the mask is {width} × {height} px, more than {PIXELS_MAX} px: cut it to the region")]
    TooLarge {
        /// Its width, px.
        width: u32,
        /// Its height, px.
        height: u32,
    },
    /// The annotations cannot be painted.
    #[error("the tissue cannot be painted: {reason}")]
    Annotations {
        /// Which one, and why.
        reason: String,
    },
}

/// One tissue mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    pub(super) size: Size,
    pub(super) labels: Vec<u8>,
}

impl Mask {
    /// Decodes a TIFF.
    pub(super) fn from_tiff(bytes: &[u8]) -> Result<Self, MaskError> {
        let mut decoder =
            Decoder::new(Cursor::new(bytes)).map_err(MaskError::Tiff)?.with_limits(limits());
        let (width, height) = decoder.dimensions().map_err(MaskError::Tiff)?;
        let size = Size::new(width as usize, height as usize);
        if size.width.checked_mul(size.height).is_none_or(|pixels| pixels > PIXELS_MAX) {
            return Err(MaskError::TooLarge { width, height });
        }
        let colour = decoder.colortype().map_err(MaskError::Tiff)?;
        if !matches!(colour, ColorType::Gray(8) | ColorType::Palette(8)) {
            return Err(MaskError::Samples { found: format!("{colour:?}") });
        }
        let DecodingResult::U8(labels) = decoder.read_image().map_err(MaskError::Tiff)? else {
            return Err(MaskError::Samples { found: "samples that are no bytes".into() });
        };
        if labels.len() != size.pixels() {
            return Err(MaskError::Samples { found: format!("{} values", labels.len()) });
        }
        Ok(Self { size, labels })
    }

    /// Paints the annotations of an image of `size`.
    pub(super) fn from_geojson(bytes: &[u8], size: Size) -> Result<Self, MaskError> {
        let annotated =
            puma_tissue(bytes, size).map_err(|reason| MaskError::Annotations { reason })?;
        let labels = annotated.into_iter().map(official).collect();
        Ok(Self { size, labels })
    }
}

/// The challenge's label of an index into [`PUMA_TISSUE`], whose first five are in its order.
fn official(annotated: u8) -> u8 {
    const { assert!(SCORED < PUMA_TISSUE.len()) };
    if usize::from(annotated) < SCORED { annotated + 1 } else { 0 }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = PIXELS_MAX;
    limits
}

#[cfg(test)]
mod tests {
    use tiff::encoder::{TiffEncoder, colortype};

    use super::*;
    use crate::puma::tissue::CLASSES;

    #[test]
    fn a_grey_tiff_is_a_mask_and_a_picture_is_not() {
        let mut grey = Cursor::new(Vec::new());
        let encoder = &mut TiffEncoder::new(&mut grey).unwrap();
        encoder.write_image::<colortype::Gray8>(3, 1, &[0, 1, 5]).unwrap();
        let mut deep = Cursor::new(Vec::new());
        let encoder = &mut TiffEncoder::new(&mut deep).unwrap();
        encoder.write_image::<colortype::Gray16>(3, 1, &[0, 1, 5]).unwrap();

        let mask = Mask::from_tiff(grey.get_ref()).unwrap();
        let refused = Mask::from_tiff(deep.get_ref()).unwrap_err().to_string();

        assert_eq!(mask, Mask { size: Size::new(3, 1), labels: vec![0, 1, 5] });
        assert!(refused.contains("has Gray(16), not one value of 8 bits"), "{refused}");
    }

    #[test]
    fn a_mask_that_is_cut_anywhere_is_refused_and_never_panics() {
        let mut grey = Cursor::new(Vec::new());
        let encoder = &mut TiffEncoder::new(&mut grey).unwrap();
        encoder.write_image::<colortype::Gray8>(9, 9, &[3; 81]).unwrap();
        let bytes = grey.into_inner();

        for end in 0..bytes.len() {
            let mask = Mask::from_tiff(&bytes[..end]);
            assert!(mask.is_err() || mask.unwrap().labels.len() == 81, "cut at {end}");
        }
    }

    #[test]
    fn annotations_get_the_labels_of_the_challenge() {
        let named = |name: &str| {
            let collection = serde_json::json!({ "features": [{
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
                "properties": {"classification": {"name": name}},
            }]});
            Mask::from_geojson(collection.to_string().as_bytes(), Size::new(2, 1))
        };

        for (label, class) in (1..).zip(CLASSES) {
            assert_eq!(named(class).unwrap().labels, [label, 0]);
        }
        assert_eq!(named("tissue_white_background").unwrap().labels, [0, 0]);
        assert!(named("tumour").unwrap_err().to_string().contains("\"tumour\" is none of"));
    }
}
