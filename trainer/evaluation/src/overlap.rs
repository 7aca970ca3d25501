//! Which nuclei of two label maps share pixels, and how many.
//!
//! AJI and PQ need the areas and the pairs that overlap, and nothing else of the maps. Both come
//! from one pass: equal neighbours along a row are counted as a run, the runs are sorted and
//! merged. The cost is that of the pixels plus `runs · log runs`, whatever the number of nuclei.

use crate::labels::{LabelMap, SizeMismatch, check_sizes};

/// One nucleus of a label map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its value in the label map.
    pub label: u32,
    /// Its area, px.
    pub area: u64,
}

/// Two nuclei that share at least one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Index into [`Overlaps::truth`].
    pub truth: usize,
    /// Index into [`Overlaps::predicted`].
    pub predicted: usize,
    /// Shared area, px.
    pub intersection: u64,
    /// Joint area, px.
    pub union: u64,
}

impl Overlap {
    /// Intersection over union, above 0 and at most 1.
    pub fn iou(&self) -> f64 {
        self.intersection as f64 / self.union as f64
    }
}

/// The nuclei of two label maps and the pairs of them that overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlaps {
    truth: Vec<Instance>,
    predicted: Vec<Instance>,
    pairs: Vec<Overlap>,
}

/// Pixels under one pair of labels; label 0 is the background.
#[derive(Clone, Copy)]
struct Run {
    truth: u32,
    predicted: u32,
    pixels: u64,
}

impl Overlaps {
    /// Compares two label maps of one size.
    pub fn between(truth: LabelMap<'_>, predicted: LabelMap<'_>) -> Result<Self, SizeMismatch> {
        check_sizes(truth.size(), predicted.size())?;
        let runs = merged_runs(truth.labels(), predicted.labels());

        let truths = instances(runs.iter().map(|run| (run.truth, run.pixels)).collect());
        let predictions = instances(runs.iter().map(|run| (run.predicted, run.pixels)).collect());
        let pairs = runs
            .iter()
            .filter(|run| run.truth != 0 && run.predicted != 0)
            .map(|run| overlap(run, &truths, &predictions))
            .collect();
        Ok(Self { truth: truths, predicted: predictions, pairs })
    }

    /// The nuclei of the truth, by rising label.
    pub fn truth(&self) -> &[Instance] {
        &self.truth
    }

    /// The nuclei of the prediction, by rising label.
    pub fn predicted(&self) -> &[Instance] {
        &self.predicted
    }

    /// The pairs that overlap, by rising label of the truth, then of the prediction.
    pub fn pairs(&self) -> &[Overlap] {
        &self.pairs
    }
}

/// Pixels by pair of labels, sorted by pair; pixels that are background in both are left out.
fn merged_runs(truth: &[u32], predicted: &[u32]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        match runs.last_mut() {
            Some(run) if (run.truth, run.predicted) == (truth, predicted) => run.pixels += 1,
            _ => runs.push(Run { truth, predicted, pixels: 1 }),
        }
    }
    runs.retain(|run| (run.truth, run.predicted) != (0, 0));
    runs.sort_unstable_by_key(|run| (run.truth, run.predicted));
    runs.dedup_by(|later, kept| {
        let same = (later.truth, later.predicted) == (kept.truth, kept.predicted);
        if same {
            kept.pixels += later.pixels;
        }
        same
    });
    runs
}

/// Areas by label, by rising label, without the background.
fn instances(mut pixels: Vec<(u32, u64)>) -> Vec<Instance> {
    pixels.sort_unstable_by_key(|&(label, _)| label);
    let mut instances: Vec<Instance> = Vec::new();
    for (label, area) in pixels.into_iter().filter(|&(label, _)| label != 0) {
        match instances.last_mut() {
            Some(instance) if instance.label == label => instance.area += area,
            _ => instances.push(Instance { label, area }),
        }
    }
    instances
}

fn overlap(run: &Run, truths: &[Instance], predictions: &[Instance]) -> Overlap {
    let truth = index_of(run.truth, truths);
    let predicted = index_of(run.predicted, predictions);
    let union = truths[truth].area + predictions[predicted].area - run.pixels;
    Overlap { truth, predicted, intersection: run.pixels, union }
}

fn index_of(label: u32, instances: &[Instance]) -> usize {
    instances
        .binary_search_by_key(&label, |instance| instance.label)
        .expect("every label of a run is among the instances, which were made from the runs")
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn areas_and_shared_areas_are_those_of_the_pixels() {
        let size = Size::new(4, 2);
        let truth = [7, 7, 0, 3, 7, 0, 0, 3];
        let predicted = [0, 9, 9, 9, 9, 0, 0, u32::MAX];

        let overlaps = compare(size, &truth, &predicted);

        let instance = |label, area| Instance { label, area };
        assert_eq!(overlaps.truth(), [instance(3, 2), instance(7, 3)]);
        assert_eq!(overlaps.predicted(), [instance(9, 4), instance(u32::MAX, 1)]);
        let pair = |truth, predicted, intersection, union| Overlap {
            truth,
            predicted,
            intersection,
            union,
        };
        assert_eq!(overlaps.pairs(), [pair(0, 0, 1, 5), pair(0, 1, 1, 2), pair(1, 0, 2, 5)]);
    }

    #[test]
    fn maps_of_two_sizes_are_refused() {
        let truth = LabelMap::new(Size::new(2, 3), &[0; 6]).unwrap();
        let predicted = LabelMap::new(Size::new(3, 2), &[0; 6]).unwrap();

        assert_eq!(
            Overlaps::between(truth, predicted).unwrap_err().to_string(),
            "the truth is 2 × 3 px and the prediction 3 × 2 px: resample one of them first"
        );
    }

    fn compare(size: Size, truth: &[u32], predicted: &[u32]) -> Overlaps {
        let truth = LabelMap::new(size, truth).unwrap();
        let predicted = LabelMap::new(size, predicted).unwrap();
        Overlaps::between(truth, predicted).unwrap()
    }
}
