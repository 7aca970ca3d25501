//! Fields of view: equal, nearly square parts of the image, and what was counted in each.
//!
//! The bootstrap draws whole fields, so that nuclei which lie together stay together. Fields are
//! at most [`Parameters::field_edge_um`] wide, and smaller where the image would give fewer than
//! [`FIELDS_MIN`] of them, down to [`FIELD_EDGE_MIN_UM`].
//!
//! Nuclear areas are summed in integers of 1/1,024 µm², so that a sum does not depend on the
//! order of the nuclei.

use std::ops::AddAssign;

use contract::{Mpp, Role};

use super::zones::{FIRST_RING, Ground, TUMOUR, Zones};
use super::{Input, NucleusPoint, Parameters};

/// Fields of an image at least, if these are not smaller than [`FIELD_EDGE_MIN_UM`]: percentiles
/// of fewer say little.
const FIELDS_MIN: f64 = 16.0;
/// Smallest edge of a field, µm: two nuclei side by side.
const FIELD_EDGE_MIN_UM: f64 = 25.0;
/// Fields of an image at most, about: 256 B each. At 250 µm this is 2,048 mm², a whole slide.
const FIELDS_MAX: f64 = 32_768.0;
/// Nuclear areas are summed in units of one over this, µm².
const AREA_STEPS_PER_UM2: f64 = 1024.0;
/// Largest area that is believed of a nucleus, µm²: a giant cell has 10⁴; keeps the sum from
/// overflowing.
const NUCLEUS_AREA_MAX_UM2: f32 = 1e6;

/// What was counted in one field, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Nuclei of role TIL.
    pub(super) tils: u64,
    /// Nuclei of role tumour.
    pub(super) tumour_cells: u64,
    /// Nuclei of role stroma and of role other.
    pub(super) stroma_and_other_cells: u64,
    /// TILs in tumour tissue.
    pub(super) tils_in_tumour: u64,
    /// All cells in tumour tissue.
    pub(super) cells_in_tumour: u64,
    /// TILs in each ring.
    pub(super) tils_in_ring: [u64; Parameters::RINGS_MAX],
    til_area: u64,
    tumour_cell_area: u64,
    til_area_in_stroma: u64,
    /// Evaluated area, mm².
    pub(super) evaluated_mm2: f64,
    /// Stroma, mm².
    pub(super) stroma_mm2: f64,
    /// Tumour tissue, mm².
    pub(super) tumour_mm2: f64,
    /// Each ring inside the image, less glass, mm².
    pub(super) ring_mm2: [f64; Parameters::RINGS_MAX],
}

/// The fields of an image.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) tallies: Vec<Tally>,
    /// The sum of all.
    pub(super) total: Tally,
}

/// How an image is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    columns: usize,
    rows: usize,
    /// Level-0 pixels.
    width_px: f64,
    /// Level-0 pixels.
    height_px: f64,
}

impl Fields {
    /// Counts the nuclei and measures the areas of each field.
    pub(super) fn of(
        input: &Input<'_>,
        zones: Option<&Zones<'_>>,
        parameters: &Parameters,
    ) -> Self {
        let cut = Cut::of(input, parameters);
        let mut tallies = vec![Tally::default(); cut.columns * cut.rows];

        match zones {
            Some(zones) => measure(&mut tallies, cut, zones),
            None => tallies.iter_mut().for_each(|tally| tally.evaluated_mm2 = 1.0),
        }
        spread_evaluated_area(&mut tallies, input.evaluated_area_mm2);

        for nucleus in input.nuclei {
            let role = input.classes[usize::from(nucleus.class)].role;
            let place = zones.map(|zones| zones.at_position(nucleus.x, nucleus.y));
            tallies[cut.field_at(nucleus.x, nucleus.y)].count(nucleus, role, place);
        }

        let mut total = Tally::default();
        for &tally in &tallies {
            total += tally;
        }
        Self { tallies, total }
    }
}

