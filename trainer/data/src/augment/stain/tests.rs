use contract::Size;
use proptest::prelude::*;

use super::*;
use crate::augment::{Augmentation, Painter};
use crate::random::Random;

const STILL: &str = r#"{ "zoom": 1.0, "flip": false, "rotation": "none", "colour": {
    "stain_scale": 0.0, "stain_shift": 0.0, "intensity": 0.0, "stain_angle": 0.0,
    "saturation": 0.0, "hue": 0.0, "gain": 0.0, "brightness": 0.0, "contrast": 0.0 } }"#;

/// Rose and violet, neither pale nor nearly black, of the random stream `seed`.
fn tissue(seed: u64, spread: f64) -> RgbImage {
    let mut random = Random::of(&[seed]);
    let centre = [0; 3].map(|_| random.between(110.0, 170.0));
    let pixels = (0..120 * 90)
        .flat_map(|_| {
            let all = random.around(spread);
            centre.map(|middle| (middle + all + random.around(spread / 2.0)).round() as u8)
        })
        .collect();
    RgbImage::new(Size::new(120, 90), pixels).unwrap()
}

/// `image` after `map`, painted as crops are, in whole values again.
fn painted(image: &RgbImage, map: &StainMap) -> RgbImage {
    let augmentation: Augmentation = serde_json::from_str(STILL).unwrap();
    let painter = Painter::new(augmentation, [0.0; 3], [1.0; 3]);
    let palette = painter.draw(&mut Random::of(&[1])).after(Some(map));
    let length = image.size().pixels();
    let mut planes = vec![0.0; 3 * length];
    painter.paint(image.pixels(), image.size(), palette, &mut planes);
    let pixels = (0..3 * length)
        .map(|at| (planes[at % 3 * length + at / 3] * 255.0).round() as u8)
        .collect();
    RgbImage::new(image.size(), pixels).unwrap()
}

fn worst(a: &StainStatistics, b: &StainStatistics) -> f64 {
    let pairs = a.mean.iter().chain(&a.sd).zip(b.mean.iter().chain(&b.sd));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn the_components_are_orthonormal() {
    for (i, a) in COMPONENTS.iter().enumerate() {
        for (j, b) in COMPONENTS.iter().enumerate() {
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!((dot(*a, *b) - expected).abs() < 1e-12, "{i} {j}");
        }
    }
}

#[test]
fn statistics_are_those_of_numpy() {
    let pixels = (0..61 * 83_usize)
        .flat_map(|at| {
            let (x, y) = (at % 61, at / 61);
            [(x * 7 + y * 3) % 256, (x * x + y * 5) % 256, (x * y + 40) % 256]
        })
        .map(|value| value as u8)
        .collect();
    let image = RgbImage::new(Size::new(61, 83), pixels).unwrap();

    let statistics = StainStatistics::of(&image);

    // In float64: od of a[::2, ::2], z = od[od.mean(1) > .08] @ B.T, z.mean(0), z.std(0) + .001.
    let expected = StainStatistics { mean: NUMPY_MEAN, sd: NUMPY_SD };
    assert!(worst(&statistics, &expected) < 1e-9, "{statistics:?}");
}

const NUMPY_MEAN: [f64; 3] = [1.780_781_463_016, -0.051_196_225_177, 0.015_053_002_272];
const NUMPY_SD: [f64; 3] = [1.008_312_440_883, 1.004_863_171_373, 0.991_538_950_493];

#[test]
fn glass_does_not_count_unless_there_is_little_else() {
    let half = |rows: usize| {
        let pixels =
            (0..60 * 60).flat_map(|at| if at / 60 < rows { [120, 60, 140] } else { [250; 3] });
        StainStatistics::of(&RgbImage::new(Size::new(60, 60), pixels.collect()).unwrap())
    };

    // 30 pixels of every second row are looked at.
    let (plenty, few) = (half(34), half(32));

    assert!(plenty.sd.iter().all(|sd| (sd - SD_MIN).abs() < 1e-6), "{plenty:?}");
    assert!(few.sd[0] > 0.3, "{few:?}");
    assert!(few.mean[0] < plenty.mean[0]);
}

#[test]
fn an_image_of_one_colour_or_none_has_finite_statistics() {
    let none = StainStatistics::of(&RgbImage::filled(Size::new(0, 0), [0; 3]));
    let one = StainStatistics::of(&RgbImage::filled(Size::new(1, 1), [0; 3]));

    assert_eq!(none, StainStatistics { mean: [0.0; 3], sd: [SD_MIN; 3] });
    assert!((one.mean[0] - 256.0_f64.ln() * 3.0_f64.sqrt()).abs() < 1e-12, "{one:?}");
    assert!(one.sd.iter().all(|sd| sd.is_finite() && *sd >= SD_MIN));
}

#[test]
fn no_strength_is_no_change() {
    let (from, to) = (StainStatistics::of(&tissue(1, 20.0)), StainStatistics::of(&tissue(2, 40.0)));

    let map = StainMap::towards(&from, &to, 0.0);

    for (row, line) in map.matrix.iter().enumerate() {
        for (column, value) in line.iter().enumerate() {
            let expected = if row == column { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-12, "{map:?}");
        }
    }
    assert!(map.shift.iter().all(|shift| shift.abs() < 1e-12), "{map:?}");
}

#[test]
fn a_spread_is_stretched_no_more_than_its_limit() {
    let from = StainStatistics { mean: [0.8, 0.0, -0.2], sd: [0.1; 3] };
    let to = StainStatistics { sd: [1.0, 0.01, 0.1], ..from };

    let map = StainMap::towards(&from, &to, 1.0);

    for (component, factor) in COMPONENTS.into_iter().zip([2.5, 0.4, 1.0]) {
        let image = [0, 1, 2].map(|to| dot(component, map.matrix.map(|row| row[to])));
        assert!((dot(image, component) - factor).abs() < 1e-12, "{factor}");
    }
}

proptest! {
    #[test]
    fn a_mapped_image_has_the_statistics_of_its_target(a in 0_u64..1_000, b in 0_u64..1_000) {
        let (image, other) = (tissue(a, 25.0), tissue(b, 35.0));
        let (from, to) = (StainStatistics::of(&image), StainStatistics::of(&other));

        let mapped = painted(&image, &StainMap::towards(&from, &to, 1.0));

        // Whole values are off by a half: 0.004 of a density at 120.
        let statistics = StainStatistics::of(&mapped);
        prop_assert!(worst(&statistics, &to) < 0.004, "{statistics:?} {to:?}");
    }

    #[test]
    fn half_the_strength_is_half_the_way_of_the_mean(a in 0_u64..1_000, b in 0_u64..1_000) {
        let (image, other) = (tissue(a, 25.0), tissue(b, 35.0));
        let (from, to) = (StainStatistics::of(&image), StainStatistics::of(&other));

        let mapped = painted(&image, &StainMap::towards(&from, &to, 0.5));

        let expected = StainStatistics {
            mean: [0, 1, 2].map(|i| f64::midpoint(from.mean[i], to.mean[i])),
            sd: [0, 1, 2].map(|i| ((from.sd[i]) * to.sd[i]).sqrt()),
        };
        let statistics = StainStatistics::of(&mapped);
        prop_assert!(worst(&statistics, &expected) < 0.004, "{statistics:?} {expected:?}");
    }
}
