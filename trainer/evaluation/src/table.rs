//! Text in columns: the first column to the left, the others to the right.

use std::fmt;

/// Digits after the point.
const DIGITS: usize = 4;
/// What stands where there is no value.
const ABSENT: &str = "–";
/// Between the columns.
const GAP: &str = "  ";

/// A figure as a table shows it.
pub(crate) fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| ABSENT.to_owned(), |value| format!("{value:.DIGITS$}"))
}

/// Writes rows of as many cells each as the first one has.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in rows {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => write!(f, "{cell:<width$}")?,
                _ => write!(f, "{GAP}{cell:>width$}")?,
            }
        }
        writeln!(f)?;
    }
    Ok(())
}
