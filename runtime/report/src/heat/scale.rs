//! The scale of a heat map: from zero to a round number.
//!
//! Its end is 1, 2, 3 or 5 times a power of ten: so coarse that images often share one, and can be
//! compared at a glance.

/// Smallest end of a scale, TILs per mm²: one TIL in a cell of 100 µm.
const END_MIN: f64 = 100.0;
/// Part by which a density may exceed the end: areas of cells are rounded to 24 bits.
const ROUNDING: f64 = 1e-6;

/// A scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// TILs per mm² at its end.
    end: f64,
    /// Steps between its ticks.
    steps: u32,
}

impl Scale {
    /// The shortest scale that none of these `densities` exceeds, TILs per mm², all finite.
    pub(super) fn over(densities: impl Iterator<Item = f64>) -> Self {
        let densest = densities.fold(0.0, f64::max);
        let mut unit = END_MIN;
        loop {
            for (digit, steps) in [(1.0, 5), (2.0, 4), (3.0, 3), (5.0, 5)] {
                let end = digit * unit;
                let scale = Self { end, steps };
                if !scale.is_exceeded_by(densest) {
                    return scale;
                }
            }
            unit *= 10.0;
        }
    }

    /// Whether a density lies beyond the end.
    pub(super) fn is_exceeded_by(self, per_mm2: f64) -> bool {
        per_mm2 > self.end * (1.0 + ROUNDING)
    }

    /// How far along the scale a density lies: 0 to 1, and more beyond the end.
    pub(super) fn part(self, per_mm2: f64) -> f64 {
        per_mm2 / self.end
    }

    /// Its ticks: how far along, 0 to 1, and TILs per mm².
    pub(super) fn ticks(self) -> impl Iterator<Item = (f64, f64)> {
        (0..=self.steps).map(move |step| {
            let part = f64::from(step) / f64::from(self.steps);
            (part, part * self.end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_the_next_round_number() {
        let ends = [0.0, 99.0, 100.0, 101.0, 301.0, 501.0, 1999.0, 2001.0, 12_345.0]
            .map(|densest| Scale::over([densest, 1.0].into_iter()).end as u32);

        assert_eq!(ends, [100, 100, 100, 200, 500, 1000, 2000, 3000, 20_000]);
    }

    #[test]
    fn a_round_density_whose_area_was_rounded_does_not_double_the_scale() {
        let density = 10.0 / f64::from(0.01_f32);

        assert!(density > 1000.0);
        assert!((Scale::over(std::iter::once(density)).part(1000.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ticks_are_round_and_run_from_zero_to_the_end() {
        let ticks = |densest: f64| {
            let scale = Scale::over(std::iter::once(densest));
            scale.ticks().map(|(_, density)| density.round() as u32).collect::<Vec<_>>()
        };

        assert_eq!(ticks(900.0), [0, 200, 400, 600, 800, 1000]);
        assert_eq!(ticks(1900.0), [0, 500, 1000, 1500, 2000]);
        assert_eq!(ticks(2900.0), [0, 1000, 2000, 3000]);
        assert_eq!(ticks(4900.0), [0, 1000, 2000, 3000, 4000, 5000]);
    }

    #[test]
    fn an_image_without_cells_has_a_scale_too() {
        assert_eq!(Scale::over(std::iter::empty()).ticks().count(), 6);
    }
}
