//! One-to-one assignment: rows to columns at the least sum of costs, or edges of the greatest sum
//! of weights (Kuhn 1955, Munkres 1957).
//!
//! The method is that of shortest augmenting paths with potentials (Jonker & Volgenant 1987;
//! Crouse 2016, IEEE TAES 52:1679, which SciPy uses as well): rows enter one by one, each along a
//! path of least reduced cost. O(rows² · columns) at worst. Costs are asked for, never stored, so
//! memory is O(rows + columns).

use std::collections::BTreeMap;

/// A row and a column that may be matched, with what the match is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// Finite and above 0.
    pub(crate) weight: f64,
}

/// Indices of the edges of a matching of the greatest sum of weights, in rising order.
///
/// No row and no column is in two of them. `edges` holds each pair at most once. Each connected
/// part of the graph is solved by itself, so the cost is that of its greatest part.
pub(crate) fn heaviest_matching(edges: &[Edge]) -> Vec<usize> {
    let mut chosen: Vec<usize> =
        parts(edges).iter().flat_map(|part| heaviest_of_part(edges, part)).collect();
    chosen.sort_unstable();
    chosen
}

/// The column of each row in an assignment of the least sum of costs that leaves none of the
/// fewer of rows and columns out. Costs must be finite.
pub(crate) fn least_cost(
    rows: usize,
    columns: usize,
    cost: impl Fn(usize, usize) -> f64,
) -> Vec<Option<usize>> {
    if rows > columns {
        let row_of_column = least_cost_of_wide(columns, rows, |column, row| cost(row, column));
        let mut column_of_row = vec![None; rows];
        for (column, row) in row_of_column.into_iter().enumerate() {
            column_of_row[row] = Some(column);
        }
        return column_of_row;
    }
    least_cost_of_wide(rows, columns, cost).into_iter().map(Some).collect()
}

/// Splits the edges into connected parts, each a list of indices into `edges`.
fn parts(edges: &[Edge]) -> Vec<Vec<usize>> {
    let rows = edges.iter().map(|edge| edge.row + 1).max().unwrap_or(0);
    let columns = edges.iter().map(|edge| edge.column + 1).max().unwrap_or(0);
    let mut forest: Vec<usize> = (0..rows + columns).collect();
    for edge in edges {
        let row = root(&mut forest, edge.row);
        let column = root(&mut forest, rows + edge.column);
        forest[row.max(column)] = row.min(column);
    }

    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, edge) in edges.iter().enumerate() {
        parts.entry(root(&mut forest, edge.row)).or_default().push(index);
    }
    parts.into_values().collect()
}

/// The root of a node's tree; halves the path to it.
fn root(forest: &mut [usize], mut node: usize) -> usize {
    while forest[node] != node {
        forest[node] = forest[forest[node]];
        node = forest[node];
    }
    node
}

fn heaviest_of_part(edges: &[Edge], part: &[usize]) -> Vec<usize> {
    if part.len() == 1 {
        return part.to_vec();
    }
    let rows = sorted_unique(part.iter().map(|&edge| edges[edge].row).collect());
    let columns = sorted_unique(part.iter().map(|&edge| edges[edge].column).collect());
    let mut edge_at: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for &edge in part {
        edge_at.insert((edges[edge].row, edges[edge].column), edge);
    }

    let edge = |row: usize, column: usize| edge_at.get(&(rows[row], columns[column])).copied();
    // Where there is no edge the match is worth nothing, which is to say that there is none.
    let cost = |row, column| edge(row, column).map_or(0.0, |edge| -edges[edge].weight);
    let columns_of_rows = least_cost(rows.len(), columns.len(), cost);
    columns_of_rows.into_iter().enumerate().filter_map(|(row, column)| edge(row, column?)).collect()
}

fn sorted_unique(mut values: Vec<usize>) -> Vec<usize> {
    values.sort_unstable();
    values.dedup();
    values
}

