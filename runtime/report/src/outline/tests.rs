use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[test]
fn a_block_has_four_corners() {
    let found = of(&["....", ".##.", ".##.", "...."]);

    assert_eq!(found, [Polygon { outer: vec![(3, 1), (3, 3), (1, 3), (1, 1)], holes: vec![] }]);
}

#[test]
fn a_hole_runs_the_other_way() {
    let found = of(&["###", "#.#", "###"]);

    assert_eq!(found.len(), 1);
    assert_eq!(twice_the_area(&found[0].outer), 18);
    assert_eq!(found[0].holes.iter().map(|hole| twice_the_area(hole)).collect::<Vec<_>>(), [-2]);
}

#[test]
fn cells_that_touch_at_a_corner_are_two_polygons_and_an_island_in_a_hole_is_one_more() {
    assert_eq!(of(&["#.", ".#"]).len(), 2);

    let found = of(&["#####", "#...#", "#.#.#", "#...#", "#####"]);
    let holes: Vec<usize> = found.iter().map(|polygon| polygon.holes.len()).collect();
    assert_eq!(holes, [1, 0]);
}

#[test]
fn a_ring_that_touches_itself_is_cut_into_rings_that_do_not() {
    // The ring closes at a corner only: outside, the inner cell is a hole that touches it.
    let found = of(&["###", "#.#", "##.", "..."]);

    assert_eq!(found.len(), 1);
    assert_eq!(found[0].holes.len(), 1);
    assert_eq!(twice_the_area(&found[0].holes[0]), -2);
}

#[test]
fn an_empty_grid_has_no_polygons() {
    assert_eq!(polygons(&[], Size::new(0, 0), 1), []);
    assert_eq!(of(&["..", ".."]), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn rings_are_simple_and_hold_exactly_the_cells(
        (width, cells) in (1usize..9).prop_flat_map(|width| {
            (1usize..9).prop_flat_map(move |height| {
                (Just(width), proptest::collection::vec(0u8..2, width * height))
            })
        }),
    ) {
        let size = Size::new(width, cells.len() / width);

        let found = polygons(&cells, size, 1);

        let rings = || found.iter().flat_map(|polygon| polygon.holes.iter().chain([&polygon.outer]));
        for ring in rings() {
            let corners: HashSet<Corner> = ring.iter().copied().collect();
            prop_assert_eq!(corners.len(), ring.len());
        }
        for polygon in &found {
            prop_assert!(is_clockwise(&polygon.outer));
            prop_assert!(polygon.holes.iter().all(|hole| !is_clockwise(hole)));
        }
        let area: i64 = rings().map(|ring| twice_the_area(ring)).sum();
        prop_assert_eq!(area, 2 * cells.iter().map(|&cell| i64::from(cell)).sum::<i64>());
        for (index, &cell) in cells.iter().enumerate() {
            let centre = (index % width, index / width);
            let left = rings().map(|ring| edges_to_the_left(ring, centre)).sum::<usize>();
            prop_assert_eq!(left % 2 == 1, cell == 1, "cell {}", index);
        }
    }
}

/// Upright edges to the left of the centre of the cell at a column and a row.
fn edges_to_the_left(ring: &[Corner], (column, row): (usize, usize)) -> usize {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    let (column, row) = (column as u32, row as u32);
    let spans = |a: &Corner, b: &Corner| a.1.min(b.1) <= row && row < a.1.max(b.1);
    edges.filter(|(a, b)| a.0 == b.0 && a.0 <= column && spans(a, b)).count()
}

fn of(rows: &[&str]) -> Vec<Polygon> {
    let cells: Vec<u8> =
        rows.iter().flat_map(|row| row.bytes()).map(|cell| u8::from(cell == b'#')).collect();
    polygons(&cells, Size::new(rows[0].len(), rows.len()), 1)
}
