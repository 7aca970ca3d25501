//! 95 % intervals of ratios: the percentile bootstrap over fields of view.
//!
//! Of `n` fields with numerators `a` and denominators `b`, each resample draws `n` fields with
//! replacement and takes `Σa / Σb`; the interval runs from the 2.5th to the 97.5th percentile of
//! these ratios (Efron & Tibshirani 1993, chapter 13; the ratio of sums is the estimator of
//! Cochran 1977, chapter 6). Percentiles are order statistics: of 1,000 sorted ratios the 25th
//! from either end. The interval tells how much the figure varies *within this image*, and nothing
//! of other sections of the same tumour.
//!
//! The generator is `SplitMix64` (Steele, Lea & Flood 2014), begun anew from the seed for each
//! figure, so that a figure's interval does not depend on which others are taken. A field is
//! drawn as the high word of a 32 × 32 bit product; its bias is below `n` / 2³².

/// Numerator and denominator of a ratio in one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) numerator: f64,
    pub(super) denominator: f64,
}

/// The 95 % interval of `Σ numerator / Σ denominator`; absent with fewer than two fields, or when
/// over half of the resamples have no denominator.
pub(super) fn interval_95(fields: &[Ratio], seed: u64, resamples: u32) -> Option<[f64; 2]> {
    if fields.len() < 2 {
        return None;
    }
    let mut random = SplitMix64(seed);
    let mut ratios: Vec<f64> =
        (0..resamples).filter_map(|_| resample(fields, &mut random)).collect();
    if ratios.len() * 2 < resamples as usize {
        return None;
    }

    ratios.sort_by(f64::total_cmp);
    let cut = ratios.len() / 40;
    Some([ratios[cut.saturating_sub(1)], ratios[ratios.len() - cut.max(1)]])
}

fn resample(fields: &[Ratio], random: &mut SplitMix64) -> Option<f64> {
    let mut sum = Ratio { numerator: 0.0, denominator: 0.0 };
    for _ in 0..fields.len() {
        let field = fields[random.below(fields.len())];
        sum.numerator += field.numerator;
        sum.denominator += field.denominator;
    }
    (sum.denominator > 0.0).then(|| sum.numerator / sum.denominator)
}

/// Sebastiano Vigna's `splitmix64.c`, public domain.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The first outputs of splitmix64.c for the seed 1234567.
        let mut random = SplitMix64(1_234_567);

        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_interval_is_that_of_the_independent_script() {
        let fields: Vec<Ratio> = (0..20)
            .map(|i: i32| Ratio {
                numerator: f64::from(i * 7 % 11),
                denominator: f64::from(10 + i % 5),
            })
            .collect();

        let interval = interval_95(&fields, 42, 1000);

        // tests/bootstrap_by_definition.py
        assert_eq!(interval, Some(GOLDEN));
    }

    const GOLDEN: [f64; 2] = [0.302_127_659_574_468_1, 0.520_161_290_322_580_6];

    #[test]
    fn equal_fields_have_an_interval_without_width() {
        let fields = [Ratio { numerator: 1.0, denominator: 4.0 }; 9];

        assert_eq!(interval_95(&fields, 7, 1000), Some([0.25, 0.25]));
    }

    #[test]
    fn one_field_or_no_denominator_has_no_interval() {
        let field = Ratio { numerator: 1.0, denominator: 4.0 };
        let nothing = Ratio { numerator: 0.0, denominator: 0.0 };

        assert_eq!(interval_95(&[field], 7, 1000), None);
        assert_eq!(interval_95(&[nothing; 5], 7, 1000), None);
    }

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors_to_either_side() {
        // 400 fields that are 0 or 1 by halves: the standard error of the mean is 0.025.
        let fields: Vec<Ratio> = (0..400)
            .map(|i: i32| Ratio { numerator: f64::from(i % 2), denominator: 1.0 })
            .collect();

        let [low, high] = interval_95(&fields, 3, 1000).unwrap();

        assert!((0.44..0.46).contains(&low) && (0.54..0.56).contains(&high), "{low} {high}");
    }

    proptest! {
        #[test]
        fn an_interval_lies_between_the_least_and_the_greatest_ratio(
            fields in proptest::collection::vec((0u32..50, 1u32..50), 2..40), seed: u64,
        ) {
            let fields: Vec<Ratio> = fields
                .into_iter()
                .map(|(a, b)| Ratio { numerator: f64::from(a), denominator: f64::from(b) })
                .collect();
            let ratios = || fields.iter().map(|field| field.numerator / field.denominator);

            let [low, high] = interval_95(&fields, seed, 200).unwrap();

            prop_assert!(low <= high);
            prop_assert!(low >= ratios().fold(f64::INFINITY, f64::min) - 1e-12);
            prop_assert!(high <= ratios().fold(0.0, f64::max) + 1e-12);
        }
    }
}
