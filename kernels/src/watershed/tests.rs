use contract::Size;
use proptest::prelude::*;

use super::*;

#[test]
fn two_basins_meet_on_the_ridge() {
    let levels = [5, 1, 2, 9, 3, 0, 4];
    let mask = Mask::from_fn(Size::new(7, 1), |_, _| true);
    let markers = Labels::renumbered(Size::new(7, 1), vec![0, 1, 0, 0, 0, 2, 0]).unwrap();

    let labels = watershed(&levels, &mask, &markers);

    // The ridge is as near to both sides' highest key; west comes before east.
    assert_eq!(labels, [1, 1, 1, 1, 2, 2, 2]);
}

#[test]
fn what_no_marker_reaches_stays_without_a_label() {
    let mask = Mask::from_fn(Size::new(5, 1), |x, _| x != 2);
    let markers = Labels::renumbered(Size::new(5, 1), vec![1, 0, 1, 0, 0]).unwrap();

    assert_eq!(watershed(&[0; 5], &mask, &markers), [1, 1, 0, 0, 0]);
}

#[test]
fn a_plateau_longer_than_16_bits_of_steps_is_flooded_to_its_middle() {
    // A corridor that winds through the image, with a marker at either end.
    let size = Size::new(601, 599);
    let mask = Mask::from_fn(size, |x, y| match y % 4 {
        1 => x == 600,
        3 => x == 0,
        _ => true,
    });
    let mut values = vec![0; size.pixels()];
    values[0] = 1;
    values[size.pixels() - size.width] = 2;
    let markers = Labels::renumbered(size, values).unwrap();

    let labels = watershed(&vec![7; size.pixels()], &mask, &markers);

    let sizes = [1, 2].map(|id| labels.iter().filter(|&&label| label == id).count() as u64);
    assert_eq!(sizes[0] + sizes[1], mask.count());
    assert!(mask.count() > 1 << 17 && sizes[0].abs_diff(sizes[1]) <= 1, "{sizes:?}");
}

proptest! {
    #[test]
    fn the_flood_is_the_fixed_point_of_the_relaxation(case in cases()) {
        let Case { levels, mask, markers } = case;

        let labels = watershed(&levels, &mask, &markers);

        prop_assert_eq!(labels, by_relaxation(&levels, &mask, &markers));
    }

    #[test]
    fn wide_keys_give_the_labels_of_narrow_ones(case in cases()) {
        let Case { levels, mask, markers } = case;
        let mut components = Components::default();
        components.find(&mask, Connectivity::Four);
        let mut pieces = markers::Markers::default();
        pieces.of_labels(&components, &markers);
        let (mut small, mut large) = (basin::Basin::<u32>::default(), basin::Basin::<u64>::default());

        for component in 0..components.count() {
            let runs: Vec<_> = (0..components.height())
                .flat_map(|y| components.row(y).map(move |(run, c)| (y as u32, run, c)))
                .filter(|&(_, _, c)| c == component)
                .map(|(y, run, _)| (y, run))
                .collect();
            let own: Vec<_> = pieces
                .pieces
                .iter()
                .zip(&pieces.component)
                .filter(|&(_, &c)| c as usize == component)
                .map(|(piece, _)| *piece)
                .collect();
            let flood = basin::Component { runs: &runs, pieces: &own, width: components.width() };
            let (mut narrow, mut wide) = (Vec::new(), Vec::new());
            small.flood(flood, &levels, &mut narrow);
            large.flood(flood, &levels, &mut wide);
            prop_assert_eq!(narrow, wide);
        }
    }
}

#[derive(Clone, Debug)]
struct Case {
    levels: Vec<u16>,
    mask: Mask,
    markers: Labels,
}

fn cases() -> impl Strategy<Value = Case> {
    let random = (1..24usize, 1..20usize, 1..7u32, 1..9u32, any::<u64>());
    random.prop_map(|(width, height, levels, density, seed)| {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        let size = Size::new(width, height);
        let levels = (0..size.pixels())
            .map(|_| if levels == 6 { next() as u16 } else { (next() % levels) as u16 })
            .collect();
        let mask = Mask::from_fn(size, |_, _| next() % 10 > density % 5);
        let values = (0..size.pixels())
            .map(|_| if next() % 16 < density { 1 + next() % 6 } else { 0 })
            .collect();
        Case { levels, mask, markers: Labels::renumbered(size, values).unwrap() }
    })
}

/// Level and steps; the greatest is "not reached".
type Reached = (u32, u32);
const NOT_REACHED: Reached = (u32::MAX, 0);

/// The contract read aloud: keys are relaxed all at once until none falls, then labels follow.
fn by_relaxation(levels: &[u16], mask: &Mask, markers: &Labels) -> Vec<u32> {
    let Size { width, height } = mask.size();
    let inside = |i: usize| mask.get(i % width, i / width);
    let marker = |i: usize| if inside(i) { markers.values()[i] } else { 0 };
    let around = |i: usize| {
        let (x, y) = (i % width, i / width);
        [
            (y > 0).then(|| i - width),
            (x > 0).then(|| i - 1),
            (x + 1 < width).then(|| i + 1),
            (y + 1 < height).then(|| i + width),
        ]
        .into_iter()
        .flatten()
        .filter(|&j| inside(j))
    };
    let mut keys: Vec<Reached> = (0..mask.size().pixels())
        .map(|i| if marker(i) > 0 { (u32::from(levels[i]), 0) } else { NOT_REACHED })
        .collect();
    loop {
        let before = keys.clone();
        for i in (0..before.len()).filter(|&i| inside(i) && marker(i) == 0) {
            let own = u32::from(levels[i]);
            keys[i] = around(i)
                .map(|j| before[j])
                .filter(|&key| key != NOT_REACHED)
                .map(|(c, h)| if own > c { (own, 0) } else { (c, h + 1) })
                .min()
                .unwrap_or(NOT_REACHED);
        }
        if keys == before {
            break;
        }
    }
    let mut order: Vec<usize> = (0..keys.len()).filter(|&i| keys[i] != NOT_REACHED).collect();
    order.sort_by_key(|&i| keys[i]);
    let mut labels: Vec<u32> = (0..keys.len()).map(marker).collect();
    for i in order.into_iter().filter(|&i| marker(i) == 0) {
        // `min_by_key` gives the first of equals.
        let parent = around(i).min_by_key(|&j| keys[j]).unwrap();
        labels[i] = labels[parent];
    }
    labels
}
