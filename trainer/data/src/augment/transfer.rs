//! Which stains a crop is moved towards: those of another image to learn from, or a fixed target.
//!
//! Networks that saw few scanners tell classes by the stain of a laboratory; images in each
//! other's stains take that away (Tellez et al. 2019: colour must vary beyond the data). A group
//! is drawn before its member, so that no laboratory is seen more often for its many images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stain::{StainMap, StainStatistics};
use crate::random::Random;

/// How crops are moved towards the stains of other images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StainTransfer {
    /// Share of the crops that are moved, 0 to 1.
    pub probability: f64,
    /// How far they are moved at least, 0 not at all to 1 all the way.
    pub strength_min: f64,
    /// How far they are moved at most.
    pub strength_max: f64,
    /// Share of the moved crops that go all the way to `target` and not to an image's stains.
    pub target_probability: f64,
    /// The fixed target, to which a runtime may bring what it sees.
    pub target: StainStatistics,
}

/// No component of optical density is longer: black has √3 · ln 256 = 9.6.
const DENSITY_MAX: f64 = 10.0;
/// The least deviation of a target: [`StainStatistics`] adds as much.
const SD_MIN: f64 = 1e-3;

impl StainTransfer {
    /// Name, value, least and greatest value of each number.
    pub(super) fn bounds(&self) -> Vec<(&'static str, f64, f64, f64)> {
        let mut bounds = vec![
            ("probability", self.probability, 0.0, 1.0),
            ("strength_min", self.strength_min, 0.0, self.strength_max),
            ("strength_max", self.strength_max, 0.0, 1.0),
            ("target_probability", self.target_probability, 0.0, 1.0),
        ];
        let StainStatistics { mean, sd } = self.target;
        bounds.extend(mean.map(|mean| ("target.mean", mean, -DENSITY_MAX, DENSITY_MAX)));
        bounds.extend(sd.map(|sd| ("target.sd", sd, SD_MIN, DENSITY_MAX)));
        bounds
    }
}

/// The stains that crops are moved towards.
#[derive(Debug)]
pub(crate) struct StainPool {
    transfer: StainTransfer,
    groups: Vec<Vec<StainStatistics>>,
}

impl StainPool {
    /// A pool of images to learn from: the group of each, and its stains.
    pub(crate) fn new<'a>(
        transfer: StainTransfer,
        members: impl IntoIterator<Item = (&'a str, StainStatistics)>,
    ) -> Self {
        let mut groups: BTreeMap<&str, Vec<StainStatistics>> = BTreeMap::new();
        for (group, statistics) in members {
            groups.entry(group).or_default().push(statistics);
        }
        Self { transfer, groups: groups.into_values().collect() }
    }

    /// Draws whether and how a crop of an image with the stains `from` is moved.
    pub(crate) fn draw(&self, from: &StainStatistics, random: &mut Random) -> Option<StainMap> {
        let transfer = &self.transfer;
        if !random.chance(transfer.probability) {
            return None;
        }
        if random.chance(transfer.target_probability) {
            return Some(StainMap::towards(from, &transfer.target, 1.0));
        }
        let group = self.groups.get(random.below(self.groups.len()))?;
        let to = &group[random.below(group.len())];
        let strength = random.between(transfer.strength_min, transfer.strength_max);
        Some(StainMap::towards(from, to, strength))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stains(intensity: f64) -> StainStatistics {
        StainStatistics { mean: [intensity, 0.0, -0.2], sd: [0.3, 0.1, 0.1] }
    }

    fn transfer() -> StainTransfer {
        StainTransfer {
            probability: 0.6,
            strength_min: 0.3,
            strength_max: 1.0,
            target_probability: 0.2,
            target: stains(3.0),
        }
    }

    #[test]
    fn each_group_is_as_likely_as_any_other_and_the_target_has_its_share() {
        let transfer = StainTransfer { strength_min: 1.0, ..transfer() };
        let many = [1.0; 30].map(|intensity| ("many", stains(intensity)));
        let pool = StainPool::new(transfer, many.into_iter().chain([("one", stains(2.0))]));
        let mut counts = [0_u32; 4];

        for seed in 0..10_000 {
            let map = pool.draw(&stains(0.0), &mut Random::of(&[seed]));
            // With equal deviations the shift of intensity is the target's mean.
            let shift = map.map_or(0.0, |map| map.shift.iter().sum::<f64>() / 3.0_f64.sqrt());
            counts[shift.round() as usize] += 1;
        }

        // 4000, 2400, 2400 and 1200 expected, standard deviations up to 49.
        for (count, expected) in counts.into_iter().zip([4_000_u32, 2_400, 2_400, 1_200]) {
            assert!(count.abs_diff(expected) < 250, "{counts:?}");
        }
    }

    #[test]
    fn strengths_fill_their_range() {
        let transfer = StainTransfer { target_probability: 0.0, ..transfer() };
        let pool = StainPool::new(transfer, [("one", stains(1.0))]);

        let strengths: Vec<f64> = (0..2_000)
            .filter_map(|seed| pool.draw(&stains(0.0), &mut Random::of(&[seed])))
            .map(|map| map.shift.iter().sum::<f64>() / 3.0_f64.sqrt())
            .collect();

        assert!(strengths.iter().all(|strength| (0.3..=1.0).contains(strength)));
        let mean = strengths.iter().sum::<f64>() / strengths.len() as f64;
        assert!((mean - 0.65).abs() < 0.03, "{mean}");
    }

    #[test]
    fn a_pool_without_images_moves_to_the_target_or_not_at_all() {
        let pool = StainPool::new(transfer(), []);

        let maps = (0..100).map(|seed| pool.draw(&stains(0.0), &mut Random::of(&[seed])));

        let target = StainMap::towards(&stains(0.0), &stains(3.0), 1.0);
        let moved: Vec<StainMap> = maps.flatten().collect();
        assert!(!moved.is_empty() && moved.iter().all(|map| *map == target));
    }

    #[test]
    fn numbers_out_of_bounds_are_told() {
        let wrong = StainTransfer { strength_min: 0.5, strength_max: 0.4, ..transfer() };
        let beyond = |transfer: &StainTransfer| -> Vec<&str> {
            let bounds = transfer.bounds().into_iter();
            bounds.filter(|(_, v, low, high)| !(low..=high).contains(&v)).map(|b| b.0).collect()
        };

        assert!(beyond(&transfer()).is_empty());
        assert_eq!(beyond(&wrong), ["strength_min"]);
    }
}
