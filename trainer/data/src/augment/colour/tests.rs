use proptest::prelude::*;

use super::*;

const MEAN: [f32; 3] = [0.70, 0.55, 0.68];
const STD: [f32; 3] = [0.20, 0.22, 0.18];

fn painter(change: impl Fn(&mut Augmentation)) -> Painter {
    let mut augmentation = Augmentation::UNCHANGED;
    change(&mut augmentation);
    Painter::new(augmentation, MEAN, STD)
}

/// Intensities of 0 to 1 after painting, before mean and deviation.
fn painted(painter: &Painter, pixels: &[u8], seed: u64) -> Vec<f32> {
    let length = pixels.len() / 3;
    let mut planes = vec![9.0; pixels.len()];
    let palette = painter.draw(&mut Random::of(&[seed]));
    painter.paint(pixels, Size::new(length, 1), palette, &mut planes);
    planes
        .iter()
        .enumerate()
        .map(|(at, value)| value * STD[at / length] + MEAN[at / length])
        .collect()
}

fn all_greys_and_some_colours() -> Vec<u8> {
    let greys = (0..=255_u8).flat_map(|value| [value; 3]);
    greys.chain([200, 120, 180, 90, 40, 120, 240, 200, 230]).collect()
}

#[test]
fn no_change_is_value_over_255() {
    let pixels = all_greys_and_some_colours();

    let planes = painted(&painter(|_| ()), &pixels, 1);

    let length = pixels.len() / 3;
    for (at, value) in planes.iter().enumerate() {
        let expected = f32::from(pixels[3 * (at % length) + at / length]) / 255.0;
        assert!((value - expected).abs() < 1e-6, "{value} {expected}");
    }
}

#[test]
fn the_way_through_optical_density_leaves_colours_as_they_are() {
    let pixels = all_greys_and_some_colours();
    let painter = painter(|_| ());
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let mut planes = vec![0.0; pixels.len()];

    painter.restain(&pixels, &identity, [0.0; 3], &mut planes);

    let length = pixels.len() / 3;
    for (at, value) in planes.iter().enumerate() {
        let expected = f32::from(pixels[3 * (at % length) + at / length]) / 255.0;
        assert!((value - expected).abs() < 2e-6, "{value} {expected}");
    }
}

#[test]
fn the_stains_unmix() {
    let painter = painter(|_| ());

    let identity = product(painter.unmix, painter.stains);

    for (row, line) in identity.iter().enumerate() {
        for (column, value) in line.iter().enumerate() {
            let expected = if row == column { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-12, "{identity:?}");
        }
    }
}

#[test]
fn haematoxylin_stays_haematoxylin_when_stains_are_scaled() {
    let painter = painter(|augmentation| augmentation.colour.stain_scale = 0.5);
    let stain = painter.stains[0];
    let pixel = stain.map(|part| (256.0 * (-0.8 * part).exp() - 1.0).round() as u8);

    for seed in 0..20 {
        let planes = painted(&painter, &pixel, seed);

        let od =
            [0, 1, 2].map(|channel| -((f64::from(planes[channel]) * 255.0 + 1.0) / 256.0).ln());
        let direction = scaled_to_1(od);
        let off = (0..3).map(|i| (direction[i] - stain[i]).powi(2)).sum::<f64>().sqrt();
        // The pixel was rounded to 8 bits.
        assert!(off < 0.02, "{direction:?} {stain:?}");
        let strength = dot(od, od).sqrt();
        assert!((0.8 * (-0.51_f64).exp()..0.8 * 0.51_f64.exp()).contains(&strength), "{strength}");
    }
}

#[test]
fn a_tilted_stain_keeps_its_length_and_its_angle() {
    let mut random = Random::of(&[4]);
    for _ in 0..50 {
        let stain = painter(|_| ()).stains[1];

        let tilted = tilted(stain, 0.2, &mut random);

        assert!((dot(tilted, tilted) - 1.0).abs() < 1e-12);
        assert!(dot(tilted, stain) >= 0.2_f64.cos() - 1e-12);
    }
}

#[test]
fn hue_and_saturation_leave_grey_grey() {
    let painter = painter(|augmentation| {
        augmentation.colour.hue = 1.0;
        augmentation.colour.saturation = 1.0;
    });
    for seed in 0..20 {
        let planes = painted(&painter, &[90, 90, 90, 200, 200, 200], seed);

        for (at, expected) in [(0, 90.0), (1, 200.0)] {
            for channel in 0..3 {
                assert!((planes[2 * channel + at] * 255.0 - expected).abs() < 1e-3, "{planes:?}");
            }
        }
    }
}

