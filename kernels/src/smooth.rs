//! Gaussian smoothing of a map.
//!
//! **Contract.** Standard deviation `σ` px, 0 to 5; 0 leaves the map as it is. The kernel is as wide
//! as OpenCV makes it for f32 maps: `n = round_half_to_even(8σ + 1) | 1`. Taps `e^(-x²/2σ²)`, divided
//! by their sum, are computed in f64 and rounded once to f32; the exponential is written out below,
//! so that taps do not depend on a mathematical library. Passes and borders are those of
//! `separable.rs`: down the columns first.

use contract::Size;

use crate::gradient::plane;
use crate::separable::{Separable, Symmetry, Taps};

/// The largest standard deviation.
pub const SIGMA_MAX: f32 = 5.0;

/// A map smoothed with standard deviation `sigma_px`, row-major.
///
/// # Panics
/// If the map is not of `size`, or if `sigma_px` is not within 0 to [`SIGMA_MAX`].
pub fn smooth(size: Size, map: &[f32], sigma_px: f32) -> Vec<f32> {
    gaussian(sigma_px).filter(plane(size, map))
}

/// The filter of standard deviation `sigma_px`.
pub(crate) fn gaussian(sigma_px: f32) -> Separable {
    let taps = gaussian_taps(sigma_px);
    Separable::new(taps.clone(), taps)
}

fn gaussian_taps(sigma_px: f32) -> Taps {
    assert!(
        (0.0..=SIGMA_MAX).contains(&sigma_px),
        "a standard deviation is 0 to {SIGMA_MAX} px, not {sigma_px}"
    );
    let sigma = f64::from(sigma_px);
    let radius =
        if sigma > 0.0 { ((8.0 * sigma + 1.0).round_ties_even() as usize | 1) / 2 } else { 0 };
    let weights: Vec<f64> =
        (0..=radius).map(|x| exp_of_minus((x * x) as f64 / (2.0 * sigma * sigma))).collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    Taps {
        symmetry: Symmetry::Even,
        centre: if radius > 0 { (weights[0] / sum) as f32 } else { 1.0 },
        sides: weights[1..].iter().map(|weight| (weight / sum) as f32).collect(),
    }
}

/// `e^-a` for 0 ≤ a ≤ about 10: Taylor's series at a / 2¹⁰, squared ten times.
pub(crate) fn exp_of_minus(a: f64) -> f64 {
    const HALVINGS: i32 = 10;
    let small = -a / f64::from(1 << HALVINGS);
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..=8 {
        term *= small / f64::from(n);
        sum += term;
    }
    (0..HALVINGS).fold(sum, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_enough_for_f32() {
        for step in 0..1000 {
            let a = f64::from(step) / 100.0;
            assert!((exp_of_minus(a) / (-a).exp() - 1.0).abs() < 1e-11, "{a}");
        }
    }

    #[test]
    fn taps_are_those_of_opencv() {
        // cv2.getGaussianKernel(13, 1.4, CV_32F) of OpenCV 5.0.0, from the centre outwards.
        let expected = [
            0.284_959_38,
            0.220_797_2,
            0.102_712_98,
            0.028_686_548,
            0.004_810_081_3,
            0.000_484_225_6,
            0.000_029_266_06,
        ];

        let taps = gaussian_taps(1.4);

        assert_eq!(taps.sides.len(), 6);
        for (tap, expected) in std::iter::once(&taps.centre).chain(&taps.sides).zip(expected) {
            assert!((tap - expected).abs() <= 3e-8, "{tap} {expected}");
        }
    }

    #[test]
    fn no_smoothing_changes_nothing() {
        let map: Vec<f32> = (0..35).map(|i| i as f32 * 0.37).collect();

        assert_eq!(smooth(Size::new(7, 5), &map, 0.0), map);
    }
}
