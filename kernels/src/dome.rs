//! Domes of a map of levels: where it stands above what its surroundings can flood.
//!
//! **Contract.** On the pixels of a mask, with integer levels `L` and a height `h`, the
//! reconstruction `R` is the greatest map with `R ≤ L` such that every pixel has
//! `R(p) = min(L(p), max(L(p) − h, max of R over the 8-neighbours within the mask))`, `L − h` cut at
//! 0: the grey reconstruction by dilation of `L − h` under `L` (Vincent 1993). A pixel is a marker
//! where `L − R ≥ rise`.
//!
//! So a peak of height `h` or more above its saddle keeps the cap of height `h`, and a lower one is
//! kept down to its saddle; peaks whose saddle is less than `h` below the higher of them share a
//! marker. `R` is unique, so it does not depend on the order; 8-connected components of the mask do
//! not see each other.

mod cpu;

use crate::Mask;

/// Finds domes; its memory is kept from map to map.
#[derive(Clone, Debug, Default)]
pub struct Domes {
    scratch: cpu::Scratch,
}

/// Which domes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Height {
    /// How far below each peak the reconstruction starts.
    pub height: u16,
    /// Least height above the reconstruction that makes a pixel a marker, at least 1.
    pub rise: u16,
}

impl Domes {
    /// Makes `markers` the marker pixels of `mask`.
    ///
    /// # Panics
    /// If there is not one level a pixel, or if `rise` is 0.
    pub fn find(&mut self, levels: &[u16], mask: &Mask, height: Height, markers: &mut Mask) {
        assert_eq!(levels.len(), mask.size().pixels(), "there is one level a pixel");
        assert!(height.rise > 0, "a dome rises above its surroundings");
        cpu::find(&mut self.scratch, levels, mask, height, markers);
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn peaks_with_a_deep_saddle_are_two_and_with_a_shallow_one_are_one() {
        let mask = Mask::from_fn(Size::new(7, 1), |_, _| true);
        let mut markers = Mask::empty(Size::new(1, 1));
        let mut find = |levels: [u16; 7]| {
            let height = Height { height: 10, rise: 1 };
            Domes::default().find(&levels, &mask, height, &mut markers);
            markers.words()[0]
        };

        assert_eq!(find([0, 30, 40, 20, 35, 30, 0]), 0b11_0110 & !0b10);
        assert_eq!(find([0, 30, 40, 32, 35, 30, 0]), 0b01_1100);
    }

    proptest! {
        #[test]
        fn markers_are_those_of_the_definition(
            width in 1..20usize, height in 1..16usize, range in 1..60u16, h in 0..30u16,
            rise in 1..5u16, seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 48) as u16
            };
            let size = Size::new(width, height);
            let levels: Vec<u16> = (0..size.pixels()).map(|_| next() % range).collect();
            let mask = Mask::from_fn(size, |_, _| next() % 4 > 0);
            let mut markers = Mask::empty(Size::new(3, 3));

            Domes::default().find(&levels, &mask, Height { height: h, rise }, &mut markers);

            let reconstructed = by_definition(&levels, &mask, h);
            let expected = Mask::from_fn(size, |x, y| {
                let i = y * width + x;
                mask.get(x, y) && levels[i] - reconstructed[i] >= rise
            });
            prop_assert_eq!(markers, expected);
        }
    }

    /// Dilates under the levels until nothing changes.
    fn by_definition(levels: &[u16], mask: &Mask, h: u16) -> Vec<u16> {
        let Size { width, height } = mask.size();
        let mut map: Vec<u16> = (0..levels.len())
            .map(|i| if mask.get(i % width, i / width) { levels[i].saturating_sub(h) } else { 0 })
            .collect();
        loop {
            let before = map.clone();
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                if !mask.get(x, y) {
                    continue;
                }
                let mut most = map[y * width + x];
                for v in y.saturating_sub(1)..(y + 2).min(height) {
                    for u in x.saturating_sub(1)..(x + 2).min(width) {
                        most = most.max(before[v * width + u]);
                    }
                }
                map[y * width + x] = most.min(levels[y * width + x]);
            }
            if map == before {
                return map;
            }
        }
    }
}