/// The column of each row, for at most as many rows as columns.
fn least_cost_of_wide(
    rows: usize,
    columns: usize,
    cost: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let mut search = Search {
        row_potential: vec![0.0; rows],
        column_potential: vec![0.0; columns],
        row_of_column: vec![None; columns],
    };
    for row in 0..rows {
        search.enter(row, &cost);
    }

    let mut column_of_row = vec![0; rows];
    for (column, row) in search.row_of_column.iter().enumerate() {
        if let Some(row) = row {
            column_of_row[*row] = column;
        }
    }
    column_of_row
}

/// The assignment of the rows that have entered, with the potentials that prove it the best:
/// `cost ≥ row_potential + column_potential` everywhere, with equality at the assigned.
struct Search {
    row_potential: Vec<f64>,
    column_potential: Vec<f64>,
    row_of_column: Vec<Option<usize>>,
}

/// The shortest paths from the entering row to the columns.
struct Paths {
    /// Length of the path to each column, as far as it is known.
    length: Vec<f64>,
    /// The column before each column on its path; none where the entering row is before it.
    before: Vec<Option<usize>>,
    /// Columns whose path is final, in that order.
    reached: Vec<usize>,
    is_reached: Vec<bool>,
}

impl Search {
    /// Lets `row` in: finds the shortest path to a free column and shifts the rows along it.
    fn enter(&mut self, row: usize, cost: &impl Fn(usize, usize) -> f64) {
        let mut paths = Paths::new(self.row_of_column.len());
        let (mut from, mut at, mut length) = (row, None, 0.0);
        let free = loop {
            let column = self.nearest_column(&mut paths, (from, at, length), cost);
            length = paths.length[column];
            match self.row_of_column[column] {
                None => break column,
                Some(next) => (from, at) = (next, Some(column)),
            }
            paths.reach(column);
        };
        self.raise_potentials(row, &paths, length);
        self.shift_along(row, free, &paths.before);
    }

    /// Relaxes the paths over the row `from`, which stands at column `at` after `length`; returns
    /// the nearest column that is not reached yet.
    fn nearest_column(
        &self,
        paths: &mut Paths,
        (from, at, length): (usize, Option<usize>, f64),
        cost: &impl Fn(usize, usize) -> f64,
    ) -> usize {
        let mut nearest: Option<usize> = None;
        for column in 0..self.row_of_column.len() {
            if paths.is_reached[column] {
                continue;
            }
            let reduced =
                cost(from, column) - self.row_potential[from] - self.column_potential[column];
            if length + reduced < paths.length[column] {
                paths.length[column] = length + reduced;
                paths.before[column] = at;
            }
            if nearest.is_none_or(|nearest| paths.length[column] < paths.length[nearest]) {
                nearest = Some(column);
            }
        }
        nearest.expect("there are at least as many columns as rows, so one is not reached")
    }

    fn raise_potentials(&mut self, entering: usize, paths: &Paths, length: f64) {
        self.row_potential[entering] += length;
        for &column in &paths.reached {
            let slack = length - paths.length[column];
            self.column_potential[column] -= slack;
            let row = self.row_of_column[column].expect("only a free column ends the path");
            self.row_potential[row] += slack;
        }
    }

    fn shift_along(&mut self, entering: usize, free: usize, before: &[Option<usize>]) {
        let mut column = free;
        while let Some(previous) = before[column] {
            self.row_of_column[column] = self.row_of_column[previous];
            column = previous;
        }
        self.row_of_column[column] = Some(entering);
    }
}

impl Paths {
    fn new(columns: usize) -> Self {
        Self {
            length: vec![f64::INFINITY; columns],
            before: vec![None; columns],
            reached: Vec::new(),
            is_reached: vec![false; columns],
        }
    }

    fn reach(&mut self, column: usize) {
        self.is_reached[column] = true;
        self.reached.push(column);
    }
}

#[cfg(test)]
mod tests;
