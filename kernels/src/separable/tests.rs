use proptest::prelude::*;

use super::*;
use crate::Mask;

proptest! {
    #[test]
    fn a_filtered_value_is_that_of_the_definition(
        width in 1..90usize, height in 1..9usize, radii in (0..=20usize, 0..=20usize),
        odd in any::<[bool; 2]>(), seed in any::<u64>(),
    ) {
        let mut random = Random(seed);
        let size = Size::new(width, height);
        let values: Vec<f32> = (0..size.pixels()).map(|_| random.next()).collect();
        let columns = taps(&mut random, radii.0, odd[0]);
        let rows = taps(&mut random, radii.1, odd[1]);
        let mask = Mask::from_fn(size, |_, _| random.bits() % 4 == 1);
        let mut wanted = Wanted::default();
        let mut filter = Separable::new(columns.clone(), rows.clone());
        let mut out = Lines::default();

        for block in (0..height).step_by(BLOCK) {
            fit(&mut out, width);
            wanted.of_rows(&mask, block);
            filter.block(Plane { size, values: &values }, block, &wanted, &mut out);
            for (y, line) in (block..height).zip(&out) {
                for x in (0..width).filter(|&x| mask.get(x, y)) {
                    let expected = by_definition(&values, size, (&columns, &rows), (x, y));
                    prop_assert_eq!(line[x].to_bits(), expected.to_bits(), "({}, {})", x, y);
                }
            }
        }
    }

    #[test]
    fn a_whole_map_is_filtered_as_its_parts_are(
        width in 1..90usize, height in 1..9usize, radius in 0..=20usize, seed in any::<u64>(),
    ) {
        let mut random = Random(seed);
        let size = Size::new(width, height);
        let values: Vec<f32> = (0..size.pixels()).map(|_| random.next()).collect();
        let (columns, rows) = (taps(&mut random, radius, true), taps(&mut random, radius, false));

        let filtered = Separable::new(columns.clone(), rows.clone()).filter(Plane { size, values: &values });

        prop_assert_eq!(filtered.len(), size.pixels());
        for (index, value) in filtered.into_iter().enumerate() {
            let place = (index % width, index / width);
            let expected = by_definition(&values, size, (&columns, &rows), place);
            prop_assert_eq!(value.to_bits(), expected.to_bits(), "{:?}", place);
        }
    }
}

fn by_definition(
    values: &[f32],
    size: Size,
    (columns, rows): (&Taps, &Taps),
    (x, y): (usize, usize),
) -> f32 {
    let down = |column: usize| {
        weighed(columns, |step| {
            values[reflect(y as isize + step, size.height) * size.width + column]
        })
    };
    weighed(rows, |step| down(reflect(x as isize + step, size.width)))
}

fn weighed(taps: &Taps, value: impl Fn(isize) -> f32) -> f32 {
    let sides = (1..).zip(&taps.sides);
    match taps.symmetry {
        Symmetry::Even => {
            sides.fold(value(0) * taps.centre, |sum, (k, w)| sum + (value(k) + value(-k)) * w)
        }
        Symmetry::Odd => sides.fold(0.0, |sum, (k, w)| sum + (value(k) - value(-k)) * w),
    }
}

fn taps(random: &mut Random, radius: usize, odd: bool) -> Taps {
    let (symmetry, centre) =
        if odd { (Symmetry::Odd, 0.0) } else { (Symmetry::Even, random.next()) };
    Taps { symmetry, centre, sides: (0..radius).map(|_| random.next()).collect() }
}

struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 31
    }

    fn next(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}
