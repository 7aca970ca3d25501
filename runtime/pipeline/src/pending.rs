//! Glass, focus, stain and blending by their definitions, until `kernels` has them.

pub(crate) mod glass {
    //! Glass: the mean grey level of the 3 × 3 pixels around is above a threshold.

    use contract::RgbImage;
    use kernels::Mask;

    /// How far around a pixel is looked.
    pub(crate) const RADIUS: usize = 1;

    /// The pixels of glass; pixels outside the image count for nothing.
    pub(crate) fn mask(image: &RgbImage, grey_min: f32) -> Mask {
        let size = image.size();
        let around =
            |at: usize, edge: usize| at.saturating_sub(RADIUS)..(at + RADIUS + 1).min(edge);
        Mask::from_fn(size, |x, y| {
            let (mut sum, mut count) = (0_u32, 0_u32);
            for row in around(y, size.height) {
                for column in around(x, size.width) {
                    sum += image.pixel(column, row).iter().map(|v| u32::from(*v)).sum::<u32>();
                    count += 3;
                }
            }
            sum as f32 / count as f32 > grey_min
        })
    }
}

pub(crate) mod focus {
    //! Focus: the variance of the Laplacian over that of the blurred image.

    use contract::RgbImage;

    /// Pixels that the blur and the Laplacian need around one.
    const BORDER: usize = 3;

    /// The ratio; none where the image is small or flat.
    pub(crate) fn reblur_ratio(image: &RgbImage) -> Option<f64> {
        let (width, height) = (image.width(), image.height());
        if width <= 2 * BORDER + 1 || height <= 2 * BORDER + 1 {
            return None;
        }
        let grey: Vec<f64> =
            image.pixels().chunks(3).map(|p| p.iter().map(|v| f64::from(*v)).sum()).collect();
        let mut blurred = grey.clone();
        for y in 2..height - 2 {
            for x in 2..width - 2 {
                let sum: f64 = (0..25).map(|d| grey[(y + d / 5 - 2) * width + x + d % 5 - 2]).sum();
                blurred[y * width + x] = sum / 25.0;
            }
        }
        let (sharp, blurred) = (variance(&grey, width, height), variance(&blurred, width, height));
        (blurred > 0.0).then(|| sharp / blurred)
    }

    fn variance(grey: &[f64], width: usize, height: usize) -> f64 {
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for y in BORDER..height - BORDER {
            for x in BORDER..width - BORDER {
                let at = y * width + x;
                let laplacian = grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width]
                    - 4.0 * grey[at];
                sum += laplacian;
                squares += laplacian * laplacian;
                count += 1.0;
            }
        }
        squares / count - (sum / count) * (sum / count)
    }
}

pub(crate) mod stain {
    //! Stain: the mean optical density.

    use contract::RgbImage;
    use kernels::Mask;

    /// Mean of -log10(value / 255) by channel over the mask, with black as 1.
    pub(crate) fn mean_od(image: &RgbImage, mask: &Mask) -> Option<[f64; 3]> {
        let mut sums = [0.0; 3];
        for y in 0..image.height() {
            for x in (0..image.width()).filter(|x| mask.get(*x, y)) {
                for (sum, value) in sums.iter_mut().zip(image.pixel(x, y)) {
                    *sum -= (f64::from(value.max(1)) / 255.0).log10();
                }
            }
        }
        let count = mask.count();
        (count > 0).then(|| sums.map(|sum| sum / count as f64))
    }
}

pub(crate) mod blend {
    //! Blending of overlapping class maps by a Gaussian weight.

    use contract::{Size, UNLABELLED};

    /// The class maps of one window.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Window<'a> {
        pub(crate) origin: (usize, usize),
        pub(crate) size: Size,
        /// One plane a class.
        pub(crate) planes: &'a [f32],
    }

    /// The class with the greatest weighted sum over the windows, in their order, for each cell of
    /// the area of `size` at `origin`.
    pub(crate) fn classes(
        windows: &[Window<'_>],
        count: usize,
        origin: (usize, usize),
        size: Size,
    ) -> Vec<u8> {
        let mut classes = Vec::with_capacity(size.pixels());
        let mut sums = vec![0.0; count];
        for y in origin.1..origin.1 + size.height {
            for x in origin.0..origin.0 + size.width {
                sums.fill(0.0);
                let mut seen = 0;
                for window in windows {
                    seen += usize::from(add(window, (x, y), &mut sums));
                }
                classes.push(if seen == 0 { UNLABELLED } else { argmax(&sums) });
            }
        }
        classes
    }

    fn add(window: &Window<'_>, (x, y): (usize, usize), sums: &mut [f32]) -> bool {
        let Size { width, height } = window.size;
        let (x, y) = (x.wrapping_sub(window.origin.0), y.wrapping_sub(window.origin.1));
        if x >= width || y >= height {
            return false;
        }
        let weight = weight(x, width) * weight(y, height);
        for (sum, plane) in sums.iter_mut().zip(window.planes.chunks_exact(width * height)) {
            *sum += weight * plane[y * width + x];
        }
        true
    }

    fn weight(at: usize, edge: usize) -> f32 {
        let sigmas = (at as f32 + 0.5 - edge as f32 / 2.0) / (edge as f32 / 8.0);
        (-0.5 * sigmas * sigmas).exp().max(1e-6)
    }

    fn argmax(sums: &[f32]) -> u8 {
        let mut best = 0;
        for (class, sum) in sums.iter().enumerate() {
            if *sum > sums[best] {
                best = class;
            }
        }
        best as u8
    }
}
