//! The TIL figures: names, formulas, sources.
//!
//! | name | formula | source |
//! |---|---|---|
//! | `stil_area_percent` | 100 · area of TIL nuclei in stroma / area of stroma | Hendry et al. 2017 (Working Group) |
//! | `til_percent_of_tumour_area_cells` | 100 · TILs / all cells, inside tumour tissue | Schuiveling et al. 2025 (PUMA clinical study) |
//! | `etil_percent` | 100 · TIL / (TIL + tumour) | Acs et al. 2019 (NN192) |
//! | `ettil_percent` | 100 · TIL / all cells | as above |
//! | `estil_percent` | 100 · TIL / (TIL + stroma + other) | as above |
//! | `eatil_per_mm2` | TIL / evaluated area | as above |
//! | `eastil_percent` | 100 · area of TILs / (evaluated area - area of tumour cells) | as above |
//! | `intratumoural_til_per_mm2` | TILs in tumour tissue / area of tumour tissue | – |
//! | `peritumoural_til_per_mm2_A_B` | TILs in the ring / area of the ring, A to B µm from tumour | no standard in melanoma |
//!
//! Each formula says where what is measured here differs from its source: nuclei are measured,
//! not whole cells, and tumour tissue is what the tissue model says, not what a pathologist drew.
//!
//! A figure without a value (a class or a tissue that no model can see, nothing below the line)
//! says why in its evidence.

use contract::{Class, Evidence, Quantity, Role, TilFigure};

use super::bootstrap::{Ratio, interval_95};
use super::evidence::{self, Ground};
use super::fields::{Fields, Tally};
use super::zones::Zones;
use super::{Input, Parameters};

const WORKING_GROUP: &str = "International Immuno-Oncology Biomarker Working Group: \
    Hendry et al. 2017, 10.1097/PAP.0000000000000161; Amgad et al. 2020, npj Breast Cancer 6:16";
const PUMA: &str = "PUMA clinical study: Schuiveling et al. 2025, JAMA Oncology";
const NN192: &str = "Acs et al. 2019, Nature Communications 10:5440 (QuPath, NN192)";
const OURS: &str = "Margay: no distance is standard in melanoma H&E";

/// How numerator and denominator make a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// A hundred times the ratio.
    Percent,
    /// The ratio of nuclei to mm².
    PerMm2,
}

/// One side of a ratio: what, in what unit, and how much of it a tally holds.
struct Side {
    what: String,
    unit: &'static str,
    of: Measure,
}

type Measure = Box<dyn Fn(&Tally) -> f64>;

/// A figure before it is taken.
struct Definition {
    name: String,
    title: String,
    formula: String,
    source: &'static str,
    unit: Unit,
    numerator: Side,
    denominator: Side,
    area_mm2: Measure,
    /// Why it cannot be taken.
    missing: Option<String>,
    truncated_fraction: Option<f64>,
}

/// All figures, in the order of the table above.
pub(super) fn all(
    input: &Input<'_>,
    zones: Option<&Zones<'_>>,
    fields: &Fields,
    parameters: &Parameters,
) -> Vec<TilFigure> {
    let lacks = Lacks(input);
    let mut definitions = tissue_figures(&lacks);
    definitions.extend(cell_figures(&lacks));
    definitions.push(intratumoural(&lacks));
    definitions.extend(rings(&lacks, zones, &parameters.ring_edges_um));

    definitions.into_iter().map(|definition| definition.take(fields, parameters)).collect()
}

fn tissue_figures(lacks: &Lacks<'_>) -> Vec<Definition> {
    vec![
        Definition {
            name: "stil_area_percent".into(),
            title: "sTIL area %".into(),
            formula: "100 · area of TIL nuclei in stroma / area of stroma; the Working Group \
                      judges the area of whole mononuclear cells, inside the invasive border"
                .into(),
            source: WORKING_GROUP,
            unit: Unit::Percent,
            numerator: side("area of TIL nuclei in stroma", "mm²", Tally::til_area_in_stroma_mm2),
            denominator: side("stroma", "mm²", |tally| tally.stroma_mm2),
            area_mm2: Box::new(|tally| tally.stroma_mm2),
            missing: lacks.nuclei(&[Role::Til]).or_else(|| lacks.tissue(Role::Stroma)),
            truncated_fraction: None,
        },
        Definition {
            name: "til_percent_of_tumour_area_cells".into(),
            title: "TIL % of tumour-area cells".into(),
            formula: "100 · TILs in tumour tissue / all cells in tumour tissue; the study's \
                      tumour area was drawn by hand"
                .into(),
            source: PUMA,
            unit: Unit::Percent,
            numerator: side("TILs in tumour tissue", "nuclei", |tally| tally.tils_in_tumour as f64),
            denominator: side("cells in tumour tissue", "nuclei", |tally| {
                tally.cells_in_tumour as f64
            }),
            area_mm2: Box::new(|tally| tally.tumour_mm2),
            missing: lacks.nuclei(&[Role::Til]).or_else(|| lacks.tissue(Role::Tumour)),
            truncated_fraction: None,
        },
    ]
}

