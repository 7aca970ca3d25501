use proptest::prelude::*;

use super::*;

#[test]
fn nothing_is_assigned_where_there_is_nothing() {
    assert_eq!(heaviest_matching(&[]), [0_usize; 0]);
    assert_eq!(least_cost(0, 3, |_, _| 1.0), []);
    assert_eq!(least_cost(3, 0, |_, _| 1.0), [None; 3]);
}

#[test]
fn a_textbook_assignment_is_solved() {
    let costs = [[4.0, 1.0, 3.0], [2.0, 0.0, 5.0], [3.0, 2.0, 2.0]];

    let columns = least_cost(3, 3, |row, column| costs[row][column]);

    assert_eq!(columns, [Some(1), Some(0), Some(2)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_other_assignment_costs_less(
        (rows, columns, costs) in (1..6_usize, 1..6_usize)
            .prop_flat_map(|(r, c)| (Just(r), Just(c), prop::collection::vec(-9..9_i32, r * c))),
    ) {
        let cost = |row: usize, column: usize| f64::from(costs[row * columns + column]);

        let found = least_cost(rows, columns, cost);

        let total: f64 =
            found.iter().enumerate().filter_map(|(row, column)| column.map(|c| cost(row, c))).sum();
        prop_assert_eq!(found.iter().flatten().count(), rows.min(columns));
        prop_assert!(found.iter().flatten().all(|c| found.iter().filter(|f| **f == Some(*c)).count() == 1));
        prop_assert!((total - least_of_all(rows, columns, &cost)).abs() < 1e-9);
    }

    #[test]
    fn no_other_matching_is_heavier(
        weights in prop::collection::btree_map((0..5_usize, 0..5_usize), 1..20_i32, 0..12),
    ) {
        let edges: Vec<Edge> = weights
            .iter()
            .map(|(&(row, column), &w)| Edge { row, column, weight: f64::from(w) })
            .collect();

        let chosen = heaviest_matching(&edges);

        let total: f64 = chosen.iter().map(|&edge| edges[edge].weight).sum();
        prop_assert!(is_matching(&edges, &chosen));
        prop_assert!((total - heaviest_of_all(&edges)).abs() < 1e-9);
    }
}

/// The least cost by trying every assignment.
fn least_of_all(rows: usize, columns: usize, cost: &dyn Fn(usize, usize) -> f64) -> f64 {
    fn go(
        row: usize,
        used: &mut Vec<Option<usize>>,
        to_skip: usize,
        cost: &dyn Fn(usize, usize) -> f64,
        rows: usize,
    ) -> f64 {
        if row == rows {
            return 0.0;
        }
        let mut least = f64::INFINITY;
        if to_skip > 0 {
            least = go(row + 1, used, to_skip - 1, cost, rows);
        }
        for column in 0..used.len() {
            if used[column].is_none() {
                used[column] = Some(row);
                least = least.min(cost(row, column) + go(row + 1, used, to_skip, cost, rows));
                used[column] = None;
            }
        }
        least
    }
    go(0, &mut vec![None; columns], rows.saturating_sub(columns), cost, rows)
}

/// The greatest weight by trying every set of edges.
fn heaviest_of_all(edges: &[Edge]) -> f64 {
    (0..1_usize << edges.len())
        .filter_map(|set| {
            let chosen: Vec<usize> = (0..edges.len()).filter(|e| set >> e & 1 == 1).collect();
            is_matching(edges, &chosen)
                .then(|| chosen.iter().map(|&edge| edges[edge].weight).sum::<f64>())
        })
        .fold(0.0, f64::max)
}

fn is_matching(edges: &[Edge], chosen: &[usize]) -> bool {
    let once = |key: &dyn Fn(&Edge) -> usize| {
        let keys = sorted_unique(chosen.iter().map(|&edge| key(&edges[edge])).collect());
        keys.len() == chosen.len()
    };
    once(&|edge| edge.row) && once(&|edge| edge.column)
}
