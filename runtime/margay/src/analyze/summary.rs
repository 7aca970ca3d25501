//! What the terminal shows of a result.

use std::fmt::Write as _;

use super::one::Done;

/// The image, its nuclei and tissue, the TIL table, the warnings, and where the files are.
pub(super) fn of(done: &Done) -> String {
    let report = &done.report;
    let image = &report.image;
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes any text");

    line(format!(
        "{}: {} × {} px at {} µm/px, {:.3} mm² looked at, {:.1} s",
        image.name,
        image.width_px,
        image.height_px,
        image.mpp.um_per_px(),
        report.evaluated_area_mm2,
        done.timings.wall_s,
    ));
    let nuclei: Vec<String> =
        report.nuclei.iter().map(|class| format!("{} {}", class.count, class.class)).collect();
    line(format!("nuclei: {}", nuclei.join(", ")));
    if !report.tissue.is_empty() {
        let tissue: Vec<String> = report
            .tissue
            .iter()
            .map(|area| format!("{} {:.0} %", area.class, 100.0 * area.fraction))
            .collect();
        line(format!("tissue: {}", tissue.join(", ")));
    }
    line(String::new());
    line(report::table::til(report));
    for warning in &report.warnings {
        line(format!("warning: {warning}"));
    }
    line(format!("files: {}  (for research use only)", done.folder.display()));
    text
}
