//! Dots of BRCA-M2C: lines of `y x class`, row and column of a pixel.
//!
//! Abousamra et al. 2021 (MCSpatNet). The class is a text of the source's own.

use contract::Size;

use super::class_names::ClassNames;
use crate::Dot;

/// Reads the lines of `text` for an image of `size`; the reason why they cannot be read.
pub(super) fn parse(text: &str, size: Size, classes: &ClassNames) -> Result<Vec<Dot>, String> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            dot(line, size, classes).map_err(|reason| format!("line {number}: {reason}"))
        })
        .collect()
}

fn dot(line: &str, size: Size, classes: &ClassNames) -> Result<Dot, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [y, x, class] = fields[..] else {
        return Err(format!("{} fields, not `y x class`", fields.len()));
    };
    let y = coordinate("y", y, size.height)?;
    let x = coordinate("x", x, size.width)?;
    Ok(Dot { x: x + 0.5, y: y + 0.5, class: classes.class(class)? })
}

/// The row or column of a pixel.
fn coordinate(name: &str, text: &str, length: usize) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{name} is {text:?}, not a number"))?;
    // A NaN is in no range. Half a pixel of play: annotators round.
    if (-0.5..=length as f64 - 0.5).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{name} is {value}, outside of the image's {length} px"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::entry::tests::spec_with_classes;
    use super::*;
    use crate::sample::UNKNOWN;

    fn names() -> ClassNames {
        let labels =
            BTreeMap::from([("1".into(), "lymphocyte".into()), ("2".into(), "unknown".into())]);
        ClassNames::new(&spec_with_classes(labels), &["lymphocyte".to_owned()]).unwrap()
    }

    #[test]
    fn a_line_is_row_column_class() {
        let dots = parse("4 259 1\n\n 6\t163 2 \r\n", Size::new(500, 500), &names()).unwrap();

        assert_eq!(
            dots,
            [Dot { x: 259.5, y: 4.5, class: 0 }, Dot { x: 163.5, y: 6.5, class: UNKNOWN }]
        );
    }

    #[test]
    fn a_line_that_is_no_dot_is_refused_by_its_number() {
        let wrong = [
            ("1 2", "2 fields"),
            ("1 2 1 1", "4 fields"),
            ("a 2 1", "y is \"a\""),
            ("1 NaN 1", "x is NaN"),
            ("1 10 1", "x is 10, outside"),
            ("-1 1 1", "y is -1, outside"),
            ("1 1 3", "class \"3\""),
        ];
        for (line, reason) in wrong {
            let refused = parse(&format!("1 1 1\n{line}"), Size::new(10, 10), &names());
            let refused = refused.unwrap_err();
            assert!(refused.starts_with("line 2: ") && refused.contains(reason), "{refused}");
        }
    }
}
