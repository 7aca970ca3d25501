//! MCSpatNet's rule (Abousamra et al. 2021; their `03_eval_localization_fscore.py`).
//!
//! Truths in raster order (by row, then by column) take the nearest prediction that none before
//! them took, at a distance **below** the radius. By class: each class by itself, against the
//! predictions of that class alone. Detection: all classes as one. Counts are pooled over images.
//!
//! Not copied from the script: the misses of an image without predictions count once, not once for
//! each of six radii; and a truth looks at all predictions within the radius, not at 50.

use super::{Counts, Dot};
use crate::neighbours::Neighbours;

/// Counts of one image, whatever the classes. `radius_px` is 6 in the BRCA-M2C figures, at
/// 0.5 µm/px.
pub fn detection(truth: &[Dot], predicted: &[Dot], radius_px: f64) -> Counts {
    match_in_raster_order(&positions(truth), &positions(predicted), radius_px)
}

/// Counts of one image for each of the classes 0 to `classes - 1`; dots of other classes are left
/// out.
pub fn by_class(truth: &[Dot], predicted: &[Dot], classes: usize, radius_px: f64) -> Vec<Counts> {
    (0..classes)
        .map(|class| {
            let of_class = |dots| positions(&only(class, dots));
            match_in_raster_order(&of_class(truth), &of_class(predicted), radius_px)
        })
        .collect()
}

fn match_in_raster_order(truth: &[(f64, f64)], predicted: &[(f64, f64)], radius: f64) -> Counts {
    let mut in_raster_order = truth.to_vec();
    in_raster_order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
    let neighbours = Neighbours::new(predicted.iter().copied());
    let mut taken = vec![false; predicted.len()];

    let mut pairs = 0;
    for &truth in &in_raster_order {
        let nearest = neighbours
            .about(truth, radius)
            .filter(|&(index, distance)| !taken[index] && distance < radius)
            .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        if let Some((index, _)) = nearest {
            taken[index] = true;
            pairs += 1;
        }
    }
    Counts::of_pairs(pairs, truth.len(), predicted.len())
}

fn positions(dots: &[Dot]) -> Vec<(f64, f64)> {
    dots.iter().map(|dot| (dot.x, dot.y)).collect()
}

fn only(class: usize, dots: &[Dot]) -> Vec<Dot> {
    dots.iter().filter(|dot| dot.class == class).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_raster_order_takes_the_nearest() {
        // The lower truth is nearer, but the upper one comes first.
        let truth = [dot(0.0, 3.0, 0), dot(0.0, 0.0, 0)];
        let predicted = [dot(0.0, 2.0, 0)];

        let counts = detection(&truth, &predicted, 6.0);

        assert_eq!(counts, Counts { true_positives: 1, false_positives: 0, false_negatives: 1 });
    }

    #[test]
    fn a_distance_of_exactly_the_radius_is_too_far() {
        let truth = [dot(0.0, 0.0, 0)];

        assert_eq!(detection(&truth, &[dot(3.6, 4.8, 0)], 6.0).true_positives, 0);
        assert_eq!(detection(&truth, &[dot(3.6, 4.7, 0)], 6.0).true_positives, 1);
    }

    #[test]
    fn classes_are_matched_each_by_itself() {
        let truth = [dot(0.0, 0.0, 0), dot(50.0, 0.0, 1)];
        let predicted = [dot(0.0, 1.0, 1), dot(50.0, 1.0, 1), dot(80.0, 0.0, 7)];

        let counts = by_class(&truth, &predicted, 2, 6.0);

        assert_eq!(counts[0], Counts { true_positives: 0, false_positives: 0, false_negatives: 1 });
        assert_eq!(counts[1], Counts { true_positives: 1, false_positives: 1, false_negatives: 0 });
        assert_eq!(detection(&truth, &predicted, 6.0).true_positives, 2);
    }

    fn dot(x: f64, y: f64, class: usize) -> Dot {
        Dot { x, y, class }
    }
}
