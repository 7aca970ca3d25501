use contract::Size;
use proptest::prelude::*;

use super::*;
use crate::measure::{ClassMaps, measure};
use crate::{Connectivity, Mask, label};

#[test]
fn one_pixel_has_four_corners_and_three_vertices() {
    let labels = Labels::renumbered(Size::new(3, 3), vec![0, 0, 0, 0, 7, 0, 0, 0, 0]).unwrap();
    let regions = measure(&labels, ClassMaps::NONE);
    let mut tracer = Tracer::default();

    assert_eq!(tracer.trace(&labels, 1, &regions[0]), [(1, 1), (2, 1), (2, 2), (1, 2)]);
    assert_eq!(tracer.outline(&labels, 1, &regions[0], 1.5).len(), 3);
    assert_eq!(tracer.outline(&labels, 1, &regions[0], 1e9).len(), 3);
}

#[test]
fn vertices_are_evenly_spaced_and_not_closed_twice() {
    let labels = Labels::renumbered(Size::new(3, 2), vec![1; 6]).unwrap();
    let regions = measure(&labels, ClassMaps::NONE);

    let outline = Tracer::default().outline(&labels, 1, &regions[0], 2.0);

    let expected = [(0.0, 0.0), (2.0, 0.0), (3.0, 1.0), (2.0, 2.0), (0.0, 2.0)];
    assert_eq!(outline, expected.map(|(x, y)| Point { x, y }));
}

#[test]
fn a_long_outline_is_thinned_to_the_most_vertices() {
    let size = Size::new(1000, 3);
    let labels = Labels::renumbered(size, vec![1; size.pixels()]).unwrap();
    let regions = measure(&labels, ClassMaps::NONE);

    let outline = Tracer::default().outline(&labels, 1, &regions[0], 1.5);

    assert_eq!(outline.len(), Nucleus::VERTICES_MAX);
}

#[test]
fn of_a_label_in_parts_the_largest_is_outlined() {
    let values = vec![1, 0, 1, 1, 0, 1, 0, 0];
    let labels = Labels::renumbered(Size::new(4, 2), values).unwrap();
    let regions = measure(&labels, ClassMaps::NONE);
    let mut tracer = Tracer::default();

    assert_eq!(tracer.trace(&labels, 1, &regions[0])[0], (2, 0));
    assert_eq!(twice_area(tracer.trace(&labels, 1, &regions[0])), 4);
}

proptest! {
    #[test]
    fn the_outline_holds_as_many_pixels_as_the_filled_label(
        width in 1..24usize, height in 1..24usize, seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let mask = Mask::from_fn(Size::new(width, height), |_, _| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 60 > 4
        });
        let labels = label::label(&mask, Connectivity::Four);
        let regions = measure(&labels, ClassMaps::NONE);
        let mut tracer = Tracer::default();

        for (id, region) in (1..).zip(&regions) {
            let corners = tracer.trace(&labels, id, region);
            prop_assert_eq!(twice_area(corners), 2 * filled_pixels(&labels, id));
            let outline = tracer.outline(&labels, id, region, 1.5);
            prop_assert!((3..=Nucleus::VERTICES_MAX).contains(&outline.len()));
            prop_assert!(outline.first() != outline.last());
        }
    }
}

/// Twice the area by the shoelace formula; positive for clockwise on the screen.
fn twice_area(corners: &[Corner]) -> i64 {
    (0..corners.len())
        .map(|i| {
            let (a, b) = (corners[i], corners[(i + 1) % corners.len()]);
            i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1)
        })
        .sum()
}

/// Pixels that cannot be reached from outside of the image without crossing the label. Where two
/// pixels touch at a corner only, the outline passes between them, so outside is 8-connected.
fn filled_pixels(labels: &Labels, id: u32) -> i64 {
    let Size { width, height } = labels.size();
    let around = Size::new(width + 2, height + 2);
    let outside = Mask::from_fn(around, |x, y| x == 0 || y == 0 || labels.get(x - 1, y - 1) != id);
    let reached = label::label(&outside, Connectivity::Eight);
    reached.values().iter().filter(|&&value| value != 1).count() as i64
}
