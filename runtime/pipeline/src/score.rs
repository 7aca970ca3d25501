//! TIL figures of one image: from points and a tissue map to numbers with their formula, area,
//! counts, interval and evidence.
//!
//! Every figure stands under its own name; none is *the* TIL score. The formulas are in
//! `figures.rs`, what they rest on is:
//!
//! 1. **Fields of view** (`fields.rs`): the image is cut into equal, nearly square fields; every
//!    nucleus and every cell of the tissue map is counted in the field that holds its centre.
//! 2. **Zones** (`zones.rs`, `rings.rs`): tumour tissue less its smallest clusters, and rings around it.
//! 3. **Figures** (`figures.rs`): ratios of sums over the fields.
//! 4. **Intervals** (`bootstrap.rs`): percentile bootstrap over the fields.
//! 5. **Hot spots** (`hot_spots.rs`): apart, never part of a figure.
//! 6. **Density** (`density.rs`): TILs on a grid, for a heat map.
//!
//! **Invariant:** the result depends on the set of nuclei, not on their order, and not on the
//! machine: counts and nuclear areas are summed as integers, other floats in a fixed order.
//! **Never:** no file, no clock, no thread. **Memory** beyond the input: one byte a tissue cell
//! and about 256 B a field of view.

mod bootstrap;
mod density;
mod evidence;
mod fields;
mod figures;
mod hot_spots;
mod parameters;
mod rings;
mod summary;
mod zones;

use contract::{
    Class, ClassCount, DensityGrid, HotSpot, Mpp, Nucleus, Size, TilFigure, TissueArea, TissueMap,
    UNLABELLED,
};
use thiserror::Error;

pub use parameters::Parameters;

pub(crate) use density::Cells;
use fields::Fields;
use zones::Zones;

/// A nucleus as the scores see it, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NucleusPoint {
    /// Centre, level-0 pixels to the right.
    pub x: f32,
    /// Centre, level-0 pixels down.
    pub y: f32,
    /// Area, µm².
    pub area_um2: f32,
    /// Probability of the class, in steps of 1/65,535.
    pub probability: u16,
    /// Index into the nuclei model's classes (at most [`contract::ModelCard::CLASSES_MAX`]).
    pub class: u8,
}

/// Tissue as the scores see it.
#[derive(Clone, Copy, Debug)]
pub struct Tissue<'a> {
    /// The map.
    pub map: &'a TissueMap,
    /// The tissue model's classes, in the map's order.
    pub classes: &'a [Class],
}

/// What the figures are taken from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The nuclei, in any order.
    pub nuclei: &'a [NucleusPoint],
    /// The nuclei model's classes.
    pub classes: &'a [Class],
    /// The tissue, where a tissue model was run.
    pub tissue: Option<Tissue<'a>>,
    /// Size of the image, level-0 pixels.
    pub image: Size,
    /// Level-0 resolution.
    pub mpp: Mpp,
    /// Area that the nuclei model looked at and that is not glass, mm².
    pub evaluated_area_mm2: f64,
    /// The same by cell of the density grid, row by row: [`Analysis::evaluated_cells_mm2`].
    ///
    /// [`Analysis::evaluated_cells_mm2`]: crate::Analysis::evaluated_cells_mm2
    pub evaluated_cells_mm2: &'a [f32],
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Nuclei of each class, in class order.
    pub nuclei: Vec<ClassCount>,
    /// Area of each tissue class, in class order; empty without a tissue model.
    pub tissue: Vec<TissueArea>,
    /// The figures, in the order of `figures.rs`.
    pub tils: Vec<TilFigure>,
    /// At most [`Parameters::HOT_SPOTS_MAX`], densest first.
    pub hot_spots: Vec<HotSpot>,
    /// Where the TILs are; absent where the nuclei model has no class of TILs.
    pub density: Option<DensityGrid>,
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ScoreError {
    /// A parameter is out of its range.
    #[error("invalid score parameters: {}", .0.join("; "))]
    Parameters(Vec<String>),
    /// The image has no pixels.
    #[error("the image of {width} × {height} px has no area to score", width = .0.width, height = .0.height)]
    Empty(Size),
    /// The evaluated area is no area.
    #[error("evaluated_area_mm2 is {0}, not a finite number from 0 up")]
    EvaluatedArea(f64),
    /// The evaluated areas of the cells are not those of this image.
    #[error(
        "evaluated_cells_mm2 has {actual} areas, and the density grid over this image {cells} cells"
    )]
    EvaluatedCells {
        /// Areas that are there.
        actual: usize,
        /// Cells of the grid.
        cells: usize,
    },
    /// The evaluated area of a cell is no area.
    #[error("evaluated_cells_mm2[{index}] is {area_mm2}, not a finite number from 0 up")]
    EvaluatedCell {
        /// Index of the cell.
        index: usize,
        /// Its area, mm².
        area_mm2: f32,
    },
    /// A nucleus has a class that the model lacks.
    #[error("nucleus {index} has class {class}, but its model has {classes} classes")]
    NucleusClass {
        /// Index of the nucleus in the input.
        index: usize,
        /// Its class.
        class: u8,
        /// Classes of the model.
        classes: usize,
    },
    /// A cell of the tissue map has a class that the model lacks.
    #[error(
        "cell {index} of the tissue map has class {class}, but its model has {classes} classes"
    )]
    TissueClass {
        /// Index of the cell.
        index: usize,
        /// Its class.
        class: u8,
        /// Classes of the model.
        classes: usize,
    },
    /// The tissue map does not cover the image.
    #[error(
        "the tissue map has {cells} cells in a grid of {columns} × {rows} of {px_per_cell} px, \
         which does not cover the image of {width} × {height} px"
    )]
    TissueGrid {
        /// Cells that are there.
        cells: usize,
        /// Columns announced.
        columns: usize,
        /// Rows announced.
        rows: usize,
        /// Edge of a cell, level-0 pixels.
        px_per_cell: f64,
        /// Columns of the image.
        width: usize,
        /// Rows of the image.
        height: usize,
    },
}

