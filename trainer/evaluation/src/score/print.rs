//! The figures as a table for people.

use std::fmt;

use super::{NucleiFigures, Scores, SetScores, TissueFigures};
use crate::Measure;
use crate::table::{self, figure};

/// What the challenge's rule does that a reader would not think of.
const PUMA_FOOTNOTE: &str = "\
PUMA F1: the challenge's rule, to its last bit. A nucleus is the mean of its vertices; each truth, in
  file order, takes of the free nuclei of its class nearer than 15 px that of the greatest score, of
  these the nearest. F1 of a class is the sum over the images divided by their number: a class that
  an image holds in neither file adds 0; false alarms cost nothing in an image whose truth does not
  hold the class; a class that no truth knows adds a 0 to the mean of classes. `all nuclei`: the
  challenge's micro F1 of an image, which it does not rank (here its mean over images).
PUMA pooled: the same matching, counts of all images together; mean over the classes of any truth.
";

const DETECTION_FOOTNOTE: &str = "\
greedy: MCSpatNet's rule. F_c: HoVer-Net's, as published: all nuclei of an image are paired at the
  least sum of distances, and pairs beyond the radius are then dropped, which tears good pairs apart
  where the counts differ. F_c near: the same with pairs within the radius alone. Row `all nuclei`:
  detection whatever the class (F_d). All of centres of area, pooled over images; means over the
  classes of any truth.
";

const OUTLINES_FOOTNOTE: &str = "\
Dice, AJI, AJI+, DQ, SQ, PQ: nuclei whatever their class, painted from the outlines; means over images.
";

const TISSUE_FOOTNOTE: &str = "\
PUMA micro Dice: the challenge's ranked figure, at 1024 × 1024 px, all images together; a class that
  is nowhere is 0 and lowers the mean. PUMA image Dice: mean over images, 1 where a class is in
  neither mask. Dice: of the areas together, not defined where there is none.
";

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for image in &self.images {
            writeln!(f, "{}", image.image)?;
            writeln!(f, "{}", image.scores)?;
        }
        if self.images.len() > 1 {
            writeln!(f, "all {} images", self.images.len())?;
            writeln!(f, "{}", self.all)?;
        }
        self.write_notes(f)
    }
}

impl Scores {
    fn write_notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nuclei) = &self.all.nuclei {
            f.write_str(PUMA_FOOTNOTE)?;
            f.write_str(DETECTION_FOOTNOTE)?;
            f.write_str(OUTLINES_FOOTNOTE)?;
            if self.um_per_px.is_none() {
                writeln!(f, "Nothing at 3 µm: state the resolution of the images (--mpp).")?;
            }
            write_unknown(f, nuclei)?;
        }
        if self.all.tissue.is_some() {
            f.write_str(TISSUE_FOOTNOTE)?;
        }
        if !self.without_truth.is_empty() {
            let names = self.without_truth.join(", ");
            writeln!(f, "Not scored, since the truth does not hold them: {names}.")?;
        }
        Ok(())
    }
}

/// Classes that no truth knows: rarely meant.
fn write_unknown(f: &mut fmt::Formatter<'_>, nuclei: &NucleiFigures) -> fmt::Result {
    let unknown = nuclei.classes.iter().filter(|class| class.truth == 0);
    let names: Vec<&str> = unknown.map(|class| class.class.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    writeln!(f, "In the result and in no truth: {names}. See --track and --rename.")
}

impl fmt::Display for SetScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nuclei) = &self.nuclei {
            table::write(f, &nuclei_rows(nuclei))?;
            match &nuclei.outlines {
                Some(measures) => writeln!(f, "{}", line(measures))?,
                None => writeln!(f, "Dice, AJI, PQ –: the outlines reach over too large an area")?,
            }
        }
        if let Some(tissue) = &self.tissue {
            table::write(f, &tissue_rows(tissue))?;
        }
        Ok(())
    }
}

fn line(measures: &[Measure]) -> String {
    let measures = measures.iter().map(|m| format!("{} {}", m.name, figure(m.value)));
    measures.collect::<Vec<_>>().join("  ")
}

fn nuclei_rows(nuclei: &NucleiFigures) -> Vec<Vec<String>> {
    let mut heading = row(["nuclei", "truth", "result", "PUMA F1", "PUMA pooled"]);
    let mut mean = row(["mean of classes", "", ""]);
    mean.extend([nuclei.puma.macro_f1, nuclei.puma.macro_f1_pooled].map(figure));
    let mut all = row(["all nuclei".to_owned(), nuclei.truth().to_string()]);
    all.push(nuclei.predicted().to_string());
    all.extend([nuclei.puma.micro_f1, nuclei.puma.micro_f1_pooled].map(figure));
    for detection in &nuclei.detection {
        let radius = &detection.radius.name;
        heading.extend(["greedy", "F_c", "F_c near"].map(|rule| format!("{rule} {radius}")));
        let means = [detection.mean_f1_greedy, detection.mean_f_c, detection.mean_f_c_near];
        mean.extend(means.map(figure));
        all.extend([detection.f1_greedy, detection.f_d, detection.f_d_near].map(figure));
    }

    let classes = nuclei.classes.iter().map(|class| {
        let mut cells = row([class.class.clone(), class.truth.to_string()]);
        cells.push(class.predicted.to_string());
        cells.extend([Some(class.f1_puma), class.f1_puma_pooled].map(figure));
        let within = class.within.iter();
        cells.extend(within.flat_map(|w| [w.f1_greedy, w.f_c, w.f_c_near].map(figure)));
        cells
    });
    std::iter::once(heading).chain(classes).chain([mean, all]).collect()
}

fn tissue_rows(tissue: &TissueFigures) -> Vec<Vec<String>> {
    let heading =
        row(["tissue", "truth px", "result px", "PUMA micro Dice", "PUMA image Dice", "Dice"]);
    let classes = tissue.classes.iter().map(|class| {
        let mut cells = row([class.class.clone(), class.truth_px.to_string()]);
        cells.push(class.predicted_px.to_string());
        let (micro, image) = (Some(class.puma_micro_dice), Some(class.puma_image_dice));
        cells.extend([micro, image, class.dice].map(figure));
        cells
    });
    let mut mean = row(["mean of classes", "", ""]);
    let (micro, image) = (Some(tissue.puma_micro_dice), Some(tissue.puma_image_dice));
    mean.extend([micro, image, tissue.dice].map(figure));
    std::iter::once(heading).chain(classes).chain([mean]).collect()
}

fn row<T: Into<String>, const N: usize>(cells: [T; N]) -> Vec<String> {
    cells.map(Into::into).into()
}
