//! Random numbers that stay the same in every version of this program.
//!
//! xoshiro256++ (Blackman and Vigna 2019), seeded by SplitMix64 over a key. **Invariant:** a
//! stream depends on its key alone, so that crop `index` of batch `n` can be drawn again at any
//! time, by any thread.

/// Normal quantiles in the table of [`Random::normal`]: 12 bits of a draw choose one.
const NORMAL_BITS: u32 = 12;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of a key, for example (seed, batch, crop).
    pub fn of(key: &[u64]) -> Self {
        let mut mixed = 0x6d61_7267_6179_0001;
        for &word in key {
            mixed = split_mix(mixed ^ word);
        }
        let state = [1, 2, 3, 4].map(|step: u64| {
            split_mix(mixed.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        });
        Self { state }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (-53.0_f64).exp2()
    }

    /// Uniform between `low` and `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform between -`bound` and `bound`.
    pub fn around(&mut self, bound: f64) -> f64 {
        self.between(-bound, bound)
    }

    /// Uniform in 0..`count`; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The bias of a 64-bit multiply is under 2⁻⁴⁰ for any count that fits in memory.
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// True with `probability`.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An index with probability in proportion to its weight, from the running sums of the
    /// weights; the last sum is their total.
    pub fn weighted(&mut self, running_sums: &[f64]) -> usize {
        let total = running_sums.last().copied().unwrap_or(0.0);
        let drawn = self.unit() * total;
        running_sums.partition_point(|&sum| sum <= drawn).min(running_sums.len().saturating_sub(1))
    }

    /// Shuffles `items` (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

/// Quantiles of the standard normal distribution at the middle of 4096 equal steps: noise by
/// look-up, true to the third decimal in variance, and cut at 3.7 standard deviations.
#[derive(Clone, Debug)]
pub struct NormalTable {
    quantiles: Vec<f32>,
}

impl NormalTable {
    /// Computes the table.
    pub fn new() -> Self {
        let steps = 1_u32 << NORMAL_BITS;
        let quantiles = (0..steps)
            .map(|step| quantile((f64::from(step) + 0.5) / f64::from(steps)) as f32)
            .collect();
        Self { quantiles }
    }

    /// Five draws from 60 bits.
    pub fn draw(&self, random: &mut Random) -> [f32; 5] {
        let bits = random.bits();
        let mask = (1_u64 << NORMAL_BITS) - 1;
        [0, 1, 2, 3, 4]
            .map(|part: u32| self.quantiles[((bits >> (4 + part * NORMAL_BITS)) & mask) as usize])
    }
}

impl Default for NormalTable {
    fn default() -> Self {
        Self::new()
    }
}

/// The key of a text, for streams that belong to a name (FNV-1a).
pub fn key_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn split_mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The point below which a standard normal lies with probability `p`: bisection on Abramowitz
/// and Stegun 7.1.26, good to 1e-6.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if cumulative(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

fn cumulative(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let polynomial = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let erf = 1.0 - polynomial * (-z * z).exp();
    if x < 0.0 { 0.5 * (1.0 - erf) } else { 0.5 * (1.0 + erf) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_every_word_of_its_key_and_on_their_order() {
        let first = |key: &[u64]| Random::of(key).bits();

        assert_eq!(first(&[1, 2, 3]), first(&[1, 2, 3]));
        let keys: [&[u64]; 5] = [&[1, 2, 3], &[1, 3, 2], &[2, 1, 3], &[1, 2], &[1, 2, 4]];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[..i] {
                assert_ne!(first(a), first(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn the_stream_is_the_published_generator() {
        // First outputs of xoshiro256++ from the state 1, 2, 3, 4 (Vigna's reference code).
        let mut random = Random { state: [1, 2, 3, 4] };

        let drawn = [random.bits(), random.bits(), random.bits()];

        assert_eq!(drawn, [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn uniform_draws_fill_their_range_evenly() {
        let mut random = Random::of(&[7]);
        let mut counts = [0_u32; 7];

        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
        }

        // 10,000 each, standard deviation 93.
        assert!(counts.iter().all(|&count| (9_500..10_500).contains(&count)), "{counts:?}");
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::of(&[8]);
        let mut counts = [0_u32; 3];

        for _ in 0..10_000 {
            counts[random.weighted(&[0.2, 0.2, 1.0])] += 1;
        }

        assert_eq!(counts[1], 0);
        assert!((1_800..2_200).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let (table, mut random) = (NormalTable::new(), Random::of(&[9]));

        let draws: Vec<f64> =
            (0..20_000).flat_map(|_| table.draw(&mut random)).map(f64::from).collect();

        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.015, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn a_shuffle_keeps_the_items() {
        let mut items: Vec<u32> = (0..50).collect();

        Random::of(&[10]).shuffle(&mut items);

        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
