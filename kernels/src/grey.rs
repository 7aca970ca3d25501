//! Luminance.

use contract::RgbImage;

/// Grey level of a colour, 0 to 255: `(9798·R + 19235·G + 3735·B + 16384) >> 15`, the luma of ITU-R BT.601
/// in the integers that OpenCV uses.
#[inline]
pub fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((9798 * u32::from(red) + 19235 * u32::from(green) + 3735 * u32::from(blue) + 16384) >> 15)
        as u8
}

/// The grey levels of an image, row-major.
pub fn luma_plane(image: &RgbImage) -> Vec<f32> {
    let (pixels, _) = image.pixels().as_chunks::<3>();
    pixels.iter().map(|&pixel| f32::from(luma(pixel))).collect()
}

#[cfg(test)]
mod tests {
    use super::luma;

    #[test]
    fn grey_stays_grey() {
        for value in 0..=255 {
            assert_eq!(luma([value; 3]), value);
        }
        assert_eq!((luma([255, 0, 0]), luma([0, 255, 0]), luma([0, 0, 255])), (76, 150, 29));
    }
}
