//! What stands in the overlay's panel: classes, counts, areas, TIL figures.

use contract::{Class, Evidence, TilFigure, TilReport};

use crate::picture::canvas::Colour;
use crate::picture::panel::{self, FAINT, Line, grouped};
use crate::table::{number, with_unit};

/// The lines of the panel.
pub(super) fn lines(report: &TilReport, classes: &[Class], tissue_classes: &[Class]) -> Vec<Line> {
    let mut lines = panel::head(report);
    lines.extend(nuclei(report, classes));
    if !report.tissue.is_empty() {
        lines.push(Line::Rule);
        lines.extend(tissue(report, tissue_classes));
    }
    lines.push(Line::Rule);
    lines.push(Line::Head("TIL figures".into(), "95 % interval".into()));
    lines.extend(report.tils.iter().map(figure));
    if report.tils.iter().any(|figure| matches!(figure.evidence, Evidence::Low { .. })) {
        lines.push(Line::Faint("* little evidence, see report.json".into()));
    }
    lines.extend(panel::foot(report));
    lines
}

fn nuclei(report: &TilReport, classes: &[Class]) -> Vec<Line> {
    let all: u64 = report.nuclei.iter().map(|class| class.count).sum();
    let mut lines = vec![Line::Head("Nuclei".into(), grouped(all))];
    lines.extend(report.nuclei.iter().map(|class| {
        let part = class.count as f64 / all.max(1) as f64;
        let right = format!("{}  {:5.1} %", grouped(class.count), 100.0 * part);
        Line::Class(colour_of(classes, &class.class), class.class.clone(), right)
    }));
    lines
}

fn tissue(report: &TilReport, classes: &[Class]) -> Vec<Line> {
    let mut lines = vec![Line::Head("Tissue".into(), "mm²         ".into())];
    lines.extend(report.tissue.iter().map(|class| {
        let right = format!("{:.3}  {:5.1} %", class.area_mm2, 100.0 * class.fraction);
        Line::Class(colour_of(classes, &class.class), class.class.clone(), right)
    }));
    lines
}

fn figure(figure: &TilFigure) -> Line {
    let value = figure.value.map_or("-".into(), |value| with_unit(value, &figure.unit));
    let mark = if matches!(figure.evidence, Evidence::Low { .. }) { "*" } else { " " };
    let interval = figure
        .interval_95
        .map_or(String::new(), |[low, high]| format!("{} - {}", number(low), number(high)));
    Line::Figure(figure.title.clone(), format!("{value}{mark}"), interval)
}

fn colour_of(classes: &[Class], name: &str) -> Colour {
    classes.iter().find(|class| class.name == name).map_or(FAINT, |class| class.colour)
}
