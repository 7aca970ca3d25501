//! Seeded chance: the same seed makes the same choices on every machine.

/// SplitMix64: small, and good enough to choose what a disk loses.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Starts the choices that belong to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits().checked_rem(end).unwrap_or(0)
    }

    /// Says yes `of` times in `in_all`.
    pub fn one(&mut self, of: u64, in_all: u64) -> bool {
        self.below(in_all) < of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let (mut one, mut other) = (Chance::new(7), Chance::new(7));

        assert!((0..100).all(|_| one.bits() == other.bits()));
    }

    #[test]
    fn a_choice_stays_below_its_end() {
        let mut chance = Chance::new(1);

        assert!((0..1000).all(|_| chance.below(3) < 3));
        assert_eq!(chance.below(0), 0);
    }
}