/// Takes all figures of one image.
pub fn score(input: &Input<'_>, parameters: &Parameters) -> Result<Scores, ScoreError> {
    check(input, parameters)?;

    let zones = input.tissue.map(|tissue| Zones::of(tissue, input.image, parameters));
    let fields = Fields::of(input, zones.as_ref(), parameters);

    Ok(Scores {
        nuclei: summary::class_counts(input),
        tissue: summary::tissue_areas(input),
        tils: figures::all(input, zones.as_ref(), &fields, parameters),
        hot_spots: hot_spots::find(input, parameters),
        density: density::grid(input),
    })
}

impl From<&Nucleus> for NucleusPoint {
    /// A class beyond 255 saturates, so that [`score`] refuses it.
    fn from(nucleus: &Nucleus) -> Self {
        Self {
            x: nucleus.centroid.x,
            y: nucleus.centroid.y,
            area_um2: nucleus.area_um2,
            probability: (nucleus.probability.clamp(0.0, 1.0) * 65_535.0).round() as u16,
            class: u8::try_from(nucleus.class).unwrap_or(u8::MAX),
        }
    }
}

fn check(input: &Input<'_>, parameters: &Parameters) -> Result<(), ScoreError> {
    let faults = parameters.faults();
    if !faults.is_empty() {
        return Err(ScoreError::Parameters(faults));
    }
    if input.image.width == 0 || input.image.height == 0 {
        return Err(ScoreError::Empty(input.image));
    }
    if !(0.0..f64::INFINITY).contains(&input.evaluated_area_mm2) {
        return Err(ScoreError::EvaluatedArea(input.evaluated_area_mm2));
    }
    check_evaluated_cells(input)?;

    let classes = input.classes.len();
    let stray = input.nuclei.iter().position(|nucleus| usize::from(nucleus.class) >= classes);
    if let Some(index) = stray {
        let class = input.nuclei[index].class;
        return Err(ScoreError::NucleusClass { index, class, classes });
    }

    input.tissue.map_or(Ok(()), |tissue| check_tissue(tissue, input.image))
}

fn check_evaluated_cells(input: &Input<'_>) -> Result<(), ScoreError> {
    let areas = input.evaluated_cells_mm2;
    let cells = Cells::of(input.image, input.mpp).count();
    if areas.len() != cells {
        return Err(ScoreError::EvaluatedCells { actual: areas.len(), cells });
    }
    match areas.iter().position(|area| !(0.0..f32::INFINITY).contains(area)) {
        Some(index) => Err(ScoreError::EvaluatedCell { index, area_mm2: areas[index] }),
        None => Ok(()),
    }
}

fn check_tissue(tissue: Tissue<'_>, image: Size) -> Result<(), ScoreError> {
    let map = tissue.map;
    // One cell of slack: who divides by the edge of a cell may round otherwise than we do.
    let covers = |cells: usize, px: usize| (cells as f64 - px as f64 / map.px_per_cell).abs() < 1.5;
    let sound = map.px_per_cell > 0.0
        && map.classes.len() == map.size.pixels()
        && map.size.pixels() > 0
        && covers(map.size.width, image.width)
        && covers(map.size.height, image.height);
    if !sound {
        return Err(ScoreError::TissueGrid {
            cells: map.classes.len(),
            columns: map.size.width,
            rows: map.size.height,
            px_per_cell: map.px_per_cell,
            width: image.width,
            height: image.height,
        });
    }

    let classes = tissue.classes.len();
    let stray = |&class: &u8| class != UNLABELLED && usize::from(class) >= classes;
    match map.classes.iter().position(stray) {
        Some(index) => Err(ScoreError::TissueClass { index, class: map.classes[index], classes }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
