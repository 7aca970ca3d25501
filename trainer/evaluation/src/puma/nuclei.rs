//! The official nuclei figures, and those that have not their traps.
//!
//! One file: the centroid of a nucleus is the mean of its vertices as given; polygons of fewer than
//! three vertices are left out. Each truth, in file order, looks at the predictions of its own
//! class at a distance below 15 px that none took before, and takes the one of the greatest score,
//! of these the nearest. F1 by class follows, over the classes of truth and prediction.
//!
//! Over the files ([`NucleiScore`]), the **official** F1 of a class is Σ F1 / number of files, and
//! the ranked figure is the mean over the classes. So a class that a file does not hold adds 0
//! there, false alarms in such files cost nothing, and a class name that no truth knows adds a 0
//! to the mean. Beside it stand the **pooled** F1 (counts of all files together) and the
//! **presence-normalised** F1 (Σ F1 / number of files whose truth holds the class).

use std::collections::BTreeMap;

use super::file::{Polygon, PumaFile};
use super::summation::numpy_mean;
use crate::detection::Counts;
use crate::mean::{mean_of_defined, ratio};
use crate::summary::Measure;

/// A prediction this far from the truth or further is not its nucleus, px.
pub const DISTANCE_PX: f64 = 15.0;

/// Fewest vertices of a polygon that is scored.
pub const VERTICES_MIN: usize = 3;

/// Figures of one class or of all in one file, 0 where the denominator is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// `TP / (TP + FP)`.
    pub precision: f64,
    /// `TP / (TP + FN)`.
    pub recall: f64,
    /// `2 · precision · recall / (precision + recall)`.
    pub f1: f64,
}

/// The score of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileScore {
    /// Counts of each class that is in the truth or in the prediction, by name.
    pub classes: BTreeMap<String, Counts>,
    /// Figures of all classes' counts together. Not ranked.
    pub micro: Figures,
    /// Mean F1 of the classes; NaN where there are none. Not ranked.
    pub macro_f1: f64,
}

/// The figures of one class over all files.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScore {
    /// Name of the class.
    pub class: String,
    /// Official: Σ F1 / number of files.
    pub f1_official: f64,
    /// Counts over all files; their [`Counts::f1`] is the pooled F1.
    pub pooled: Counts,
    /// Files whose truth holds the class.
    pub files_with_truth: u64,
    /// Σ F1 / `files_with_truth`; none where no truth holds the class.
    pub f1_where_present: Option<f64>,
}

/// The score of a set of files.
#[derive(Clone, Debug, PartialEq)]
pub struct NucleiScore {
    /// Classes in order of appearance, which the last bit of the official mean depends on.
    pub classes: Vec<ClassScore>,
    /// The leaderboard's `macro_f1_nuclei_average`; NaN where there are no classes.
    pub macro_f1_official: f64,
    /// Mean pooled F1 of the classes that are in any truth.
    pub macro_f1_pooled: Option<f64>,
    /// Mean presence-normalised F1 of the classes that are in any truth.
    pub macro_f1_where_present: Option<f64>,
    /// F1 of the counts of all files and classes together.
    pub micro_f1_pooled: Option<f64>,
}

impl Figures {
    /// The figures of `counts`, rounded as the official evaluation rounds them.
    pub fn of(counts: Counts) -> Self {
        let precision = counts.precision().unwrap_or(0.0);
        let recall = counts.recall().unwrap_or(0.0);
        let f1 = ratio(2.0 * precision * recall, precision + recall).unwrap_or(0.0);
        Self { precision, recall, f1 }
    }
}

impl FileScore {
    /// Scores the prediction of one file.
    pub fn of(truth: &PumaFile, predicted: &PumaFile) -> Self {
        let truth = by_class(truth);
        let mut predicted = by_class(predicted);

        let mut classes = BTreeMap::new();
        for (class, truth) in truth {
            let predicted = predicted.remove(class).unwrap_or_default();
            let pairs = pairs(&truth, &predicted);
            let counts = Counts::of_pairs(pairs, truth.len(), predicted.len());
            classes.insert(class.to_owned(), counts);
        }
        for (class, predicted) in predicted {
            classes.insert(class.to_owned(), Counts::of_pairs(0, 0, predicted.len()));
        }
        let f1s: Vec<f64> = classes.values().map(|&counts| Figures::of(counts).f1).collect();
        let all = classes.values().copied().sum();
        Self { classes, micro: Figures::of(all), macro_f1: numpy_mean(&f1s) }
    }
}

