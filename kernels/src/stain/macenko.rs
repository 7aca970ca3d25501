//! The stain vectors of haematoxylin and eosin (Macenko et al. 2009).
//!
//! Pixels whose optical density is above 0.15 in every channel span, about the plane of their two
//! greatest principal directions, a fan; its edges, the 1st and the 99th percentile of the angle, are
//! the stains. Haematoxylin is the one with the greater share of red.
//!
//! Optical densities are natural, `−ln((v + 1) / 256)`, as in the published code; everything is f64.

use contract::RgbImage;
use thiserror::Error;

use crate::Mask;

/// Least optical density of a stained pixel, in each channel.
const OD_MIN: f64 = 0.15;

/// Fewest stained pixels that a fan is fitted to.
const PIXELS_MIN: usize = 100;

/// Percentile of the angle that is taken for the edge of the fan.
const EDGE_PERCENT: f64 = 1.0;

/// Unit vectors of optical density (red, green, blue).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StainVectors {
    /// Of haematoxylin.
    pub haematoxylin: [f64; 3],
    /// Of eosin.
    pub eosin: [f64; 3],
}

/// Why no stains were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StainError {
    /// Too little is stained.
    #[error(
        "{found} px of the image are stained, fewer than {PIXELS_MIN}: give a part with more tissue"
    )]
    Pixels {
        /// Stained pixels.
        found: usize,
    },
    /// All stained pixels have one colour.
    #[error("the stained pixels have one colour only, so two stains cannot be told apart")]
    OneColour,
}

/// Fits the stain vectors to the pixels of `image` that `tissue` sets.
///
/// # Panics
/// If image and mask differ in size.
pub fn macenko(image: &RgbImage, tissue: &Mask) -> Result<StainVectors, StainError> {
    assert_eq!(image.size(), tissue.size(), "image and mask have the same size");
    let densities = stained(image, tissue);
    if densities.len() < PIXELS_MIN {
        return Err(StainError::Pixels { found: densities.len() });
    }
    let (first, second) = plane_of(covariance(&densities)).ok_or(StainError::OneColour)?;
    let mut angles: Vec<f64> =
        densities.iter().map(|od| dot(od, &second).atan2(dot(od, &first))).collect();
    angles.sort_unstable_by(f64::total_cmp);
    let stain = |percent: f64| {
        let angle = percentile(&angles, percent);
        unit(std::array::from_fn(|i| first[i] * angle.cos() + second[i] * angle.sin()))
    };
    let (one, other) = (stain(EDGE_PERCENT), stain(100.0 - EDGE_PERCENT));
    let (haematoxylin, eosin) = if one[0] > other[0] { (one, other) } else { (other, one) };
    Ok(StainVectors { haematoxylin, eosin })
}

/// Optical densities of the stained pixels.
fn stained(image: &RgbImage, tissue: &Mask) -> Vec<[f64; 3]> {
    let table: Vec<f64> = (0..256).map(|value| -((f64::from(value) + 1.0) / 256.0).ln()).collect();
    let mut densities = Vec::new();
    for y in 0..image.height() {
        for x in (0..image.width()).filter(|&x| tissue.get(x, y)) {
            let od = image.pixel(x, y).map(|value| table[usize::from(value)]);
            if od.iter().all(|&od| od > OD_MIN) {
                densities.push(od);
            }
        }
    }
    densities
}

fn covariance(densities: &[[f64; 3]]) -> [[f64; 3]; 3] {
    let count = densities.len() as f64;
    let mean: [f64; 3] =
        std::array::from_fn(|i| densities.iter().map(|od| od[i]).sum::<f64>() / count);
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let products = densities.iter().map(|od| (od[i] - mean[i]) * (od[j] - mean[j]));
            products.sum::<f64>() / (count - 1.0)
        })
    })
}

