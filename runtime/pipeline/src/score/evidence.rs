//! Whether a figure rests on enough to be believed.
//!
//! No minimum area or count has been validated for TILs in melanoma (the Working Group names
//! none). These thresholds are our own choice: below them a single cluster of lymphocytes moves
//! the figure more than the difference between clinical groups. A figure below them is given all
//! the same, and says so.

use contract::Evidence;

/// Area that a figure should be taken over, mm²: half a high-power field of 0.2 mm².
const AREA_MIN_MM2: f64 = 0.1;
/// Nuclei that a ratio of nuclei should have below the line: ± 14 % by counting alone.
const NUCLEI_MIN: u64 = 50;
/// Fields of view with something in them that an interval should come from.
const FIELDS_MIN: u32 = 5;
/// Part of a ring that may lie outside the image.
const TRUNCATED_MAX: f64 = 0.5;

/// What a figure rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    /// Area it was taken over, mm².
    pub(super) area_mm2: f64,
    /// Nuclei below the line, where nuclei stand there.
    pub(super) nuclei: Option<u64>,
    /// Fields with something in them.
    pub(super) fields: u32,
    /// Part of a ring outside the image.
    pub(super) truncated_fraction: Option<f64>,
}

/// Judges a figure that has a value.
pub(super) fn judge(ground: Ground) -> Evidence {
    let Ground { area_mm2, nuclei, fields, truncated_fraction } = ground;
    let mut short = Vec::new();
    if area_mm2 < AREA_MIN_MM2 {
        short.push(format!("{area_mm2:.3} mm² is less than {AREA_MIN_MM2} mm²"));
    }
    if let Some(nuclei) = nuclei.filter(|&nuclei| nuclei < NUCLEI_MIN) {
        short.push(format!("{nuclei} nuclei are fewer than {NUCLEI_MIN}"));
    }
    if fields < FIELDS_MIN {
        short.push(format!("{fields} fields of view are fewer than {FIELDS_MIN}"));
    }
    if let Some(truncated) = truncated_fraction.filter(|&part| part > TRUNCATED_MAX) {
        short.push(format!("{:.0} % of the ring lies outside the image", truncated * 100.0));
    }

    if short.is_empty() { Evidence::Sufficient } else { Evidence::Low { reason: short.join("; ") } }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Ground =
        Ground { area_mm2: 0.1, nuclei: Some(50), fields: 5, truncated_fraction: Some(0.5) };

    #[test]
    fn a_figure_at_every_threshold_is_sufficient() {
        assert_eq!(judge(ENOUGH), Evidence::Sufficient);
    }

    #[test]
    fn every_shortage_is_named() {
        let few =
            Ground { area_mm2: 0.0551, nuclei: Some(49), fields: 4, truncated_fraction: Some(0.9) };

        let reason = "0.055 mm² is less than 0.1 mm²; 49 nuclei are fewer than 50; \
                      4 fields of view are fewer than 5; 90 % of the ring lies outside the image";
        assert_eq!(judge(few), Evidence::Low { reason: reason.into() });
    }
}