impl NucleiScore {
    /// Scores a set of files, in their order.
    pub fn of(files: &[FileScore]) -> Self {
        let classes: Vec<ClassScore> = classes_in_order_of_appearance(files)
            .into_iter()
            .map(|class| score_of_class(class, files))
            .collect();

        let official: Vec<f64> = classes.iter().map(|class| class.f1_official).collect();
        let known = classes.iter().filter(|class| class.files_with_truth > 0);
        Self {
            macro_f1_official: numpy_mean(&official),
            macro_f1_pooled: mean_of_defined(known.map(|class| class.pooled.f1())),
            macro_f1_where_present: mean_of_defined(classes.iter().map(|c| c.f1_where_present)),
            micro_f1_pooled: classes.iter().map(|class| class.pooled).sum::<Counts>().f1(),
            classes,
        }
    }
}

impl NucleiScore {
    /// The challenge's figures with the pooled ones beside them: over the classes, then of each.
    pub fn measures(&self) -> Vec<Measure> {
        let overall = [
            Measure::new("PUMA macro F1", Some(self.macro_f1_official)),
            Measure::new("pooled PUMA macro F1", self.macro_f1_pooled),
        ];
        let by_class = self.classes.iter().flat_map(|class| {
            let name = &class.class;
            [
                Measure::new(format!("PUMA {name} F1"), Some(class.f1_official)),
                Measure::new(format!("pooled PUMA {name} F1"), class.pooled.f1()),
            ]
        });
        overall.into_iter().chain(by_class).collect()
    }
}

/// Classes by the first file they are in, and by name within a file.
fn classes_in_order_of_appearance(files: &[FileScore]) -> Vec<&str> {
    let mut classes: Vec<&str> = Vec::new();
    for class in files.iter().flat_map(|file| file.classes.keys()) {
        if !classes.contains(&class.as_str()) {
            classes.push(class);
        }
    }
    classes
}

fn score_of_class(class: &str, files: &[FileScore]) -> ClassScore {
    let counts = files.iter().filter_map(|file| file.classes.get(class)).copied();
    let sum = counts.clone().fold(0.0, |sum, counts| sum + Figures::of(counts).f1);
    let holds = |counts: &Counts| counts.true_positives + counts.false_negatives > 0;
    let files_with_truth = counts.clone().filter(holds).count() as u64;
    ClassScore {
        class: class.to_owned(),
        f1_official: sum / files.len() as f64,
        pooled: counts.sum(),
        files_with_truth,
        f1_where_present: ratio(sum, files_with_truth as f64),
    }
}

/// A nucleus as the matching sees it.
#[derive(Clone, Copy)]
struct Candidate {
    centroid: [f64; 2],
    score: f64,
}

fn by_class(file: &PumaFile) -> BTreeMap<&str, Vec<Candidate>> {
    let mut classes: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
    for polygon in file.polygons.iter().filter(|p| p.points.len() >= VERTICES_MIN) {
        let candidate = Candidate { centroid: centroid(polygon), score: polygon.score };
        classes.entry(&polygon.class).or_default().push(candidate);
    }
    classes
}

/// The mean of the vertices, added one after another as `numpy.mean(points, axis=0)` does.
fn centroid(polygon: &Polygon) -> [f64; 2] {
    let add = |sum: [f64; 2], p: &[f64; 2]| [sum[0] + p[0], sum[1] + p[1]];
    let [x, y] = polygon.points.iter().fold([0.0; 2], add);
    let vertices = polygon.points.len() as f64;
    [x / vertices, y / vertices]
}

/// Pairs that the official matching makes of nuclei of one class.
fn pairs(truth: &[Candidate], predicted: &[Candidate]) -> usize {
    let mut taken = vec![false; predicted.len()];
    let mut pairs = 0;
    for truth in truth {
        let Some(best) = best_candidate(truth, predicted, &taken) else { continue };
        // The evaluation takes away the first prediction at the chosen one's centroid, which of
        // two on one spot may be the other one.
        let at_centroid = |&(index, other): &(usize, &Candidate)| {
            !taken[index] && same_centroid(other, &predicted[best])
        };
        let first = predicted.iter().enumerate().find(at_centroid).map_or(best, |(first, _)| first);
        taken[first] = true;
        pairs += 1;
    }
    pairs
}

/// The free prediction of the greatest score, of these the nearest, of these the first in file
/// order.
fn best_candidate(truth: &Candidate, predicted: &[Candidate], taken: &[bool]) -> Option<usize> {
    let mut best: Option<(usize, f64, f64)> = None;
    for (index, candidate) in predicted.iter().enumerate().filter(|(index, _)| !taken[*index]) {
        let Some(distance) = distance_below_limit(truth, candidate) else { continue };
        let better = best.is_none_or(|(_, score, nearest)| {
            candidate.score > score || (candidate.score >= score && distance < nearest)
        });
        if better {
            best = Some((index, candidate.score, distance));
        }
    }
    best.map(|(index, _, _)| index)
}