fn cell_figures(lacks: &Lacks<'_>) -> Vec<Definition> {
    let stroma_or_other = || match lacks.nuclei(&[Role::Stroma]) {
        Some(_) => lacks.nuclei(&[Role::Other]),
        None => None,
    };
    let mut figures = vec![
        over_cells(
            ("etil_percent", "eTIL %", "100 · TIL / (TIL + tumour)"),
            ("TILs and tumour cells", |tally| tally.tils + tally.tumour_cells),
            lacks.nuclei(&[Role::Til, Role::Tumour]),
        ),
        over_cells(
            ("ettil_percent", "etTIL %", "100 · TIL / all cells"),
            ("all cells", |tally| tally.tils + tally.tumour_cells + tally.stroma_and_other_cells),
            lacks.nuclei(&[Role::Til]),
        ),
        over_cells(
            ("estil_percent", "esTIL %", "100 · TIL / (TIL + stroma + other)"),
            ("TILs, stromal and other cells", |tally| tally.tils + tally.stroma_and_other_cells),
            lacks.nuclei(&[Role::Til]).or_else(stroma_or_other),
        ),
    ];
    figures.extend(over_area(lacks));
    figures
}

/// A TIL percentage of some of the cells in the evaluated area.
fn over_cells(
    (name, title, formula): (&str, &str, &str),
    (what, below): (&str, fn(&Tally) -> u64),
    missing: Option<String>,
) -> Definition {
    Definition {
        name: name.into(),
        title: title.into(),
        formula: formula.into(),
        source: NN192,
        unit: Unit::Percent,
        numerator: side("TILs", "nuclei", |tally| tally.tils as f64),
        denominator: side(what, "nuclei", move |tally| below(tally) as f64),
        area_mm2: Box::new(|tally| tally.evaluated_mm2),
        missing,
        truncated_fraction: None,
    }
}

fn over_area(lacks: &Lacks<'_>) -> [Definition; 2] {
    [
        Definition {
            name: "eatil_per_mm2".into(),
            title: "eaTIL".into(),
            formula: "TIL / evaluated area".into(),
            source: NN192,
            unit: Unit::PerMm2,
            numerator: side("TILs", "nuclei", |tally| tally.tils as f64),
            denominator: side("evaluated area", "mm²", |tally| tally.evaluated_mm2),
            area_mm2: Box::new(|tally| tally.evaluated_mm2),
            missing: lacks.nuclei(&[Role::Til]),
            truncated_fraction: None,
        },
        Definition {
            name: "eastil_percent".into(),
            title: "easTIL %".into(),
            formula: "100 · area of TIL nuclei / (evaluated area - area of tumour nuclei); the \
                      source expands nuclei by 5 µm to cells, here nuclei are measured"
                .into(),
            source: NN192,
            unit: Unit::Percent,
            numerator: side("area of TIL nuclei", "mm²", Tally::til_area_mm2),
            denominator: side("evaluated area less tumour nuclei", "mm²", |tally| {
                tally.evaluated_mm2 - tally.tumour_cell_area_mm2()
            }),
            area_mm2: Box::new(|tally| tally.evaluated_mm2),
            missing: lacks.nuclei(&[Role::Til, Role::Tumour]),
            truncated_fraction: None,
        },
    ]
}

fn intratumoural(lacks: &Lacks<'_>) -> Definition {
    Definition {
        name: "intratumoural_til_per_mm2".into(),
        title: "Intratumoural TIL".into(),
        formula: "TILs in tumour tissue / area of tumour tissue".into(),
        source: OURS,
        unit: Unit::PerMm2,
        numerator: side("TILs in tumour tissue", "nuclei", |tally| tally.tils_in_tumour as f64),
        denominator: side("tumour tissue", "mm²", |tally| tally.tumour_mm2),
        area_mm2: Box::new(|tally| tally.tumour_mm2),
        missing: lacks.nuclei(&[Role::Til]).or_else(|| lacks.tissue(Role::Tumour)),
        truncated_fraction: None,
    }
}

