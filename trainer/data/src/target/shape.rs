//! The outline of a nucleus, as far as `hv` needs it: its centre and its convex hull.
//!
//! The farthest pixel in any direction is a vertex of the hull, so the extent of a nucleus after
//! any rotation follows exactly from a dozen points.

/// Centre and hull of a nucleus, in pixels of its image, over pixel centres.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Mean of the pixel centres.
    pub(crate) centre: [f32; 2],
    /// Vertices of the convex hull of the pixel centres.
    pub(crate) hull: Vec<[f32; 2]>,
    /// Greatest distance to the edge, in the map's steps.
    pub(crate) depth: u8,
}

/// How far a nucleus reaches along an axis, on either side of its centre.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// Farthest before the centre, 0 or less.
    pub(crate) before: f32,
    /// Farthest beyond the centre, 0 or more.
    pub(crate) beyond: f32,
}

impl Shape {
    /// The reach along the unit vector `axis`.
    pub(crate) fn reach(&self, axis: [f32; 2]) -> Reach {
        let mut reach = Reach { before: 0.0, beyond: 0.0 };
        for vertex in &self.hull {
            let along =
                (vertex[0] - self.centre[0]) * axis[0] + (vertex[1] - self.centre[1]) * axis[1];
            reach.before = reach.before.min(along);
            reach.beyond = reach.beyond.max(along);
        }
        reach
    }
}

impl Reach {
    /// `along` as a part of the reach on its side, -1 to 1.
    pub(crate) fn part(self, along: f32) -> f32 {
        let farthest = if along < 0.0 { -self.before } else { self.beyond };
        // A nucleus one pixel wide has no reach, and its pixels lie at 0.
        if farthest > 0.0 { (along / farthest).clamp(-1.0, 1.0) } else { 0.0 }
    }
}

/// The convex hull of `points` that are sorted by (x, y): Andrew's monotone chain.
pub(super) fn hull(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut hull = half_hull(points.iter().copied());
    hull.pop();
    hull.extend(half_hull(points.iter().rev().copied()));
    hull.pop();
    hull
}

fn half_hull(points: impl Iterator<Item = [f32; 2]>) -> Vec<[f32; 2]> {
    let mut half: Vec<[f32; 2]> = Vec::new();
    for point in points {
        while let [.., a, b] = half[..]
            && cross(a, b, point) <= 0.0
        {
            half.pop();
        }
        half.push(point);
    }
    half
}

fn cross(a: [f32; 2], b: [f32; 2], c: [f32; 2]) -> f32 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hull_of_a_square_of_pixels_is_its_corners() {
        let points: Vec<[f32; 2]> =
            (0..9).map(|i| [f32::from(i as u8 / 3), f32::from(i as u8 % 3)]).collect();

        assert_eq!(hull(&points), [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
    }

    proptest! {
        #[test]
        fn the_hull_reaches_as_far_as_the_points_in_every_direction(
            points in prop::collection::btree_set((0_u8..12, 0_u8..12), 1..40),
            angle in 0.0_f32..6.3,
        ) {
            let points: Vec<[f32; 2]> =
                points.iter().map(|&(x, y)| [f32::from(x), f32::from(y)]).collect();
            let axis = [angle.cos(), angle.sin()];
            let along = |point: &[f32; 2]| point[0] * axis[0] + point[1] * axis[1];
            let farthest = |points: &[[f32; 2]]| {
                points.iter().map(along).fold(f32::NEG_INFINITY, f32::max)
            };

            let hull = hull(&points);

            prop_assert!(hull.iter().all(|vertex| points.contains(vertex)));
            prop_assert!((farthest(&hull) - farthest(&points)).abs() < 1e-4);
        }
    }
}