/// The two principal directions of the greatest variance, each turned so that its components sum
/// to a positive number; `None` where there is no variance.
fn plane_of(covariance: [[f64; 3]; 3]) -> Option<([f64; 3], [f64; 3])> {
    let (values, vectors) = eigen(covariance);
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let turned = |index: usize| {
        let vector: [f64; 3] = std::array::from_fn(|row| vectors[row][index]);
        if vector.iter().sum::<f64>() < 0.0 { vector.map(|v| -v) } else { vector }
    };
    (values[order[0]] > 1e-12).then(|| (turned(order[0]), turned(order[1])))
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut matrix: [[f64; 3]; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    // Convergence is quadratic: six sweeps are enough for f64, the rest is for safety.
    const SWEEPS: usize = 16;
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..SWEEPS {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if matrix[p][q] == 0.0 {
                continue;
            }
            let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
            let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
            rotate(&mut matrix, &mut vectors, (p, q), (cosine, tangent * cosine));
        }
    }
    (std::array::from_fn(|i| matrix[i][i]), vectors)
}

/// Turns rows and columns `p` and `q` of the matrix, and these columns of the vectors.
fn rotate(
    matrix: &mut [[f64; 3]; 3],
    vectors: &mut [[f64; 3]; 3],
    (p, q): (usize, usize),
    (cosine, sine): (f64, f64),
) {
    for row in matrix.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    let (a, b) = (matrix[p], matrix[q]);
    matrix[p] = std::array::from_fn(|column| cosine * a[column] - sine * b[column]);
    matrix[q] = std::array::from_fn(|column| sine * a[column] + cosine * b[column]);
}

/// Linear between the two nearest ranks, as numpy does.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = percent / 100.0 * (sorted.len() - 1) as f64;
    let (low, part) = (rank.floor() as usize, rank.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * part
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn unit(vector: [f64; 3]) -> [f64; 3] {
    let length = dot(&vector, &vector).sqrt();
    vector.map(|component| component / length)
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn stains_that_were_mixed_are_found_again() {
        let (h, e) = (unit([0.65, 0.70, 0.29]), unit([0.20, 0.95, 0.25]));
        let size = Size::new(200, 200);
        let pixels = (0..size.pixels()).flat_map(|i| {
            // One stain alone at either edge of the fan, all mixtures between, in several strengths.
            let share = f64::from((i % 101) as u32) / 100.0;
            let strength = 1.0 + f64::from((i / 101 % 7) as u32) / 5.0;
            let od: [f64; 3] =
                std::array::from_fn(|c| strength * (share * h[c] + (1.0 - share) * e[c]));
            od.map(|od| (256.0 * (-od).exp() - 1.0).round().clamp(0.0, 255.0) as u8)
        });
        let image = RgbImage::new(size, pixels.collect()).unwrap();

        let found = macenko(&image, &Mask::from_fn(size, |_, _| true)).unwrap();

        assert!(dot(&found.haematoxylin, &h) > 0.999, "{found:?}");
        assert!(dot(&found.eosin, &e) > 0.999, "{found:?}");
    }

    #[test]
    fn glass_and_a_single_colour_have_no_stains() {
        let all = |size| Mask::from_fn(size, |_, _| true);
        let size = Size::new(20, 20);

        let glass = macenko(&RgbImage::filled(size, [250; 3]), &all(size));
        let flat = macenko(&RgbImage::filled(size, [100, 50, 150]), &all(size));

        assert_eq!(glass, Err(StainError::Pixels { found: 0 }));
        assert_eq!(flat, Err(StainError::OneColour));
    }

    #[test]
    fn eigenvectors_are_those_of_the_matrix() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 1.0]];

        let (values, vectors) = eigen(matrix);

        for (index, value) in values.into_iter().enumerate() {
            let vector: [f64; 3] = std::array::from_fn(|row| vectors[row][index]);
            for row in 0..3 {
                assert!((dot(&matrix[row], &vector) - value * vector[row]).abs() < 1e-12);
            }
        }
    }
}
