use super::*;

#[test]
fn the_smallest_filter_is_the_well_known_one() {
    let (smooth, derivative) = (smoothing(3), derivative(3));

    assert_eq!((smooth.centre, smooth.sides), (0.5, vec![0.25]));
    assert_eq!((derivative.centre, derivative.sides), (0.0, vec![0.25]));
}

#[test]
fn taps_of_every_width_sum_to_one() {
    for width in (3..=31).step_by(2) {
        let Taps { centre, sides, .. } = smoothing(width);
        assert!((centre + 2.0 * sides.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{width}");
    }
}

#[test]
fn a_ramp_has_the_same_gradient_everywhere_but_at_the_border() {
    let size = Size::new(50, 40);
    let ramp: Vec<f32> = (0..size.pixels()).map(|i| (i % 50) as f32).collect();

    for width in [3, 11, 21] {
        let gradient = horizontal(size, &ramp, width);
        let inner = gradient[20 * 50 + 25];
        assert!(inner > 0.0);
        for (index, value) in gradient.iter().enumerate() {
            let border = (width / 2) as usize;
            if (border..50 - border).contains(&(index % 50)) {
                assert!((value - inner).abs() < 1e-4 * inner, "{width}: {value} at {index}");
            }
        }
        assert!(vertical(size, &ramp, width).iter().all(|value| value.abs() < 1e-4));
    }
}

#[test]
fn bounds_are_the_extremes_of_the_gradients() {
    let size = Size::new(37, 21);
    let map: Vec<f32> = (0..size.pixels()).map(|i| ((i * 7919) % 101) as f32).collect();

    let bounds = GradientBounds::measure(size, &map, &map, 5);

    let extremes = |values: Vec<f32>| {
        (
            values.iter().copied().fold(f32::MAX, f32::min),
            values.iter().copied().fold(f32::MIN, f32::max),
        )
    };
    assert_eq!(bounds.h, extremes(horizontal(size, &map, 5)));
    assert_eq!(bounds.v, extremes(vertical(size, &map, 5)));
}
