use contract::Window;
use proptest::prelude::*;

use super::*;
use crate::grid::Grid;

fn overview_grid(source: Size, mpp: f64, card: f64, rule: f64) -> (OverviewGrid, Resampler) {
    let [mpp, card, rule] = [mpp, card, rule].map(|mpp| Mpp::new(mpp).unwrap());
    let to_card = Resampler::new(mpp, card);
    let rule = GlassRule { mpp: rule, grey_min: 220.0 };
    (OverviewGrid::new(source, mpp, to_card, rule), to_card)
}

proptest! {
    #[test]
    fn every_cell_belongs_to_one_window(
        (width, height) in (1_usize..900, 1_usize..900),
        mpp in 0.1..0.6_f64,
        rule in 0.3..4.0_f64,
    ) {
        let source = Size::new(width, height);
        let (overview, to_card) = overview_grid(source, mpp, 0.5, rule);
        let window = Window { size_px: 64, margin_px: 8, multiple_px: 4 };
        let grid = Grid::new(to_card.output_size(source), window);
        let mut owners = vec![0; overview.size().pixels()];
        for row in 0..grid.rows() {
            for column in 0..grid.columns() {
                let cells = overview.cells_of(&grid.view(column, row).core);
                for y in cells.y.clone() {
                    for x in cells.x.clone() {
                        owners[y * overview.size().width + x] += 1;
                    }
                }
            }
        }
        prop_assert!(owners.iter().all(|owners| *owners == 1));
    }
}

#[test]
fn glass_is_weighed_by_what_lies_inside_the_image() {
    // 10 × 5 px in cells of 4 px: the last column is 2 px wide, the last row 1 px high.
    let mut overview = Overview::new(Size::new(3, 2));
    overview.classes = vec![UNLABELLED, GLASS, GLASS, UNLABELLED, UNLABELLED, GLASS];

    let share = overview.glass_share(4.0, Size::new(10, 5));

    let glass_px = 4.0 * 4.0 + 2.0 * 4.0 + 2.0 * 1.0;
    assert!((share.glass_fraction - glass_px / 50.0).abs() < 1e-12, "{share:?}");
    assert!((share.tissue_px - (50.0 - glass_px)).abs() < 1e-12, "{share:?}");
}

#[test]
fn tissue_of_an_overview_cell_counts_in_the_density_cell_of_its_centre() {
    // 1,300 × 300 px of 0.25 µm in overview cells of 100 µm: 400, 400, 400 and 100 px wide.
    let mut overview = Overview::new(Size::new(4, 1));
    overview.classes = vec![UNLABELLED, GLASS, UNLABELLED, UNLABELLED];
    let image = Size::new(1300, 300);
    let cells = Cells::of(image, Mpp::new(0.25).unwrap());

    let tissue_px = overview.tissue_px_by_cell(400.0, image, cells);

    assert_eq!(tissue_px, [120_000.0, 0.0, 120_000.0, 30_000.0]);
}

proptest! {
    #[test]
    fn tissue_by_density_cell_sums_to_that_of_the_image(
        (width, height) in (1_usize..600, 1_usize..600),
        mpp in 0.1..3.0_f64,
        rule in 1.0..4.0_f64,
        glass in proptest::collection::vec(any::<bool>(), 1..99),
    ) {
        let image = Size::new(width, height);
        let (grid, _) = overview_grid(image, mpp, 0.5, rule);
        let mut overview = Overview::new(grid.size());
        let values = glass.iter().map(|glass| if *glass { GLASS } else { UNLABELLED });
        for (class, value) in overview.classes.iter_mut().zip(values.cycle()) {
            *class = value;
        }

        let cells = Cells::of(image, Mpp::new(mpp).unwrap());
        let tissue_px = overview.tissue_px_by_cell(grid.factor(), image, cells);

        let share = overview.glass_share(grid.factor(), image);
        let sum: f64 = tissue_px.iter().sum();
        let off = (sum - share.tissue_px).abs();
        prop_assert!(off <= 1e-9 * image.pixels() as f64, "{sum}, not {}", share.tissue_px);
    }
}
