//! Morphological opening with OpenCV's small ellipses.
//!
//! **Contract.** Erosion, then dilation, with the structuring element
//! ```text
//!   Three      Five
//!   . x .    . . x . .
//!   x x x    x x x x x
//!   . x .    x x x x x
//!            x x x x x
//!            . . x . .
//! ```
//! Pixels outside of the image neither erode nor dilate. This is `cv2.morphologyEx(MORPH_OPEN)`
//! with `MORPH_ELLIPSE` of 3 and 5 px.

mod cpu;

use crate::Mask;

/// The structuring element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ellipse {
    /// 3 px across.
    Three,
    /// 5 px across.
    Five,
}

/// Opens `mask`.
pub fn open(mask: &mut Mask, ellipse: Ellipse) {
    Opener::default().open(mask, ellipse);
}

/// The same with memory that is kept from mask to mask.
#[derive(Clone, Debug, Default)]
pub struct Opener {
    wide: Vec<u64>,
    out: Vec<u64>,
}

impl Opener {
    /// Opens `mask`.
    pub fn open(&mut self, mask: &mut Mask, ellipse: Ellipse) {
        cpu::apply(self, mask, ellipse, cpu::Step::Erode);
        cpu::apply(self, mask, ellipse, cpu::Step::Dilate);
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_spot_smaller_than_the_ellipse_goes() {
        let size = Size::new(9, 9);
        let mut mask = Mask::from_fn(size, |x, y| (3..7).contains(&x) && (3..5).contains(&y));

        open(&mut mask, Ellipse::Three);

        assert_eq!(mask, Mask::empty(size));
    }

    proptest! {
        #[test]
        fn opening_is_that_of_the_definition(
            width in 1..140usize, height in 1..12usize, five in any::<bool>(), seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let mut mask = Mask::from_fn(Size::new(width, height), |_, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 60 > 1
            });
            let ellipse = if five { Ellipse::Five } else { Ellipse::Three };
            let eroded = by_definition(&mask, ellipse, true);
            let expected = by_definition(&eroded, ellipse, false);

            open(&mut mask, ellipse);

            prop_assert_eq!(mask, expected);
        }
    }

    fn by_definition(mask: &Mask, ellipse: Ellipse, erode: bool) -> Mask {
        let Size { width, height } = mask.size();
        Mask::from_fn(mask.size(), |x, y| {
            let mut under = (-2..=2isize).flat_map(|dy| (-2..=2isize).map(move |dx| (dx, dy)));
            let is_inside = |(dx, dy): &(isize, isize)| match ellipse {
                Ellipse::Three => dx.abs() + dy.abs() <= 1,
                Ellipse::Five => dy.abs() < 2 || *dx == 0,
            };
            let value = |(dx, dy): (isize, isize)| {
                let (u, v) = (x as isize + dx, y as isize + dy);
                let within = (0..width as isize).contains(&u) && (0..height as isize).contains(&v);
                if within { mask.get(u as usize, v as usize) } else { erode }
            };
            if erode {
                under.all(|step| !is_inside(&step) || value(step))
            } else {
                under.any(|step| is_inside(&step) && value(step))
            }
        })
    }
}
