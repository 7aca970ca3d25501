use proptest::prelude::*;

use super::*;

#[test]
fn the_distance_to_one_pixel_is_that_of_pythagoras() {
    let mask = Mask::from_fn(Size::new(9, 5), |x, y| (x, y) == (3, 1));

    let distances = to_set(&mask);

    assert_eq!(distances.at(3, 1), 0);
    assert_eq!(distances.at(8, 4), 25 + 9);
}

#[test]
fn nothing_to_be_near_to_is_far() {
    let size = Size::new(4, 3);

    assert!(to_set(&Mask::empty(size)).squared().iter().all(|&squared| squared == FAR));
    assert!(to_clear(&Mask::from_fn(size, |_, _| true)).squared().iter().all(|&s| s == FAR));
    assert!(to_set(&Mask::empty(Size::new(0, 3))).squared().is_empty());
}

#[test]
fn a_signed_distance_is_negative_inside_and_never_zero() {
    let mask = Mask::from_fn(Size::new(7, 1), |x, _| (2..5).contains(&x));

    assert_eq!(signed(&mask), [2.0, 1.0, -1.0, -2.0, -1.0, 1.0, 2.0]);
}

proptest! {
    #[test]
    fn distances_are_those_of_the_definition(
        width in 1..70usize, height in 1..12usize, density in 0.0..0.3f64, seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let mask = Mask::from_fn(Size::new(width, height), |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) as f64 / 2f64.powi(31)) < density
        });

        let (outside, inside) = (to_set(&mask), to_clear(&mask));

        prop_assert_eq!(outside.squared(), by_definition(&mask, true));
        prop_assert_eq!(inside.squared(), by_definition(&mask, false));
    }
}

fn by_definition(mask: &Mask, value: bool) -> Vec<u32> {
    let Size { width, height } = mask.size();
    let pixels = || (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)));
    pixels()
        .map(|(x, y)| {
            pixels()
                .filter(|&(u, v)| mask.get(u, v) == value)
                .map(|(u, v)| (x.abs_diff(u).pow(2) + y.abs_diff(v).pow(2)) as u32)
                .min()
                .unwrap_or(FAR)
        })
        .collect()
}
