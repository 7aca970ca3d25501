//! Filling holes.
//!
//! **Contract.** A hole is a 4-connected component of pixels that are not set and of which none
//! lies on the image's border; its pixels become set. This is `scipy.ndimage.binary_fill_holes`.

mod cpu;

use crate::Mask;
use crate::label::Components;

/// Fills the holes of `mask`.
pub fn fill_holes(mask: &mut Mask) {
    Filler::default().fill(mask);
}

/// The same with memory that is kept from mask to mask.
#[derive(Clone, Debug, Default)]
pub struct Filler {
    background: Components,
    touches_border: Vec<bool>,
}

impl Filler {
    /// Fills the holes of `mask`.
    pub fn fill(&mut self, mask: &mut Mask) {
        cpu::fill(self, mask);
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;
    use proptest::prelude::*;

    use super::*;
    use crate::{Connectivity, label};

    #[test]
    fn a_ring_is_filled_and_an_open_one_is_not() {
        let size = Size::new(5, 5);
        let ring =
            |x: usize, y: usize| (1..4).contains(&x) && (1..4).contains(&y) && (x, y) != (2, 2);
        let mut closed = Mask::from_fn(size, ring);
        let mut open = Mask::from_fn(size, |x, y| ring(x, y) && (x, y) != (2, 1));
        let before = open.clone();

        fill_holes(&mut closed);
        fill_holes(&mut open);

        assert!(closed.get(2, 2));
        assert_eq!(open, before);
    }

    proptest! {
        #[test]
        fn a_pixel_is_filled_if_no_way_leads_from_it_to_the_border(
            width in 1..80usize, height in 1..20usize, seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let size = Size::new(width, height);
            let mask = Mask::from_fn(size, |_, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 60 > 5
            });
            let around = Size::new(width + 2, height + 2);
            let outside = Mask::from_fn(around, |x, y| {
                let within = (1..=width).contains(&x) && (1..=height).contains(&y);
                !(within && mask.get(x - 1, y - 1))
            });
            let reached = label::label(&outside, Connectivity::Four);
            let expected = Mask::from_fn(size, |x, y| reached.get(x + 1, y + 1) != 1);

            let mut filled = mask.clone();
            fill_holes(&mut filled);

            prop_assert_eq!(filled, expected);
        }
    }
}
