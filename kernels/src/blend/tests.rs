use proptest::prelude::*;

use super::*;

#[test]
fn a_map_smaller_than_a_window_has_one() {
    let windows = Windows::new(Size::new(10, 64), 64);

    assert_eq!((windows.columns(), windows.rows()), (&[0][..], &[0][..]));
}

#[test]
fn the_outermost_pixel_of_a_window_still_counts() {
    for edge in [1, 2, 255, 256, 512] {
        assert!(profile(edge).iter().all(|&weight| weight > 0.0), "{edge}");
    }
}

proptest! {
    #[test]
    fn windows_cover_every_place_once_or_twice(length in 1..4000usize, edge in 1..600usize) {
        let origins = origins(length, edge);

        for at in 0..length {
            let covering = covering(&origins, edge, at);
            prop_assert!((1..=2).contains(&covering.len()), "{} {:?}", at, origins);
        }
        prop_assert!(length <= edge || origins.iter().all(|&origin| origin + edge <= length));
    }

    #[test]
    fn final_rows_follow_each_other(height in 1..900usize, edge in 1..200usize) {
        let windows = Windows::new(Size::new(5, height), edge);

        let mut next = 0;
        for row in 0..windows.rows().len() {
            let rows = windows.final_rows(row);
            prop_assert_eq!(rows.start, next);
            next = rows.end;
            for y in rows {
                prop_assert!(windows.windows_of_row(y).end <= row + 1);
            }
        }
        prop_assert_eq!(next, height);
    }

    #[test]
    fn classes_are_those_of_the_definition(
        width in 1..40usize, height in 1..40usize, edge in 1..20usize, classes in 1..5usize, seed in any::<u64>(),
    ) {
        let windows = Windows::new(Size::new(width, height), edge);
        let (columns, rows) = (windows.columns().len(), windows.rows().len());
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if state >> 60 == 0 { f32::NAN } else { (state >> 59) as f32 / 32.0 }
        };
        let maps: Vec<Vec<f32>> = (0..columns * rows)
            .map(|_| (0..classes * edge * edge).map(|_| next()).collect())
            .collect();
        let map = |index: WindowIndex| &maps[index.row * columns + index.column][..];
        let mut out = vec![9; width * height];

        let (upper, lower) = out.split_at_mut(width * (height / 2));
        windows.classes(classes, 0..height / 2, map, upper);
        windows.classes(classes, height / 2..height, map, lower);

        for (index, &class) in out.iter().enumerate() {
            let place = (index % width, index / width);
            prop_assert_eq!(class, by_definition(&windows, classes, map, place), "{:?}", place);
        }
    }
}

fn by_definition<'a>(
    windows: &Windows,
    classes: usize,
    map: impl Fn(WindowIndex) -> &'a [f32],
    (x, y): (usize, usize),
) -> u8 {
    let edge = windows.edge();
    let mut best = (f32::NEG_INFINITY, 0);
    for class in 0..classes {
        let mut sum = 0.0;
        for (row, &top) in windows.rows().iter().enumerate() {
            for (column, &left) in windows.columns().iter().enumerate() {
                if (left..left + edge).contains(&x) && (top..top + edge).contains(&y) {
                    let (u, v) = (x - left, y - top);
                    let value = map(WindowIndex { column, row })[(class * edge + v) * edge + u];
                    sum += windows.profile[u] * windows.profile[v] * value;
                }
            }
        }
        if sum > best.0 {
            best = (sum, class as u8);
        }
    }
    best.1
}
