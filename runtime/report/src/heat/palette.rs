//! Colours of a density: `viridis`, turned about, so that more TILs are darker on the pale image.
//!
//! viridis is by Stéfan van der Walt and Nathaniel Smith (matplotlib, `_cm_listed.py`, CC0): equal
//! steps of the value are equal steps to the eye, lightness alone tells the order, in grey and to
//! the colour-blind. Of its 256 colours these are every sixteenth; between them it is linear.

use crate::picture::canvas::Colour;

/// From the most to none.
const VIRIDIS: [Colour; 17] = [
    [68, 1, 84],
    [72, 24, 106],
    [71, 45, 123],
    [66, 64, 134],
    [59, 82, 139],
    [51, 99, 141],
    [44, 114, 142],
    [38, 130, 142],
    [33, 145, 140],
    [31, 160, 136],
    [40, 174, 128],
    [63, 188, 115],
    [94, 201, 98],
    [132, 212, 75],
    [173, 220, 48],
    [216, 226, 25],
    [253, 231, 37],
];

/// The colour of a part of the scale, 0 to 1; beyond it, that of the nearer end.
pub(super) fn colour(part: f64) -> Colour {
    let last = VIRIDIS.len() - 1;
    let at = (1.0 - part.clamp(0.0, 1.0)) * last as f64;
    let first = (at as usize).min(last - 1);
    let share = at - first as f64;
    let (from, to) = (VIRIDIS[first], VIRIDIS[first + 1]);
    std::array::from_fn(|channel| {
        let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
        (from + (to - from) * share).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_those_of_the_table_and_what_lies_beyond_is_theirs() {
        assert_eq!([0.0, -3.0, f64::NEG_INFINITY].map(colour), [VIRIDIS[16]; 3]);
        assert_eq!([1.0, 7.0, f64::INFINITY].map(colour), [VIRIDIS[0]; 3]);
        assert_eq!(colour(0.5), VIRIDIS[8]);
    }

    #[test]
    fn equal_steps_are_equal_to_the_eye_and_darker_is_more() {
        let lightness: Vec<f64> =
            (0..=16u8).map(|step| cie_lightness(colour(f64::from(step) / 16.0))).collect();

        let steps: Vec<f64> = lightness.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let mean = steps.iter().sum::<f64>() / 16.0;
        assert!(steps.iter().all(|step| (step / mean - 1.0).abs() < 0.3), "{steps:?}");
        assert!(lightness[0] > 85.0 && lightness[16] < 20.0, "{lightness:?}");
    }

    /// L* of CIELAB for an sRGB colour, 0 to 100 (IEC 61966-2-1, CIE 15).
    fn cie_lightness(colour: Colour) -> f64 {
        let linear = colour.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        let y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
    }
}
