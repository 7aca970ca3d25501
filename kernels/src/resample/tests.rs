use proptest::prelude::*;

use super::*;

#[test]
fn the_same_resolution_is_the_same_image() {
    let image = noise(Size::new(13, 7), 1);

    assert_eq!(whole(grid(0.5, 0.5), &image), image);
}

#[test]
fn half_the_resolution_is_the_mean_of_four() {
    let image = noise(Size::new(8, 6), 2);
    let resampled = whole(grid(0.25, 0.5), &image);

    for (x, y) in (0..4).flat_map(|x| (0..3).map(move |y| (x, y))) {
        let mean = |channel: usize| {
            let sum: u32 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .map(|(dx, dy)| u32::from(image.pixel(2 * x + dx, 2 * y + dy)[channel]))
                .iter()
                .sum();
            ((sum + 2) / 4) as u8
        };
        assert_eq!(resampled.pixel(x, y), [mean(0), mean(1), mean(2)]);
    }
}

#[test]
fn the_last_pixel_of_an_odd_image_is_the_mean_of_what_is_there() {
    let image =
        RgbImage::new(Size::new(3, 1), vec![10, 10, 10, 20, 20, 20, 200, 200, 200]).unwrap();

    assert_eq!(whole(grid(0.25, 0.5), &image).pixels(), [15, 15, 15, 200, 200, 200]);
}

#[test]
fn an_image_larger_than_any_slide_does_not_overflow() {
    let size = grid(0.05, 4.0).output_size(Size::new(usize::MAX >> 1, 1));

    assert_eq!(size.width, (usize::MAX >> 1).div_ceil(80));
}

proptest! {
    #[test]
    fn a_pixel_does_not_depend_on_its_window(
        (from, to) in resolutions(), width in 1..60usize, height in 1..60usize, seed in any::<u64>(),
        cut in prop::array::uniform4(0.0..1.0f64),
    ) {
        let (grid, image) = (grid(from, to), noise(Size::new(width, height), seed));
        let all = whole(grid, &image);
        let part = |low: f64, high: f64, length: usize| {
            let start = (low * length as f64) as usize;
            start..start + 1 + (high * (length - start - 1) as f64) as usize
        };
        let (columns, rows) = (part(cut[0], cut[1], all.width()), part(cut[2], cut[3], all.height()));

        let (xs, ys) = (grid.source_span(columns.clone(), width), grid.source_span(rows.clone(), height));
        let source = crop(&image, &xs, &ys);
        let out = Size::new(columns.len(), rows.len());
        let window = grid.window(&source, (xs.start, ys.start), (columns.start, rows.start), out);

        prop_assert_eq!(window, crop(&all, &columns, &rows));
    }

    #[test]
    fn an_area_average_is_that_of_the_definition(
        from in 0.2..0.5f64, f in 1.0..5.0f64, width in 1..40usize, height in 1..40usize, seed in any::<u64>(),
    ) {
        let (grid, image) = (grid(from, from * f), noise(Size::new(width, height), seed));
        let resampled = whole(grid, &image);

        for y in 0..resampled.height() {
            for x in 0..resampled.width() {
                let expected = mean_over(&image, grid.factor(), x, y);
                for (got, expected) in resampled.pixel(x, y).into_iter().zip(expected) {
                    // Half a level of rounding, and weights of one part in 4096 on each side.
                    prop_assert!((f64::from(got) - expected).abs() <= 0.75, "{} {}", got, expected);
                }
            }
        }
    }

    #[test]
    fn one_colour_stays_one_colour((from, to) in resolutions(), width in 1..40usize, grey in any::<u8>()) {
        let image = RgbImage::filled(Size::new(width, 9), [grey; 3]);

        prop_assert!(whole(grid(from, to), &image).pixels().iter().all(|&value| value == grey));
    }
}

fn resolutions() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        Just((0.25, 0.5)),
        Just((0.23, 0.5)),
        Just((0.5, 0.25)),
        Just((0.5, 0.5)),
        (0.1..1.0f64, 0.1..1.0f64)
    ]
}

fn grid(from: f64, to: f64) -> Resampler {
    Resampler::new(Mpp::new(from).unwrap(), Mpp::new(to).unwrap())
}

fn whole(grid: Resampler, image: &RgbImage) -> RgbImage {
    grid.window(image, (0, 0), (0, 0), grid.output_size(image.size()))
}

fn noise(size: Size, seed: u64) -> RgbImage {
    let mut state = seed | 1;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    RgbImage::new(size, std::iter::repeat_with(next).take(3 * size.pixels()).collect()).unwrap()
}

fn crop(image: &RgbImage, xs: &Range<usize>, ys: &Range<usize>) -> RgbImage {
    let pixels = ys.clone().flat_map(|y| xs.clone().flat_map(move |x| image.pixel(x, y))).collect();
    RgbImage::new(Size::new(xs.len(), ys.len()), pixels).unwrap()
}

fn mean_over(image: &RgbImage, f: f64, x: usize, y: usize) -> [f64; 3] {
    let shared = |pixel: usize, index: usize, length: usize| {
        let (start, end) = (index as f64 * f, ((index + 1) as f64 * f).min(length as f64));
        ((pixel + 1) as f64).min(end) - (pixel as f64).max(start)
    };
    let (mut sums, mut total) = ([0.0; 3], 0.0);
    for row in 0..image.height() {
        for column in 0..image.width() {
            let weight =
                shared(column, x, image.width()).max(0.0) * shared(row, y, image.height()).max(0.0);
            total += weight;
            for (sum, value) in sums.iter_mut().zip(image.pixel(column, row)) {
                *sum += weight * f64::from(value);
            }
        }
    }
    sums.map(|sum| sum / total)
}