#[test]
fn contrast_keeps_the_mean() {
    let painter = painter(|augmentation| augmentation.colour.contrast = 0.3);
    let pixels = [100, 100, 100, 140, 140, 140];
    for seed in 0..20 {
        let planes = painted(&painter, &pixels, seed);

        assert!((planes[0] + planes[1] - 240.0 / 255.0).abs() < 1e-5, "{planes:?}");
    }
    assert!((painted(&painter, &pixels, 1)[0] - 100.0 / 255.0).abs() > 1e-3);
}

#[test]
fn noise_has_the_deviation_that_was_drawn() {
    let some = Sometimes { probability: 1.0, sigma_min: 0.04, sigma_max: 0.04 };
    let painter = painter(|augmentation| augmentation.noise = Some(some));
    let pixels = vec![128; 3 * 10_000];

    let planes = painted(&painter, &pixels, 1);

    let squares = planes.iter().map(|value| f64::from(value - 128.0 / 255.0).powi(2));
    let sigma = (squares.sum::<f64>() / 30_000.0).sqrt();
    assert!((sigma - 0.04).abs() < 0.001, "{sigma}");
}

#[test]
fn blur_reaches_from_pixel_to_pixel_and_not_between_channels() {
    let some = Sometimes { probability: 1.0, sigma_min: 1.0, sigma_max: 1.0 };
    let painter = painter(|augmentation| augmentation.blur = Some(some));
    let mut pixels = vec![0; 3 * 9];
    pixels[3 * 4] = 255;

    let planes = painted(&painter, &pixels, 1);

    assert!((0.35..0.45).contains(&planes[4]) && planes[3] > 0.2, "{planes:?}");
    assert!(planes[9..].iter().all(|value| value.abs() < 1e-6), "{planes:?}");
}

#[test]
fn sharpening_steepens_an_edge_and_leaves_what_is_flat() {
    let sharpen = Sharpen { probability: 1.0, sigma_px: 1.0, amount_max: 2.0 };
    let painter = painter(|augmentation| augmentation.sharpen = Some(sharpen));
    let row = |left: u8, right: u8| [[left; 3]; 8].into_iter().chain([[right; 3]; 8]);
    let edge: Vec<u8> = (0..16).flat_map(|_| row(100, 150)).flatten().collect();
    let flat: Vec<u8> = (0..16).flat_map(|_| row(120, 120)).flatten().collect();

    let (steep, even) = (painted(&painter, &edge, 1), painted(&painter, &flat, 1));

    let (dark, light) = (100.0 / 255.0, 150.0 / 255.0);
    assert!(steep[7] < dark - 0.01 && steep[8] > light + 0.01, "{:?}", &steep[6..10]);
    assert!((steep[0] - dark).abs() < 1e-3, "{}", steep[0]);
    assert!(even.iter().all(|value| (value - 120.0 / 255.0).abs() < 1e-5));
}

#[test]
fn what_happens_sometimes_happens_to_its_share() {
    let some = Sometimes { probability: 0.25, sigma_min: 0.5, sigma_max: 1.0 };
    let mut random = Random::of(&[5]);

    let drawn: Vec<f64> = (0..4_000).map(|_| draw_sometimes(Some(some), &mut random)).collect();

    let happened = drawn.iter().filter(|sigma| **sigma > 0.0).count();
    // 1,000 expected, standard deviation 27.
    assert!((880..1_120).contains(&happened), "{happened}");
    assert!(drawn.iter().all(|sigma| *sigma == 0.0 || (0.5..=1.0).contains(sigma)));
}

proptest! {
    #[test]
    fn the_exponential_is_right_to_seven_digits(x in 0.0_f32..80.0) {
        let exact = (-f64::from(x)).exp();

        let relative = (f64::from(exp_of_minus(x)) - exact) / exact;

        // Half a unit in the last place of x itself is worth x · 6e-8.
        prop_assert!(relative.abs() < 3e-7 + 2e-7 * f64::from(x), "{relative}");
    }

    #[test]
    fn painted_values_are_finite_and_in_range(
        pixels in prop::collection::vec(any::<u8>(), 3 * 12),
        seed: u64,
    ) {
        let painter = painter(|augmentation| {
            augmentation.colour = Colour {
                stain_scale: 1.0,
                stain_shift: 0.3,
                intensity: 1.0,
                stain_angle: 0.3,
                saturation: 1.0,
                hue: 3.0,
                gain: 1.0,
                brightness: 0.5,
                contrast: 1.0,
            };
        });

        let planes = painted(&painter, &pixels, seed);

        prop_assert!(planes.iter().all(|value| (-1e-6..=1.0 + 1e-6).contains(value)));
    }
}
