//! Smooth random displacement: cubic B-splines over a grid of random nodes.

use crate::random::Random;

use super::Elastic;

/// Displacement of each pixel of a square, px, row-major.
#[derive(Debug)]
pub(super) struct Bend {
    pub(super) x: Vec<f32>,
    pub(super) y: Vec<f32>,
}

/// The four nodes around a position, and their weights.
#[derive(Clone, Copy)]
struct Knots {
    first: usize,
    weights: [f32; 4],
}

impl Bend {
    /// A bend of a square of edge `edge`.
    pub(super) fn random(elastic: &Elastic, edge: usize, random: &mut Random) -> Self {
        let knots: Vec<Knots> =
            (0..edge).map(|position| Knots::at(position, elastic.spacing_px)).collect();
        let nodes = knots.last().map_or(0, |last| last.first + 4);
        let mut field = || {
            let heights: Vec<f32> =
                (0..nodes * nodes).map(|_| random.around(elastic.amplitude_px) as f32).collect();
            spread(&heights, nodes, &knots)
        };
        Self { x: field(), y: field() }
    }
}

impl Knots {
    fn at(position: usize, spacing: f64) -> Self {
        let along = (position as f64 + 0.5) / spacing;
        let t = along.fract() as f32;
        let (t2, t3) = (t * t, t * t * t);
        // The uniform cubic B-spline: non-negative weights that sum to 1.
        let weights = [
            (1.0 - 3.0 * t + 3.0 * t2 - t3) / 6.0,
            (4.0 - 6.0 * t2 + 3.0 * t3) / 6.0,
            (1.0 + 3.0 * t + 3.0 * t2 - 3.0 * t3) / 6.0,
            t3 / 6.0,
        ];
        Self { first: along as usize, weights }
    }

    fn of(self, node: impl Fn(usize) -> f32) -> f32 {
        (0..4).map(|k| self.weights[k] * node(self.first + k)).sum()
    }
}

/// The spline surface over `nodes` × `nodes` heights: along the columns, then along the rows.
fn spread(heights: &[f32], nodes: usize, knots: &[Knots]) -> Vec<f32> {
    knots
        .iter()
        .flat_map(|row| {
            let across: Vec<f32> =
                (0..nodes).map(|column| row.of(|node| heights[node * nodes + column])).collect();
            knots.iter().map(move |column| column.of(|node| across[node]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bend_is_bounded_and_smooth() {
        let elastic = Elastic { probability: 1.0, amplitude_px: 6.0, spacing_px: 16.0 };

        let bend = Bend::random(&elastic, 64, &mut Random::of(&[3]));

        for field in [&bend.x, &bend.y] {
            assert_eq!(field.len(), 64 * 64);
            assert!(field.iter().all(|shift| shift.abs() <= 6.0));
            assert!(field.iter().any(|shift| shift.abs() > 1.0));
            let steepest = field
                .windows(2)
                .enumerate()
                .filter(|(at, _)| at % 64 != 63)
                .map(|(_, p)| (p[1] - p[0]).abs());
            // A B-spline is no steeper than its nodes: 12 px over 16 px.
            assert!(steepest.fold(0.0, f32::max) <= 12.0 / 16.0);
        }
    }

    #[test]
    fn no_amplitude_is_no_bend() {
        let elastic = Elastic { probability: 1.0, amplitude_px: 0.0, spacing_px: 4.0 };

        let bend = Bend::random(&elastic, 9, &mut Random::of(&[3]));

        assert!(bend.x.iter().chain(&bend.y).all(|shift| *shift == 0.0));
    }
}
