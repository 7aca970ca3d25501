//! Sobel gradients of the offset maps.
//!
//! **Contract.** For an odd width `n`, 3 to 31, the taps of both passes are OpenCV's, each scaled by
//! `2^-(n-1)`:
//! smoothing `C(n-1, k)`, derivative `C(n-2, k-1) − C(n-2, k)` for k = 0..n-1. They are computed in
//! f64 (the binomials are exact, the scale is a power of two) and rounded once to f32. The
//! horizontal gradient smooths down the columns and derives along the rows, the vertical one the
//! other way round; passes and borders are those of `separable.rs`.
//!
//! The published chain brings the gradients of each tile to 0..1 by the least and the greatest
//! value in that tile. Here [`GradientBounds`] are an input, so that a nucleus does not depend on
//! the tile; [`GradientBounds::measure`] gives those of one tile.

use contract::{Size, postprocessing::Hover};

use crate::separable::{BLOCK, LANES, Lines, Plane, Separable, Symmetry, Taps, Wanted, fit};
use crate::simd::{self, Work};

/// Least and greatest gradient, to which 0 and 1 are assigned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientBounds {
    /// Of the horizontal gradient of the `h` map.
    pub h: (f32, f32),
    /// Of the vertical gradient of the `v` map.
    pub v: (f32, f32),
}

impl GradientBounds {
    /// The bounds that a model card states.
    pub fn of(parameters: &Hover) -> Self {
        let Hover { gradient_h: [h0, h1], gradient_v: [v0, v1], .. } = *parameters;
        Self { h: (h0, h1), v: (v0, v1) }
    }

    /// The bounds of one tile, as the published chain takes them. NaN counts for nothing; a map
    /// without numbers has the bounds +∞ and −∞.
    ///
    /// # Panics
    /// If a map is not of `size`, or if `sobel_px` is not odd and 3 to 31.
    pub fn measure(size: Size, h: &[f32], v: &[f32], sobel_px: u32) -> Self {
        let (mut horizontal, mut vertical) = sobel(sobel_px);
        Self {
            h: extremes(&mut horizontal, plane(size, h)),
            v: extremes(&mut vertical, plane(size, v)),
        }
    }

    /// The bounds that hold both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let join = |a: (f32, f32), b: (f32, f32)| (a.0.min(b.0), a.1.max(b.1));
        Self { h: join(self.h, other.h), v: join(self.v, other.v) }
    }
}

/// The horizontal gradient of a map, row-major.
///
/// # Panics
/// If the map is not of `size`, or if `sobel_px` is not odd and 3 to 31.
pub fn horizontal(size: Size, map: &[f32], sobel_px: u32) -> Vec<f32> {
    sobel(sobel_px).0.filter(plane(size, map))
}

/// The vertical gradient of a map, row-major.
///
/// # Panics
/// As [`horizontal`].
pub fn vertical(size: Size, map: &[f32], sobel_px: u32) -> Vec<f32> {
    sobel(sobel_px).1.filter(plane(size, map))
}

/// The filters of the horizontal and of the vertical gradient.
pub(crate) fn sobel(sobel_px: u32) -> (Separable, Separable) {
    assert!(
        (3..=31).contains(&sobel_px) && !sobel_px.is_multiple_of(2),
        "a Sobel filter is 3 to 31 px wide, an odd number, not {sobel_px}"
    );
    let (smooth, derivative) = (smoothing(sobel_px), derivative(sobel_px));
    (Separable::new(smooth.clone(), derivative.clone()), Separable::new(derivative, smooth))
}

pub(crate) fn plane(size: Size, values: &[f32]) -> Plane<'_> {
    assert_eq!(values.len(), size.pixels(), "a map has one value a pixel");
    Plane { size, values }
}

fn smoothing(width: u32) -> Taps {
    let row = binomials(width - 1);
    let scale = scale(width);
    let centre = width as usize / 2;
    Taps {
        symmetry: Symmetry::Even,
        centre: (row[centre] * scale) as f32,
        sides: row[centre + 1..].iter().map(|tap| (tap * scale) as f32).collect(),
    }
}

fn derivative(width: u32) -> Taps {
    let row = binomials(width - 2);
    let scale = scale(width);
    let at = |k: usize| row.get(k).copied().unwrap_or(0.0);
    let sides = (width as usize / 2 + 1..width as usize)
        .map(|k| ((at(k - 1) - at(k)) * scale) as f32)
        .collect();
    Taps { symmetry: Symmetry::Odd, centre: 0.0, sides }
}

fn scale(width: u32) -> f64 {
    (-f64::from(width - 1)).exp2()
}

/// Row `n` of Pascal's triangle; exact in f64 up to n = 56.
fn binomials(n: u32) -> Vec<f64> {
    (0..n).fold(vec![1.0], |row, _| {
        let left = std::iter::once(0.0).chain(row.iter().copied());
        let right = row.iter().copied().chain([0.0]);
        left.zip(right).map(|(a, b)| a + b).collect()
    })
}

/// Least and greatest value of a filtered map.
struct Extremes<'a> {
    filter: &'a mut Separable,
    plane: Plane<'a>,
}

fn extremes(filter: &mut Separable, plane: Plane<'_>) -> (f32, f32) {
    simd::run(Extremes { filter, plane })
}

impl Work for Extremes<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn work(self) -> (f32, f32) {
        let Size { width, height } = self.plane.size;
        let mut wanted = Wanted::default();
        let mut lines = Lines::default();
        fit(&mut lines, width);
        let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        for y in (0..height).step_by(BLOCK) {
            wanted.whole(width, height - y);
            self.filter.block(self.plane, y, &wanted, &mut lines);
            for line in lines.iter_mut().take(height - y) {
                line[width..].fill(f32::NAN);
                for lanes in line.as_chunks::<LANES>().0 {
                    for (lane, &value) in lanes.iter().enumerate() {
                        least[lane] = if value < least[lane] { value } else { least[lane] };
                        most[lane] = if value > most[lane] { value } else { most[lane] };
                    }
                }
            }
        }
        (
            least.into_iter().fold(f32::INFINITY, f32::min),
            most.into_iter().fold(f32::NEG_INFINITY, f32::max),
        )
    }
}

#[cfg(test)]
mod tests;
