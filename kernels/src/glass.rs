//! Where there is glass instead of tissue.
//!
//! **Contract.** A pixel is glass where its grey level ([`crate::grey::luma`]), smoothed by a Gaussian of
//! σ = 2 px ([`crate::smooth`]), is above the level that the model card states. The smoothing keeps
//! bright vacuoles and fat from being taken for glass one pixel at a time; at 2 µm/px it spans a cell.

use contract::RgbImage;

use crate::Mask;
use crate::grey::luma_plane;
use crate::smooth::smooth;

/// Standard deviation of the smoothing, px.
pub const SIGMA_PX: f32 = 2.0;

/// The pixels of `image` that are glass: smoothed grey level above `grey_min`, 0 to 255.
pub fn glass(image: &RgbImage, grey_min: f32) -> Mask {
    let size = image.size();
    let smoothed = smooth(size, &luma_plane(image), SIGMA_PX);
    let mut mask = Mask::default();
    // Above a level is at least the next number after it.
    mask.threshold(size, &smoothed, grey_min.next_up());
    mask
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn white_is_glass_and_pink_is_not() {
        let mut image = RgbImage::filled(Size::new(60, 20), [245; 3]);
        for (index, pixel) in image.pixels_mut().as_chunks_mut::<3>().0.iter_mut().enumerate() {
            if index % 60 < 30 {
                *pixel = [220, 120, 180];
            }
        }

        let mask = glass(&image, 215.0);

        assert!((0..20).all(|y| (0..20).all(|x| !mask.get(x, y))));
        assert!((40..60).all(|x| (0..20).all(|y| mask.get(x, y))));
    }

    #[test]
    fn a_bright_speck_in_tissue_is_not_glass() {
        let mut image = RgbImage::filled(Size::new(31, 31), [150; 3]);
        image.pixels_mut()[3 * (15 * 31 + 15)..][..3].fill(255);

        assert_eq!(glass(&image, 215.0).count(), 0);
    }
}