impl Cut {
    fn of(input: &Input<'_>, parameters: &Parameters) -> Self {
        let width_um = input.image.width as f64 * input.mpp.um_per_px();
        let height_um = input.image.height as f64 * input.mpp.um_per_px();
        let area = width_um * height_um;
        let edge = parameters
            .field_edge_um
            .min((area / FIELDS_MIN).sqrt())
            .max(FIELD_EDGE_MIN_UM)
            .max((area / FIELDS_MAX).sqrt());

        let columns = (width_um / edge).ceil().max(1.0);
        let rows = (height_um / edge).ceil().max(1.0);
        Self {
            columns: columns as usize,
            rows: rows as usize,
            width_px: input.image.width as f64 / columns,
            height_px: input.image.height as f64 / rows,
        }
    }

    fn column_at(&self, x: f64) -> usize {
        ((x / self.width_px).max(0.0) as usize).min(self.columns - 1)
    }

    fn row_at(&self, y: f64) -> usize {
        ((y / self.height_px).max(0.0) as usize).min(self.rows - 1)
    }

    fn field_at(&self, x: f32, y: f32) -> usize {
        self.row_at(f64::from(y)) * self.columns + self.column_at(f64::from(x))
    }
}

/// Adds up the areas of the tissue cells, each in the field of its centre.
fn measure(tallies: &mut [Tally], cut: Cut, zones: &Zones<'_>) {
    let map = zones.map();
    let centre = |cell: usize| (cell as f64 + 0.5) * map.px_per_cell;
    let field_columns: Vec<usize> =
        (0..map.size.width).map(|column| cut.column_at(centre(column))).collect();
    let cell_mm2 = Mpp::area_mm2(map.mpp, 1);

    for (row, &height) in zones.rows.iter().enumerate() {
        let fields = &mut tallies[cut.row_at(centre(row)) * cut.columns..][..cut.columns];
        let first = row * map.size.width;
        for (column, (&field, &width)) in field_columns.iter().zip(&zones.columns).enumerate() {
            fields[field].measure(zones.at(first + column), cell_mm2 * width * height);
        }
    }
}

/// Scales the evaluated areas of the fields so that they sum to that of the image. Without a
/// tissue map the evaluated area is spread evenly.
fn spread_evaluated_area(tallies: &mut [Tally], evaluated_mm2: f64) {
    let sum: f64 = tallies.iter().map(|tally| tally.evaluated_mm2).sum();
    let even = evaluated_mm2 / tallies.len() as f64;
    for tally in tallies {
        tally.evaluated_mm2 =
            if sum > 0.0 { tally.evaluated_mm2 / sum * evaluated_mm2 } else { even };
    }
}

impl Tally {
    /// Area of the TILs, mm².
    pub(super) fn til_area_mm2(&self) -> f64 {
        steps_to_mm2(self.til_area)
    }

    /// Area of the tumour nuclei, mm².
    pub(super) fn tumour_cell_area_mm2(&self) -> f64 {
        steps_to_mm2(self.tumour_cell_area)
    }

    /// Area of the TILs in stroma, mm².
    pub(super) fn til_area_in_stroma_mm2(&self) -> f64 {
        steps_to_mm2(self.til_area_in_stroma)
    }

    fn measure(&mut self, (zone, ground): (u8, Ground), area_mm2: f64) {
        if ground == Ground::None {
            return;
        }
        self.evaluated_mm2 += area_mm2;
        if ground == Ground::Stroma {
            self.stroma_mm2 += area_mm2;
        }
        if zone == TUMOUR {
            self.tumour_mm2 += area_mm2;
        } else if zone >= FIRST_RING {
            self.ring_mm2[usize::from(zone - FIRST_RING)] += area_mm2;
        }
    }

