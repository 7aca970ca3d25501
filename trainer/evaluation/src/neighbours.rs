//! Points near a point, without asking all of them.
//!
//! Points are sorted by column; a query looks at those of the columns within the radius. For the
//! 2,000 nuclei of a 1024² tile and a radius of 15 px these are about 60.

/// Points, sorted by x.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// x, y and the index of the point.
    sorted: Vec<(f64, f64, usize)>,
}

/// Widens the window of columns against rounding, px; every candidate's distance is computed.
const SLACK_PX: f64 = 1.0;

impl Neighbours {
    /// Takes points as (x, y); a point that is not finite is near nothing.
    pub(crate) fn new(points: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut sorted: Vec<(f64, f64, usize)> =
            points.enumerate().map(|(index, (x, y))| (x, y, index)).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { sorted }
    }

    /// Index and Euclidean distance of the points within about `radius` of (`x`, `y`): all that
    /// are, and some that are not, by rising column.
    pub(crate) fn about(
        &self,
        (x, y): (f64, f64),
        radius: f64,
    ) -> impl Iterator<Item = (usize, f64)> {
        let (least, most) = (x - radius - SLACK_PX, x + radius + SLACK_PX);
        let start = self.sorted.partition_point(|point| point.0.total_cmp(&least).is_lt());
        self.sorted[start..].iter().take_while(move |point| point.0 <= most).map(
            move |&(px, py, index)| {
                let (dx, dy) = (px - x, py - y);
                (index, (dx * dx + dy * dy).sqrt())
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_points_within_the_radius_are_found() {
        let points: Vec<(f64, f64)> =
            (0..20).flat_map(|x| (0..20).map(move |y| (f64::from(x), f64::from(y)))).collect();
        let neighbours = Neighbours::new(points.iter().copied());

        let mut found: Vec<usize> = neighbours
            .about((7.0, 3.0), 5.0)
            .filter_map(|(index, distance)| (distance <= 5.0).then_some(index))
            .collect();

        found.sort_unstable();
        let all: Vec<usize> = (0..points.len())
            .filter(|&i| (points[i].0 - 7.0).powi(2) + (points[i].1 - 3.0).powi(2) <= 25.0)
            .collect();
        assert_eq!(found, all);
    }

    #[test]
    fn a_point_that_is_not_finite_is_near_nothing() {
        let strange = [(f64::NAN, 0.0), (-f64::NAN, 0.0), (f64::INFINITY, 0.0), (0.0, f64::NAN)];
        let neighbours = Neighbours::new(strange.into_iter());

        for at in [(0.0, 0.0), (f64::NAN, 0.0), (f64::NEG_INFINITY, f64::INFINITY)] {
            assert!(neighbours.about(at, 9.0).all(|(_, distance)| distance.is_nan()), "{at:?}");
        }
    }
}
