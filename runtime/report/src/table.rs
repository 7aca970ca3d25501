//! The TIL figures as a table for the terminal.
//!
//! ```text
//! figure                     value   95 % interval  over mm²  evidence
//! sTIL area %               3.52 %       2.9 – 4.2     0.028  low: 0.028 mm² is less than 0.1 mm²
//! ```
//!
//! Columns are as wide as their widest cell; numbers stand flush right. A figure without a value
//! shows `–` and says why.

use std::fmt::Write as _;

use contract::{Evidence, TilFigure, TilReport};

/// The table of `report`'s figures; lines end in a newline.
pub fn til(report: &TilReport) -> String {
    let head = ["figure", "value", "95 % interval", "over mm²", "evidence"].map(String::from);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(report.tils.iter().map(row)).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let [title, value, interval, area] = [0, 1, 2, 3].map(width);

    let mut table = String::new();
    for [a, b, c, d, e] in &rows {
        writeln!(table, "{a:<title$}  {b:>value$}  {c:>interval$}  {d:>area$}  {e}")
            .expect("a string takes any text");
    }
    table
}

fn row(figure: &TilFigure) -> [String; 5] {
    let value = figure.value.map_or("–".into(), |value| with_unit(value, &figure.unit));
    let interval = figure
        .interval_95
        .map_or("–".into(), |[low, high]| format!("{} – {}", number(low), number(high)));
    let evidence = match &figure.evidence {
        Evidence::Sufficient => "sufficient".into(),
        Evidence::Low { reason } => format!("low: {reason}"),
        Evidence::None { reason } => format!("none: {reason}"),
    };
    [figure.title.clone(), value, interval, format!("{:.3}", figure.area_mm2), evidence]
}

/// A value with its unit: `12.3 %`, `340 /mm²`.
pub(crate) fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {}", number(value), unit.trim_start_matches('1'))
}

/// Three digits that say something, no exponent.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{figure, report};

    #[test]
    fn columns_are_aligned_and_a_missing_value_says_why() {
        let mut report = report();
        let none = Evidence::None { reason: "no tissue model was run".into() };
        report.tils = vec![
            figure("eTIL %", "%", Some(62.512), Evidence::Sufficient),
            figure("Intratumoural TIL", "1/mm²", None, none),
        ];

        let table = til(&report);

        assert_eq!(
            table,
            "figure              value  95 % interval  over mm²  evidence\n\
             eTIL %             62.5 %    31.3 – 93.8     0.250  sufficient\n\
             Intratumoural TIL       –              –     0.250  none: no tissue model was run\n"
        );
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(
            [0.0, 0.126, 9.994, 9.996, 12.34, 99.96, 1234.5].map(number),
            ["0.00", "0.13", "9.99", "10.0", "12.3", "100", "1234"]
        );
    }
}
