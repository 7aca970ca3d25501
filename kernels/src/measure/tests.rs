use contract::Size;
use proptest::prelude::*;

use super::*;

#[test]
fn a_class_is_the_most_probable_on_average_and_the_lowest_among_equals() {
    let labels = Labels::renumbered(Size::new(4, 1), vec![1, 1, 2, 2]).unwrap();
    let planes = [0.9, 0.2, 0.5, 0.5, 0.1, 0.6, f32::NAN, 0.25, 0.0, 0.2, 0.5, 0.5];

    let regions = measure(&labels, ClassMaps::new(&planes, 3));

    assert_eq!(regions[0].class, 0);
    assert!((regions[0].probability - 0.55).abs() < 1e-5);
    assert_eq!((regions[1].class, regions[1].probability), (0, 32768.0 / 65535.0));
}

#[test]
fn probabilities_out_of_range_are_cut() {
    let labels = Labels::renumbered(Size::new(1, 1), vec![1]).unwrap();

    let regions = measure(&labels, ClassMaps::new(&[-3.0, f32::INFINITY], 2));

    assert_eq!((regions[0].class, regions[0].probability), (1, 1.0));
}

proptest! {
    #[test]
    fn regions_are_those_of_the_definition(
        width in 1..40usize,
        ids in proptest::collection::vec(0..5u32, 1..300),
    ) {
        let height = ids.len() / width;
        prop_assume!(height > 0);
        let size = Size::new(width, height);
        let labels = Labels::renumbered(size, ids[..size.pixels()].to_vec()).unwrap();

        let regions = measure(&labels, ClassMaps::NONE);

        prop_assert_eq!(regions.len(), labels.count() as usize);
        for (index, region) in regions.iter().enumerate() {
            let pixels: Vec<(u32, u32)> = (0..size.pixels())
                .filter(|&i| labels.values()[i] == index as u32 + 1)
                .map(|i| ((i % width) as u32, (i / width) as u32))
                .collect();
            let (xs, ys) = (pixels.iter().map(|p| p.0), pixels.iter().map(|p| p.1));
            prop_assert_eq!(region.area as usize, pixels.len());
            prop_assert_eq!(region.sum_x, xs.clone().map(u64::from).sum::<u64>());
            prop_assert_eq!(region.sum_y, ys.clone().map(u64::from).sum::<u64>());
            prop_assert_eq!(&region.columns, &(xs.clone().min().unwrap()..xs.max().unwrap() + 1));
            prop_assert_eq!(&region.rows, &(ys.clone().min().unwrap()..ys.max().unwrap() + 1));
        }
    }
}
