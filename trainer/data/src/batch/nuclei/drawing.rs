//! Which sample a crop is cut from, and around what.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::augment::Aim;
use crate::random::Random;
use crate::target::Prepared;

/// Draws samples by the shares of their sources.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Running sums of the sources' shares.
    running: Vec<f64>,
    sources: Vec<Set>,
    class_balance: f64,
}

/// What a crop is cut from.
#[derive(Debug)]
pub(super) struct Drawn<'a> {
    pub(super) sample: &'a Arc<Prepared>,
    pub(super) aim: Aim,
}

#[derive(Debug)]
struct Set {
    samples: Vec<Arc<Prepared>>,
    /// For each class that occurs, its nuclei: sample and position.
    by_class: Vec<Vec<(usize, [f32; 2])>>,
}

impl Drawing {
    /// Takes what was checked: shares of 0 or more, and samples for each above 0.
    pub(super) fn new(
        samples: Vec<Arc<Prepared>>,
        shares: &BTreeMap<String, f64>,
        class_balance: f64,
    ) -> Self {
        let mut by_set: BTreeMap<String, Vec<Arc<Prepared>>> = BTreeMap::new();
        for sample in samples {
            by_set.entry(sample.set.clone()).or_default().push(sample);
        }
        let (mut running, mut sources, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (set, share) in shares.iter().filter(|(_, share)| **share > 0.0) {
            sum += share;
            running.push(sum);
            sources.push(Set::new(by_set.remove(set.as_str()).unwrap_or_default()));
        }
        Self { running, sources, class_balance }
    }

    /// Draws a sample and what the crop lies around.
    pub(super) fn draw(&self, random: &mut Random) -> Drawn<'_> {
        let source = &self.sources[random.weighted(&self.running)];
        let balanced = random.chance(self.class_balance);
        let anywhere = random.below(source.samples.len());
        if balanced && !source.by_class.is_empty() {
            let nuclei = &source.by_class[random.below(source.by_class.len())];
            let (sample, at) = nuclei[random.below(nuclei.len())];
            let aim = Aim::At(at.map(f64::from));
            return Drawn { sample: &source.samples[sample], aim };
        }
        Drawn { sample: &source.samples[anywhere], aim: Aim::Anywhere }
    }
}

impl Set {
    fn new(samples: Vec<Arc<Prepared>>) -> Self {
        let mut by_class: BTreeMap<u8, Vec<(usize, [f32; 2])>> = BTreeMap::new();
        for (index, sample) in samples.iter().enumerate() {
            for &(class, at) in &sample.objects.landmarks {
                by_class.entry(class).or_default().push((index, at));
            }
        }
        Self { samples, by_class: by_class.into_values().collect() }
    }
}
