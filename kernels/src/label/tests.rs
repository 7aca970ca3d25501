use contract::Size;
use proptest::prelude::*;

use super::*;

#[test]
fn two_cells_that_touch_only_at_a_corner_are_two_or_one() {
    let mask = Mask::from_fn(Size::new(2, 2), |x, y| x == y);

    assert_eq!(label(&mask, Connectivity::Four).values(), [1, 0, 0, 2]);
    assert_eq!(label(&mask, Connectivity::Eight).values(), [1, 0, 0, 1]);
}

#[test]
fn small_components_are_removed_and_others_kept() {
    let size = Size::new(5, 1);
    let mut mask = Mask::from_fn(size, |x, _| x != 1);

    remove_small(&mut mask, 2);

    assert_eq!(mask, Mask::from_fn(size, |x, _| x > 1));
}

#[test]
fn an_image_without_pixels_has_no_components() {
    for size in [Size::new(0, 0), Size::new(0, 5), Size::new(5, 0)] {
        assert_eq!(label(&Mask::empty(size), Connectivity::Four).count(), 0);
    }
}

#[test]
fn every_mask_of_three_by_three_is_labelled_as_defined() {
    for bits in 0u32..512 {
        let mask = Mask::from_fn(Size::new(3, 3), |x, y| bits >> (3 * y + x) & 1 == 1);
        for connectivity in [Connectivity::Four, Connectivity::Eight] {
            let found = label(&mask, connectivity);
            assert_eq!(found.values(), by_definition(&mask, connectivity), "{bits:#b}");
        }
    }
}

proptest! {
    #[test]
    fn labels_are_those_of_the_definition(mask in masks(), eight in any::<bool>()) {
        let connectivity = if eight { Connectivity::Eight } else { Connectivity::Four };

        let labels = label(&mask, connectivity);

        prop_assert_eq!(labels.values(), by_definition(&mask, connectivity));
        prop_assert_eq!(labels.count(), labels.values().iter().max().copied().unwrap_or(0));
    }

    #[test]
    fn what_is_left_after_the_small_ones_is_what_would_be_found(mask in masks(), least in 0..9u32) {
        let mut left = mask.clone();
        let mut components = Components::default();
        components.find(&mask, Connectivity::Four);
        let areas = components.areas().to_vec();
        let before = components.labels();

        components.remove_small(&mut left, least);

        let expected = Mask::from_fn(mask.size(), |x, y| {
            let label = before.get(x, y) as usize;
            label > 0 && areas[label - 1] >= least
        });
        prop_assert_eq!(&left, &expected);
        prop_assert_eq!(components.labels(), label(&expected, Connectivity::Four));
        prop_assert!(components.areas().iter().all(|&area| area >= least));
    }

    #[test]
    fn the_complement_is_the_flipped_mask(mask in masks()) {
        let flipped = Mask::from_fn(mask.size(), |x, y| !mask.get(x, y));
        let mut components = Components::default();

        components.find_complement(&mask, Connectivity::Four);

        prop_assert_eq!(components.labels(), label(&flipped, Connectivity::Four));
    }
}

fn masks() -> impl Strategy<Value = Mask> {
    (1..140usize, 1..12usize).prop_flat_map(|(width, height)| {
        proptest::collection::vec(0..4u8, width * height).prop_map(move |values| {
            Mask::from_fn(Size::new(width, height), |x, y| values[y * width + x] > 1)
        })
    })
}

/// Spreads the least raster index to neighbours until nothing changes, then ranks the indices.
fn by_definition(mask: &Mask, connectivity: Connectivity) -> Vec<u32> {
    let Size { width, height } = mask.size();
    let mut least: Vec<Option<usize>> =
        (0..width * height).map(|i| mask.get(i % width, i / width).then_some(i)).collect();
    while lower(&mut least, width, connectivity) {}
    let mut roots: Vec<usize> = least.iter().flatten().copied().collect();
    roots.sort_unstable();
    roots.dedup();
    least
        .iter()
        .map(|root| root.map_or(0, |root| roots.binary_search(&root).unwrap() as u32 + 1))
        .collect()
}

/// Lowers every index to the least among its neighbours; says whether any fell.
fn lower(least: &mut [Option<usize>], width: usize, connectivity: Connectivity) -> bool {
    let before = least.to_vec();
    for i in 0..least.len() {
        let near = [1, width, width + 1, width.saturating_sub(1)];
        for j in near.iter().flat_map(|&step| [i.wrapping_sub(step), i + step]) {
            let Some(Some(other)) = least.get(j).copied() else { continue };
            let (dx, dy) = ((i % width).abs_diff(j % width), (i / width).abs_diff(j / width));
            let touches = match connectivity {
                Connectivity::Four => dx + dy == 1,
                Connectivity::Eight => dx.max(dy) == 1,
            };
            if touches {
                least[i] = least[i].map(|own| own.min(other));
            }
        }
    }
    before != least
}
