//! What stands in the panel of a heat map: the scale, and what the grid sums to.

use contract::{DensityGrid, TilReport};

use super::cells::{self, Cell};
use super::scale::Scale;
use super::{EVALUATED_PART_MIN, tils_of};
use crate::picture::canvas::Colour;
use crate::picture::panel::{self, Line, grouped};

/// Colours of the ramp: more than it has pixels.
const RAMP_COLOURS: u32 = 512;
/// Grey of what has no colour in the picture.
const UNCOLOURED: Colour = [236; 3];

/// The lines of the panel.
pub(super) fn lines(
    report: &TilReport,
    grid: &DensityGrid,
    (cells, scale): (&[Cell], Scale),
) -> Vec<Line> {
    let mut lines = panel::head(report);
    lines.push(Line::Head("TIL density".into(), "TILs/mm²".into()));
    lines.push(ramp(cells, scale));
    let least = EVALUATED_PART_MIN * 100.0;
    lines.push(Line::Class(
        UNCOLOURED,
        format!("glass, or less than {least} % evaluated"),
        String::new(),
    ));
    lines.push(Line::Rule);
    lines.extend(sums(report, grid, cells));
    lines.push(Line::Faint("shows where TILs are; it is no score".into()));
    lines.extend(panel::foot(report));
    lines
}

/// The scale; its last label has a `+` where a cell lies beyond.
fn ramp(cells: &[Cell], scale: Scale) -> Line {
    let colours = (0..RAMP_COLOURS)
        .map(|at| cells::on_tissue((f64::from(at) + 0.5) / f64::from(RAMP_COLOURS)))
        .collect();
    let mut labels: Vec<(f64, String)> =
        scale.ticks().map(|(part, density)| (part, whole(density))).collect();
    if let Some((_, last)) = labels.last_mut()
        && cells.iter().any(|cell| scale.is_exceeded_by(cell.per_mm2))
    {
        last.push('+');
    }
    Line::Ramp(colours, labels)
}

fn sums(report: &TilReport, grid: &DensityGrid, cells: &[Cell]) -> Vec<Line> {
    let entry = |name: &str, value: String| Line::Entry(name.into(), value);
    let tils = tils_of(report);
    let per_mm2 = |density: Option<f64>| {
        density.map_or("-".into(), |density| format!("{} /mm²", whole(density)))
    };
    let area = report.evaluated_area_mm2;
    let densest = cells.iter().map(|cell| cell.per_mm2).max_by(f64::total_cmp);
    vec![
        entry("TILs", grouped(tils)),
        entry("over the evaluated area", per_mm2((area > 0.0).then(|| tils as f64 / area))),
        entry("densest cell", per_mm2(densest)),
        entry("edge of a cell", format!("{} µm", grid.cell_um)),
    ]
}

fn whole(density: f64) -> String {
    grouped(density.round() as u64)
}
