//! Gaussian smoothing of a plane of floats.
//!
//! As `OpenCV` smooths floats: the kernel reaches 4 σ (size round(8σ + 1) | 1), its samples are
//! scaled to a sum of 1, and the border is mirrored without repeating the outermost pixel.

use contract::Size;

/// Smooths `plane`, of `size`, with standard deviation `sigma` px; 0 leaves it as it is.
pub(crate) fn gaussian(plane: &mut [f32], size: Size, sigma: f64) {
    if sigma <= 0.0 || size.pixels() == 0 {
        return;
    }
    let kernel = kernel(sigma);
    let mut padded = Vec::new();
    for row in plane.chunks_exact_mut(size.width) {
        pad(row, kernel.len() / 2, &mut padded);
        convolve(&padded, &kernel, row);
    }
    along_columns(plane, size, &kernel);
}

/// Sums whole rows, so that the inner loop runs over neighbours in memory.
fn along_columns(plane: &mut [f32], size: Size, kernel: &[f32]) {
    let source = plane.to_vec();
    let radius = kernel.len() / 2;
    for (y, row) in plane.chunks_exact_mut(size.width).enumerate() {
        row.fill(0.0);
        for (tap, &weight) in kernel.iter().enumerate() {
            let from = mirrored(y as isize + tap as isize - radius as isize, size.height);
            let other = &source[from * size.width..][..size.width];
            for (sum, &value) in row.iter_mut().zip(other) {
                *sum += weight * value;
            }
        }
    }
}

fn kernel(sigma: f64) -> Vec<f32> {
    let radius = ((sigma * 8.0 + 1.0).round() as usize | 1) / 2;
    let weights: Vec<f64> = (0..=2 * radius)
        .map(|tap| {
            let offset = tap as f64 - radius as f64;
            (-offset * offset / (2.0 * sigma * sigma)).exp()
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

fn pad(row: &[f32], radius: usize, padded: &mut Vec<f32>) {
    padded.clear();
    let (radius, length) = (radius as isize, row.len() as isize);
    padded.extend((-radius..0).map(|x| row[mirrored(x, row.len())]));
    padded.extend_from_slice(row);
    padded.extend((length..length + radius).map(|x| row[mirrored(x, row.len())]));
}

fn convolve(padded: &[f32], kernel: &[f32], row: &mut [f32]) {
    row.fill(0.0);
    for (tap, &weight) in kernel.iter().enumerate() {
        for (sum, &value) in row.iter_mut().zip(&padded[tap..]) {
            *sum += weight * value;
        }
    }
}

/// The position that stands for `position` beyond the border: `dcb|abcd|cba`.
pub(super) fn mirrored(position: isize, length: usize) -> usize {
    if length == 1 {
        return 0;
    }
    let period = 2 * (length as isize - 1);
    let within = position.rem_euclid(period);
    within.min(period - within) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_is_mirrored_without_its_outermost_pixel() {
        let row: Vec<usize> = (-4..8).map(|x| mirrored(x, 4)).collect();

        assert_eq!(row, [2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!(mirrored(-7, 1), 0);
    }

    const OPENCV: [f32; 12] = [
        0.227_706_36,
        0.259_604_36,
        0.114_292_76,
        0.021_852_31,
        0.104_452_83,
        0.119_084_99,
        0.052_428_06,
        0.010_024_03,
        0.020_009_44,
        0.022_812_44,
        0.010_043_35,
        0.001_920_25,
    ];

    #[test]
    fn a_plane_is_smoothed_as_opencv_does() {
        // cv2.GaussianBlur(a, (0, 0), 0.8) of a 4 × 3 float image that is 1 at column 1, row 0.
        let mut plane = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

        gaussian(&mut plane, Size::new(4, 3), 0.8);

        for (got, expected) in plane.iter().zip(OPENCV) {
            assert!((got - expected).abs() < 1e-6, "{plane:?}");
        }
    }

    #[test]
    fn an_even_plane_stays_even() {
        let mut plane = vec![0.25; 30];

        gaussian(&mut plane, Size::new(5, 6), 2.5);

        assert!(plane.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }
}
