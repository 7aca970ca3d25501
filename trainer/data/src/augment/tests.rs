use contract::{RgbImage, Size};
use kernels::resample::Resampler;
use proptest::prelude::*;

use super::free::Placement;
use super::*;
use crate::random::Random;

/// An image whose every pixel tells its place: red the column, green the row.
fn places(size: Size) -> RgbImage {
    let pixels = (0..size.pixels())
        .flat_map(|at| [(at % size.width) as u8, (at / size.width) as u8, (at % 251) as u8])
        .collect();
    RgbImage::new(size, pixels).unwrap()
}

fn still() -> Augmentation {
    Augmentation::UNCHANGED
}

fn mpp(um_per_px: f64) -> Mpp {
    Mpp::new(um_per_px).unwrap()
}

fn cut(image: &RgbImage, edge: usize, augmentation: Augmentation, seed: u64) -> Crop {
    let cutter = Cutter { edge, mpp: mpp(0.5), augmentation };
    let source = Source { image, mpp: mpp(0.25) };
    cutter.cut(source, Aim::Anywhere, &mut Random::of(&[seed]))
}

#[test]
fn a_crop_shows_the_pixels_that_the_runtime_sees() {
    let image = places(Size::new(61, 47));
    let grid = Resampler::new(mpp(0.25), mpp(0.5));
    let whole = grid.window(&image, (0, 0), (0, 0), grid.output_size(image.size()));

    for seed in 0..20 {
        let crop = cut(&image, 16, still(), seed);

        // Red and green of the first pixel tell where the crop lies.
        let (left, top) = (usize::from(crop.pixels[0]) / 2, usize::from(crop.pixels[1]) / 2);
        for at in 0..256 {
            let (x, y) = (left + at % 16, top + at / 16);
            assert_eq!(crop.pixels[3 * at..3 * at + 3], whole.pixel(x, y));
            assert_eq!(crop.source[at] as usize, (2 * y + 1).min(46) * 61 + (2 * x + 1).min(60));
        }
    }
}

#[test]
fn an_image_smaller_than_a_crop_is_mirrored_and_unknown_outside() {
    let image = places(Size::new(6, 6));

    let crop = cut(&image, 8, still(), 3);

    let known = crop.source.iter().filter(|source| **source != OUTSIDE).count();
    assert_eq!(known, 9);
    let colours: std::collections::BTreeSet<&[u8]> = crop.pixels.chunks_exact(3).collect();
    assert_eq!(colours.len(), 9);
}

#[test]
fn a_free_crop_that_is_not_turned_is_that_of_the_grid() {
    let image = places(Size::new(40, 40));
    let placement = Placement {
        centre: [14.0, 20.0],
        scale: 1.0,
        turn: Turn { flipped: false, quarters: 0 },
        angle: 0.0,
    };

    let crop = free::cut(&image, 8, &placement, None);

    for at in 0..64 {
        let (x, y) = (10 + at % 8, 16 + at / 8);
        assert_eq!(crop.pixels[3 * at..3 * at + 3], image.pixel(x, y));
        assert_eq!(crop.source[at] as usize, y * 40 + x);
    }
}