    fn count(&mut self, nucleus: &NucleusPoint, role: Role, place: Option<(u8, Ground)>) {
        let til = u64::from(role == Role::Til);
        let area = area_steps(nucleus.area_um2);
        match role {
            Role::Til => {
                self.tils += 1;
                self.til_area += area;
            }
            Role::Tumour => {
                self.tumour_cells += 1;
                self.tumour_cell_area += area;
            }
            Role::Stroma | Role::Other => self.stroma_and_other_cells += 1,
            // What a model calls background is no cell.
            Role::Background => return,
        }

        let Some((zone, ground)) = place else { return };
        if ground == Ground::None {
            return;
        }
        self.til_area_in_stroma += til * u64::from(ground == Ground::Stroma) * area;
        if zone == TUMOUR {
            self.cells_in_tumour += 1;
            self.tils_in_tumour += til;
        } else if zone >= FIRST_RING {
            self.tils_in_ring[usize::from(zone - FIRST_RING)] += til;
        }
    }
}

/// A nuclear area in integer steps; what is no area counts as 0.
pub(super) fn area_steps(area_um2: f32) -> u64 {
    (f64::from(area_um2.clamp(0.0, NUCLEUS_AREA_MAX_UM2)) * AREA_STEPS_PER_UM2).round() as u64
}

/// From steps to µm².
pub(super) fn steps_to_um2(steps: u64) -> f64 {
    steps as f64 / AREA_STEPS_PER_UM2
}

fn steps_to_mm2(steps: u64) -> f64 {
    steps_to_um2(steps) * 1e-6
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.tils += other.tils;
        self.tumour_cells += other.tumour_cells;
        self.stroma_and_other_cells += other.stroma_and_other_cells;
        self.tils_in_tumour += other.tils_in_tumour;
        self.cells_in_tumour += other.cells_in_tumour;
        self.til_area += other.til_area;
        self.tumour_cell_area += other.tumour_cell_area;
        self.til_area_in_stroma += other.til_area_in_stroma;
        self.evaluated_mm2 += other.evaluated_mm2;
        self.stroma_mm2 += other.stroma_mm2;
        self.tumour_mm2 += other.tumour_mm2;
        for (sum, tils) in self.tils_in_ring.iter_mut().zip(other.tils_in_ring) {
            *sum += tils;
        }
        for (sum, area) in self.ring_mm2.iter_mut().zip(other.ring_mm2) {
            *sum += area;
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn a_large_image_is_cut_into_fields_of_at_most_the_asked_edge() {
        let cut = cut(40_000, 20_000, 0.25);

        assert_eq!((cut.columns, cut.rows), (40, 20));
        assert_eq!((cut.width_px, cut.height_px), (1000.0, 1000.0));
    }

    #[test]
    fn a_small_image_is_cut_into_sixteen_fields() {
        let cut = cut(1024, 1024, 0.23);

        assert_eq!((cut.columns, cut.rows), (4, 4));
    }

    #[test]
    fn no_field_is_smaller_than_two_nuclei() {
        let cut = cut(128, 128, 0.25);

        assert_eq!((cut.columns, cut.rows), (2, 2));
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let cut = cut(400_000, 400_000, 4.0);

        assert!(cut.columns * cut.rows < 34_000, "{cut:?}");
    }

    #[test]
    fn positions_outside_the_image_count_in_the_nearest_field() {
        let cut = cut(1024, 1024, 0.23);

        assert_eq!(cut.field_at(-5.0, 3.0), 0);
        assert_eq!(cut.field_at(1024.0, 1024.0), 15);
        assert_eq!(cut.field_at(f32::NAN, f32::INFINITY), 12);
    }

    fn cut(width: usize, height: usize, mpp: f64) -> Cut {
        let input = Input {
            nuclei: &[],
            classes: &[],
            tissue: None,
            image: Size::new(width, height),
            mpp: Mpp::new(mpp).unwrap(),
            evaluated_area_mm2: 1.0,
            evaluated_cells_mm2: &[],
        };
        Cut::of(&input, &Parameters::published(1))
    }
}
