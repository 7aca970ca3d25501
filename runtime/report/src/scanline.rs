//! Pixels whose centres lie in a polygon, by the even-odd rule.
//!
//! Pixel (i, j) has its centre at (i + ½, j + ½). A crossing of an edge with the line of centres
//! is computed from the edge's upper end, in f64, so that two polygons that share an edge agree on
//! it. A centre on an edge belongs to the polygon on its right; an edge holds its upper end and not
//! its lower one. So polygons that tile the plane tile the pixels: no pixel twice, none left out.

use std::ops::Range;

use contract::Point;

/// Rows whose centres a polygon can hold, from 0 and below `height`.
pub(crate) fn rows(polygon: &[Point], height: usize) -> Range<usize> {
    range(polygon.iter().map(|point| point.y), height)
}

/// Columns whose centres a polygon can hold, from 0 and below `width`.
pub(crate) fn columns(polygon: &[Point], width: usize) -> Range<usize> {
    range(polygon.iter().map(|point| point.x), width)
}

/// Calls `span` with the columns inside `polygon` of row `row`, cut to `within`, from the left.
pub(crate) fn spans(
    polygon: &[Point],
    row: usize,
    within: &Range<usize>,
    mut span: impl FnMut(Range<usize>),
) {
    let y = row as f64 + 0.5;
    let mut crossings = [0.0; contract::Nucleus::VERTICES_MAX];
    let mut count = 0;
    let mut previous = polygon.last();
    for vertex in polygon {
        let crossed = previous.and_then(|from| crossing(*from, *vertex, y));
        if let (Some(x), Some(slot)) = (crossed, crossings.get_mut(count)) {
            *slot = x;
            count += 1;
        }
        previous = Some(vertex);
    }

    let crossings = &mut crossings[..count];
    crossings.sort_by(f64::total_cmp);
    for pair in crossings.chunks_exact(2) {
        let (from, to) = (first_from(pair[0]), first_from(pair[1]));
        let columns = from.max(within.start)..to.min(within.end);
        if columns.start < columns.end {
            span(columns);
        }
    }
}

/// Where the edge from `a` to `b` crosses the line at `y`.
fn crossing(a: Point, b: Point, y: f64) -> Option<f64> {
    let (upper, lower) = if a.y <= b.y { (a, b) } else { (b, a) };
    let (upper_y, lower_y) = (f64::from(upper.y), f64::from(lower.y));
    if !(upper_y <= y && y < lower_y) {
        return None;
    }
    let (upper_x, lower_x) = (f64::from(upper.x), f64::from(lower.x));
    Some(upper_x + (y - upper_y) * (lower_x - upper_x) / (lower_y - upper_y))
}

/// The first column whose centre is at or right of `x`.
fn first_from(x: f64) -> usize {
    (x - 0.5).ceil().max(0.0) as usize
}

fn range(values: impl Iterator<Item = f32> + Clone, end: usize) -> Range<usize> {
    let least = values.clone().fold(f32::INFINITY, f32::min);
    let most = values.fold(f32::NEG_INFINITY, f32::max);
    let last = (f64::from(most).ceil().max(0.0) as usize).min(end);
    (f64::from(least).floor().max(0.0) as usize).min(last)..last
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_square_on_pixel_edges_holds_its_pixels() {
        let square = polygon(&[(1.0, 1.0), (3.0, 1.0), (3.0, 2.0), (1.0, 2.0)]);

        assert_eq!(filled(&square), [(1, 1), (2, 1)]);
    }

    #[test]
    fn a_notch_splits_a_row() {
        let notched =
            polygon(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0), (3.0, 0.0)]);
        let closed = [notched.clone(), polygon(&[(3.0, 2.0), (0.0, 2.0)])].concat();

        assert_eq!(filled(&closed), [(0, 0), (2, 0), (0, 1), (1, 1), (2, 1)]);
    }

    proptest! {
        #[test]
        fn pixels_are_those_whose_centres_the_polygon_holds(
            vertices in proptest::collection::vec((-2f32..12.0, -2f32..12.0), 3..12),
        ) {
            let polygon = polygon(&vertices);

            prop_assert_eq!(filled(&polygon), by_definition(&polygon));
        }

        #[test]
        fn two_halves_of_a_polygon_share_no_pixel_and_leave_none_out(
            (x, y) in (1f32..9.0, 1f32..9.0),
        ) {
            let corners = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];
            let mut counts = [0; 100];
            for (at, &from) in corners.iter().enumerate() {
                let triangle = polygon(&[from, corners[(at + 1) % 4], (x, y)]);
                for (column, row) in filled(&triangle) {
                    counts[row * 10 + column] += 1;
                }
            }

            prop_assert_eq!(counts, [1; 100]);
        }
    }

    fn polygon(vertices: &[(f32, f32)]) -> Vec<Point> {
        vertices.iter().map(|&(x, y)| Point { x, y }).collect()
    }

    fn filled(polygon: &[Point]) -> Vec<(usize, usize)> {
        let columns = columns(polygon, 10);
        let mut pixels = Vec::new();
        for row in rows(polygon, 10) {
            spans(polygon, row, &columns, |span| pixels.extend(span.map(|column| (column, row))));
        }
        pixels
    }

    /// Counts the edges to the left of each centre.
    fn by_definition(polygon: &[Point]) -> Vec<(usize, usize)> {
        let mut pixels = Vec::new();
        for row in 0..10 {
            for column in 0..10 {
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                let edges = polygon.iter().zip(polygon.iter().cycle().skip(1));
                let left = edges.filter(|&(&a, &b)| crossing(a, b, y).is_some_and(|at| at <= x));
                if left.count() % 2 == 1 {
                    pixels.push((column, row));
                }
            }
        }
        pixels
    }
}