fn rings<'a>(
    lacks: &'a Lacks<'_>,
    zones: Option<&'a Zones<'_>>,
    edges_um: &'a [u32],
) -> impl Iterator<Item = Definition> + 'a {
    let inner_edges = std::iter::once(&0).chain(edges_um);
    inner_edges.zip(edges_um).enumerate().map(move |(ring, (inner, outer))| Definition {
        name: format!("peritumoural_til_per_mm2_{inner}_{outer}"),
        title: format!("Peritumoural TIL {inner}-{outer} µm"),
        formula: format!(
            "TILs in tissue more than {inner} and up to {outer} µm from tumour tissue / area of \
             that tissue inside the image"
        ),
        source: OURS,
        unit: Unit::PerMm2,
        numerator: side("TILs in the ring", "nuclei", move |tally| tally.tils_in_ring[ring] as f64),
        denominator: side("tissue of the ring", "mm²", move |tally| tally.ring_mm2[ring]),
        area_mm2: Box::new(move |tally| tally.ring_mm2[ring]),
        missing: lacks.nuclei(&[Role::Til]).or_else(|| lacks.tissue(Role::Tumour)),
        truncated_fraction: zones.and_then(|zones| zones.truncated[ring]),
    })
}

/// What the models cannot see.
struct Lacks<'a>(&'a Input<'a>);

impl Lacks<'_> {
    /// Why the nuclei model is not enough, if it lacks one of `roles`.
    fn nuclei(&self, roles: &[Role]) -> Option<String> {
        let lacked = roles.iter().find(|&&role| !has(self.0.classes, role))?;
        Some(format!("the nuclei model has no class of role {}", role_name(*lacked)))
    }

    /// Why the tissue model is not enough, if there is none or it lacks `role`.
    fn tissue(&self, role: Role) -> Option<String> {
        match self.0.tissue {
            None => Some("no tissue model was run".into()),
            Some(tissue) if has(tissue.classes, role) => None,
            Some(_) => Some(format!("the tissue model has no class of role {}", role_name(role))),
        }
    }
}

fn has(classes: &[Class], role: Role) -> bool {
    classes.iter().any(|class| class.role == role)
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Tumour => "tumour",
        Role::Til => "til",
        Role::Stroma => "stroma",
        Role::Other => "other",
        Role::Background => "background",
    }
}

fn side(what: &str, unit: &'static str, of: impl Fn(&Tally) -> f64 + 'static) -> Side {
    Side { what: what.into(), unit, of: Box::new(of) }
}

impl Side {
    fn quantity(&self, tally: &Tally) -> Quantity {
        Quantity { what: self.what.clone(), value: (self.of)(tally), unit: self.unit.into() }
    }
}

impl Definition {
    fn take(self, fields: &Fields, parameters: &Parameters) -> TilFigure {
        let used = self.used_fields(fields);
        let value = self.value(fields);
        let interval =
            value.and_then(|_| interval_95(&used, parameters.seed, parameters.resamples));
        let evidence = self.evidence(fields, value, used.len() as u32);

        TilFigure {
            value,
            numerator: self.numerator.quantity(&fields.total),
            denominator: self.denominator.quantity(&fields.total),
            area_mm2: (self.area_mm2)(&fields.total),
            truncated_fraction: self.truncated_fraction,
            interval_95: interval.map(|ends| ends.map(|end| self.unit.scale() * end)),
            fields: used.len() as u32,
            evidence,
            name: self.name,
            title: self.title,
            formula: self.formula,
            source: self.source.into(),
            unit: self.unit.name().into(),
        }
    }

    /// Numerators and denominators of the fields that hold something, in raster order.
    fn used_fields(&self, fields: &Fields) -> Vec<Ratio> {
        let ratio = |tally: &Tally| Ratio {
            numerator: (self.numerator.of)(tally),
            denominator: (self.denominator.of)(tally),
        };
        let holds = |ratio: &Ratio| ratio.numerator != 0.0 || ratio.denominator != 0.0;
        fields.tallies.iter().map(ratio).filter(holds).collect()
    }

    fn value(&self, fields: &Fields) -> Option<f64> {
        let below = (self.denominator.of)(&fields.total);
        (self.missing.is_none() && below > 0.0)
            .then(|| self.unit.scale() * (self.numerator.of)(&fields.total) / below)
    }

    fn evidence(&self, fields: &Fields, value: Option<f64>, used: u32) -> Evidence {
        if let Some(reason) = &self.missing {
            return Evidence::None { reason: reason.clone() };
        }
        if value.is_none() {
            return Evidence::None { reason: format!("no {} in the image", self.denominator.what) };
        }
        let below = (self.denominator.of)(&fields.total);
        evidence::judge(Ground {
            area_mm2: (self.area_mm2)(&fields.total),
            nuclei: (self.denominator.unit == "nuclei").then_some(below as u64),
            fields: used,
            truncated_fraction: self.truncated_fraction,
        })
    }
}

impl Unit {
    fn scale(self) -> f64 {
        match self {
            Self::Percent => 100.0,
            Self::PerMm2 => 1.0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::PerMm2 => "1/mm²",
        }
    }
}