/// `numpy.linalg.norm` of the difference, where it is below the limit.
fn distance_below_limit(truth: &Candidate, predicted: &Candidate) -> Option<f64> {
    let dx = truth.centroid[0] - predicted.centroid[0];
    let dy = truth.centroid[1] - predicted.centroid[1];
    if dx.abs() >= DISTANCE_PX || dy.abs() >= DISTANCE_PX {
        return None;
    }
    // NumPy's dot product of two elements, by OpenBLAS on x86-64: a product, then a fused one.
    let distance = dy.mul_add(dy, dx * dx).sqrt();
    (distance < DISTANCE_PX).then_some(distance)
}

#[expect(clippy::float_cmp, reason = "the evaluation compares centroids exactly")]
fn same_centroid(a: &Candidate, b: &Candidate) -> bool {
    a.centroid == b.centroid
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the promise is equality to the last bit")]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_closing_vertex_counts_twice_in_the_centroid() {
        let open = polygon("a", 1.0, &[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]]);
        let mut closed = open.clone();
        closed.points.push([0.0, 0.0]);

        assert_eq!(centroid(&open), [4.0, 4.0]);
        assert_eq!(centroid(&closed), [3.2, 3.2]);
    }

    #[test]
    fn score_comes_before_distance_and_distance_before_order() {
        let truth = file(&[("a", 1.0, 0.0), ("a", 1.0, 20.0)]);
        // The second truth reaches the prediction at 8 alone, which the first takes by its score.
        let by_score = file(&[("a", 0.5, 1.0), ("a", 0.9, 8.0)]);
        let by_distance = file(&[("a", 0.5, 8.0), ("a", 0.5, 1.0)]);

        assert_eq!(counts(&truth, &by_score, "a"), (1, 1, 1));
        assert_eq!(counts(&truth, &by_distance, "a"), (2, 0, 0));
    }

    #[test]
    fn fifteen_pixels_are_too_far() {
        let truth = file(&[("a", 1.0, 0.0)]);

        assert_eq!(counts(&truth, &file(&[("a", 1.0, 15.0)]), "a"), (0, 1, 1));
        assert_eq!(counts(&truth, &file(&[("a", 1.0, 14.999)]), "a"), (1, 0, 0));
    }

    #[test]
    fn fewer_than_three_vertices_are_no_nucleus() {
        let truth = file(&[("a", 1.0, 0.0)]);
        let line = PumaFile { polygons: vec![polygon("b", 1.0, &[[0.0, 0.0], [1.0, 1.0]])] };

        let score = FileScore::of(&truth, &line);

        assert_eq!(score.classes.keys().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn false_alarms_in_a_file_without_the_class_cost_nothing_officially_and_do_cost_pooled() {
        let good = FileScore::of(&file(&[("a", 1.0, 0.0)]), &file(&[("a", 1.0, 0.0)]));
        let spurious = FileScore::of(&file(&[]), &file(&[("a", 1.0, 0.0), ("a", 1.0, 50.0)]));
        let nothing = FileScore::of(&file(&[]), &file(&[]));

        let with = NucleiScore::of(&[good.clone(), spurious]);
        let without = NucleiScore::of(&[good, nothing.clone()]);

        assert_eq!((with.macro_f1_official, without.macro_f1_official), (0.5, 0.5));
        assert_eq!((with.macro_f1_pooled, without.macro_f1_pooled), (Some(0.5), Some(1.0)));
        assert_eq!(with.macro_f1_where_present, Some(1.0));
        assert!(nothing.macro_f1.is_nan());
        assert!(NucleiScore::of(&[nothing]).macro_f1_official.is_nan());
    }

    #[test]
    fn a_class_name_that_no_truth_knows_halves_the_official_mean_of_one_class() {
        let truth = file(&[("a", 1.0, 0.0)]);
        let typo = file(&[("a", 1.0, 0.0), ("A", 1.0, 90.0)]);

        let score = NucleiScore::of(&[FileScore::of(&truth, &typo)]);

        assert_eq!(score.macro_f1_official, 0.5);
        assert_eq!(score.macro_f1_pooled, Some(1.0));
    }

    fn counts(truth: &PumaFile, predicted: &PumaFile, class: &str) -> (u64, u64, u64) {
        let counts = FileScore::of(truth, predicted).classes[class];
        (counts.true_positives, counts.false_positives, counts.false_negatives)
    }

    /// Nuclei of (class, score, x of the centroid).
    fn file(nuclei: &[(&str, f64, f64)]) -> PumaFile {
        let triangle = |x: f64| [[x, 0.0], [x - 1.0, 0.0], [x + 1.0, 0.0]];
        let polygons =
            nuclei.iter().map(|&(class, score, x)| polygon(class, score, &triangle(x))).collect();
        PumaFile { polygons }
    }

    fn polygon(class: &str, score: f64, points: &[[f64; 2]]) -> Polygon {
        Polygon { class: class.to_owned(), score, points: points.to_vec() }
    }
}