#[test]
fn a_free_turn_by_a_right_angle_is_a_quarter_turn() {
    let image = places(Size::new(40, 40));
    let place = |quarters: u8, angle: f64| Placement {
        centre: [17.0, 21.0],
        scale: 1.0,
        turn: Turn { flipped: true, quarters },
        angle,
    };

    for (quarters, angle) in [(0_u8, 0.0), (1, 0.5), (2, 1.0), (3, -0.5)] {
        let quarter = free::cut(&image, 8, &place(quarters, 0.0), None);
        let turns = [angle, -angle]
            .map(|angle| free::cut(&image, 8, &place(0, angle * std::f64::consts::PI), None));

        // A flip before turns the sense of rotation, so one of the two is it.
        let same = turns.iter().filter(|crop| crop.source == quarter.source).count();
        assert!(same >= 1, "{quarters} quarters");
        let turned = turns.iter().find(|crop| crop.source == quarter.source).unwrap();
        let axes = turned.axes.iter().flatten().zip(quarter.axes.iter().flatten());
        assert!(axes.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
        assert_eq!(turned.pixels, quarter.pixels);
    }
}

proptest! {
    /// `hv` under free rotation rests on these: axes of length 1, at right angles, of one scale.
    #[test]
    fn neighbours_in_a_crop_lie_one_step_along_its_axes(seed: u64, flip: bool) {
        let image = places(Size::new(200, 200));
        let augmentation =
            Augmentation { flip, zoom: 1.3, rotation: Rotation::Free, ..still() };

        let crop = cut(&image, 24, augmentation, seed);

        let place = |at: usize| {
            let index = crop.source[at];
            (index != OUTSIDE).then_some([(index % 200) as f32, (index / 200) as f32])
        };
        for (from, to, axis) in [(0, 23, 0), (0, 23 * 24, 1)] {
            if let (Some(a), Some(b)) = (place(from), place(to)) {
                for k in 0..2 {
                    let step = (b[k] - a[k]) / (23.0 * crop.source_px);
                    prop_assert!((step - crop.axes[axis][k]).abs() < 0.05);
                }
            }
        }
        let [h, v] = crop.axes;
        prop_assert!((h[0] * v[0] + h[1] * v[1]).abs() < 1e-5);
        prop_assert!((h[0] * h[0] + h[1] * h[1] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_crop_around_a_nucleus_holds_it(x in 0.0_f64..300.0, y in 0.0_f64..200.0, seed: u64) {
        let image = places(Size::new(300, 200));
        let cutter = Cutter { edge: 32, mpp: mpp(0.5), augmentation: still() };
        let source = Source { image: &image, mpp: mpp(0.25) };

        let crop = cutter.cut(source, Aim::At([x, y]), &mut Random::of(&[seed]));

        let near = |index: &u32| {
            let (px, py) = (f64::from(index % 300) + 0.5, f64::from(index / 300) + 0.5);
            (px - x).abs() <= 2.5 && (py - y).abs() <= 2.5
        };
        prop_assert!(crop.source.iter().any(near));
        prop_assert!(!crop.source.contains(&OUTSIDE));
    }
}

#[test]
fn a_bent_crop_moves_pixels_and_their_sources_together() {
    let image = places(Size::new(120, 120));
    let elastic = Elastic { probability: 1.0, amplitude_px: 5.0, spacing_px: 10.0 };
    let augmentation = Augmentation { elastic: Some(elastic), ..still() };

    let crop = cut(&image, 32, augmentation, 1);
    let straight = cut(&image, 32, still(), 1);

    assert_ne!(crop.source, straight.source);
    for (pixel, &source) in crop.pixels.chunks_exact(3).zip(&crop.source) {
        if source != OUTSIDE && (2..118).contains(&(source % 120)) {
            assert!(pixel[0].abs_diff((source % 120) as u8) <= 1, "{pixel:?} {source}");
        }
    }
}

#[test]
fn every_field_out_of_bounds_is_named() {
    let mut wrong = still();
    wrong.zoom = 0.9;
    wrong.blur = Some(Sometimes { probability: 1.5, sigma_min: 2.0, sigma_max: 1.0 });
    wrong.colour.hue = f64::NAN;

    let faults = wrong.faults(mpp(0.5));

    assert_eq!(
        faults,
        [
            "augmentation.zoom is 0.9, not 1 to 4",
            "augmentation.blur.probability is 1.5, not 0 to 1",
            "augmentation.blur.sigma_min is 2, not 0 to 1",
            "augmentation.colour.hue is NaN, not 0 to 3.141592653589793",
        ]
    );
    assert_eq!(still().faults(mpp(0.5)), Vec::<String>::new());
    let far = Augmentation { zoom: 2.0, ..still() };
    assert_eq!(far.faults(mpp(4.0)).len(), 1);
}
