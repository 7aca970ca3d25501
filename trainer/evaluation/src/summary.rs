//! Measures by data set, to be printed as a table and stored as JSON.
//!
//! A measure that is not defined is stored as `null` and printed as `–`. Measures are printed in
//! the order in which they first appear.

use std::fmt;

use contract::Figure;
use serde::{Deserialize, Serialize};

use crate::table;

/// The measures of an evaluation, by data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// One row a data set.
    pub rows: Vec<Row>,
}

/// The measures on one data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The data, and how they were kept apart from training.
    pub data: String,
    /// Images that were evaluated.
    pub images: u64,
    /// The measures.
    pub measures: Vec<Measure>,
}

/// One measure with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its name, for example `PQ` or `lymphocyte F1 at 3 µm`.
    pub name: String,
    /// Its value, where it is defined.
    pub value: Option<f64>,
}

impl Measure {
    /// A measure; a value that is not finite is none, since JSON cannot hold it.
    pub fn new(name: impl Into<String>, value: Option<f64>) -> Self {
        Self { name: name.into(), value: value.filter(|value| value.is_finite()) }
    }
}

impl Row {
    /// A row without measures.
    pub fn new(data: impl Into<String>, images: u64) -> Self {
        Self { data: data.into(), images, measures: Vec::new() }
    }

    /// The value of a measure; none where it is not in the row or not defined.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.measures.iter().find(|measure| measure.name == name)?.value
    }
}

impl Summary {
    /// The defined values as a model card lists them.
    pub fn figures(&self) -> Vec<Figure> {
        let of_row = |row: &Row| {
            let data = row.data.clone();
            let figure = move |measure: &Measure| {
                let (data, measure, value) = (data.clone(), measure.name.clone(), measure.value?);
                Some(Figure { data, measure, value })
            };
            row.measures.iter().filter_map(figure).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(of_row).collect()
    }

    /// Names of the measures, in order of appearance.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for measure in self.rows.iter().flat_map(|row| &row.measures) {
            if !names.contains(&measure.name.as_str()) {
                names.push(&measure.name);
            }
        }
        names
    }

    /// The table's cells, the heading first.
    fn cells(&self) -> Vec<Vec<String>> {
        let names = self.names();
        let heading = ["data", "images"].into_iter().chain(names.iter().copied());
        let mut cells = vec![heading.map(str::to_owned).collect()];
        cells.extend(self.rows.iter().map(|row| {
            let values = names.iter().map(|name| table::figure(row.value(name)));
            [row.data.clone(), row.images.to_string()].into_iter().chain(values).collect()
        }));
        cells
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(f, &self.cells())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up_and_shows_what_is_absent() {
        assert_eq!(
            summary().to_string(),
            "data      images      PQ  Höhe µ\n\
             TNBC          10       –  0.1250\n\
             NuInsSeg       5  0.5340       –\n"
        );
    }

    #[test]
    fn json_reads_back_and_holds_null_where_there_is_no_value() {
        let text = serde_json::to_string(&summary()).unwrap();

        assert!(text.contains(r#"{"name":"PQ","value":null}"#), "{text}");
        assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary());
    }

    #[test]
    fn a_model_card_lists_the_defined_values() {
        let figures = summary().figures();

        assert_eq!(figures.len(), 2);
        assert_eq!((figures[1].data.as_str(), figures[1].measure.as_str()), ("NuInsSeg", "PQ"));
    }

    fn summary() -> Summary {
        let mut tnbc = Row::new("TNBC", 10);
        tnbc.measures.push(Measure::new("PQ", Some(f64::NAN)));
        tnbc.measures.push(Measure::new("Höhe µ", Some(0.125)));
        let mut nuinsseg = Row::new("NuInsSeg", 5);
        nuinsseg.measures.push(Measure::new("PQ", Some(0.534)));
        Summary { rows: vec![tnbc, nuinsseg] }
    }
}
