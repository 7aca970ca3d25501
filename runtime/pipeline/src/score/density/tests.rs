use contract::Class;
use proptest::prelude::*;

use super::*;
use crate::score::{NucleusPoint, Parameters, score};

fn cells(width: usize, height: usize, um_per_px: f64) -> Cells {
    Cells::of(Size::new(width, height), Mpp::new(um_per_px).unwrap())
}

#[test]
fn a_tile_has_cells_of_100_um_and_a_slide_larger_ones_of_a_round_size() {
    let of = |width, height| {
        let cells = cells(width, height, 0.25);
        (cells.cell_um, cells.columns, cells.rows)
    };

    assert_eq!(of(1024, 1024), (100, 3, 3));
    assert_eq!(of(100, 4000), (100, 1, 10));
    assert_eq!(of(25_600, 12_800), (100, 64, 32));
    assert_eq!(of(25_601, 12_800), (150, 43, 22));
    assert_eq!(of(60_000, 60_000), (250, 60, 60));
    assert_eq!(of(60_000, 240_000), (950, 16, 64));
}

#[test]
fn a_centre_on_an_edge_counts_in_the_cell_that_begins_there() {
    let cells = cells(1024, 1024, 0.25);

    let columns = [-5.0, 0.0, 399.9, 400.0, 800.0, 1024.0, 9e9].map(|x| cells.column_at(x));

    assert_eq!(columns, [0, 0, 0, 1, 2, 2, 2]);
    assert_eq!(cells.row_at(f64::NAN), 0);
}

#[test]
fn tils_alone_are_counted_each_in_its_cell() {
    let nuclei = [(10.0, 10.0, 1), (450.0, 10.0, 1), (500.0, 300.0, 1), (10.0, 1000.0, 0)];
    let nuclei = nuclei.map(|(x, y, class)| point((x, y), class));

    let grid = grid(&input(&nuclei, &classes(), Size::new(1024, 1024), &[0.01; 9])).unwrap();

    assert_eq!((grid.columns, grid.rows), (3, 3));
    assert_eq!(grid.tils, [1, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(grid.evaluated_mm2, [0.01; 9]);
}

#[test]
fn a_model_without_a_class_of_tils_has_no_grid() {
    let classes = [classes().remove(0)];

    assert_eq!(grid(&input(&[], &classes, Size::new(1024, 1024), &[0.01; 9])), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_grid_has_more_than_64_cells_along_a_side_and_its_cells_cover_the_image(
        width in 1usize..500_000, height in 1usize..500_000, um_per_px in 0.05f64..4.0,
    ) {
        let cells = cells(width, height, um_per_px);

        prop_assert!(cells.columns <= 64 && cells.rows <= 64, "{cells:?}");
        let covered = |count: u32, px: usize| {
            let over = f64::from(count) * cells.cell_px - px as f64;
            (-1e-6..cells.cell_px).contains(&over)
        };
        prop_assert!(covered(cells.columns, width) && covered(cells.rows, height), "{cells:?}");
        prop_assert!(cells.cell_um == 100 || cells.columns.max(cells.rows) > 32, "{cells:?}");
    }

    #[test]
    fn the_cells_sum_to_the_counts_of_the_report(
        nuclei in proptest::collection::vec((-9f32..3000.0, -9f32..2000.0, 0u8..3), 0..200),
        width in 1usize..3000, height in 1usize..2000,
    ) {
        let nuclei: Vec<NucleusPoint> =
            nuclei.into_iter().map(|(x, y, class)| point((x, y), class)).collect();
        let (image, classes) = (Size::new(width, height), classes());
        let areas = vec![0.001; Cells::of(image, Mpp::new(0.25).unwrap()).count()];

        let scores =
            score(&input(&nuclei, &classes, image, &areas), &Parameters::published(1)).unwrap();

        let of_cells: u64 = scores.density.unwrap().tils.into_iter().map(u64::from).sum();
        let of_classes = scores.nuclei.iter().filter(|class| class.role == Role::Til);
        prop_assert_eq!(of_cells, of_classes.map(|class| class.count).sum::<u64>());
    }
}

fn classes() -> Vec<Class> {
    [Role::Tumour, Role::Til, Role::Til]
        .map(|role| Class { name: format!("{role:?}"), role, colour: [0; 3] })
        .into()
}

fn point((x, y): (f32, f32), class: u8) -> NucleusPoint {
    NucleusPoint { x, y, area_um2: 20.0, probability: 60_000, class }
}

fn input<'a>(
    nuclei: &'a [NucleusPoint],
    classes: &'a [Class],
    image: Size,
    evaluated_cells_mm2: &'a [f32],
) -> Input<'a> {
    Input {
        nuclei,
        classes,
        tissue: None,
        image,
        mpp: Mpp::new(0.25).unwrap(),
        evaluated_area_mm2: evaluated_cells_mm2.iter().copied().map(f64::from).sum(),
        evaluated_cells_mm2,
    }
}
