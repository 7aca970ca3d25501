use contract::{Evidence, Role};
use proptest::prelude::*;

use super::*;

/// 200 × 200 µm in cells of 2 µm: 40 µm of tumour, 140 µm of stroma, 20 µm of glass, side by side.
fn striped_map() -> TissueMap {
    let row: Vec<u8> = [(0, 20), (1, 70), (2, 10)]
        .into_iter()
        .flat_map(|(class, cells)| std::iter::repeat_n(class, cells))
        .collect();
    TissueMap {
        size: Size::new(100, 100),
        mpp: Mpp::new(2.0).unwrap(),
        px_per_cell: 4.0,
        classes: row.repeat(100),
    }
}

fn tissue_classes() -> Vec<Class> {
    classes(&[Role::Tumour, Role::Stroma, Role::Background])
}

fn nuclei_classes() -> Vec<Class> {
    classes(&[Role::Tumour, Role::Til, Role::Stroma, Role::Other])
}

fn classes(roles: &[Role]) -> Vec<Class> {
    let class = |role: &Role| Class { name: format!("{role:?}"), role: *role, colour: [0; 3] };
    roles.iter().map(class).collect()
}

/// Of cells of 100 µm: the right ones end in 20 µm of glass.
const EVALUATED_CELLS_MM2: [f32; 4] = [0.010, 0.008, 0.010, 0.008];

const TUMOUR: u8 = 0;
const TIL: u8 = 1;
const STROMA: u8 = 2;
const OTHER: u8 = 3;

/// Tissue columns: 0–19 tumour; rings 20–44 (50 µm), 45–69 (100 µm), 70–99 (250 µm), glass from 90.
fn striped_nuclei() -> Vec<NucleusPoint> {
    [
        (6, TUMOUR, 100.0, 10),
        (2, TIL, 20.0, 5),
        (3, TIL, 20.0, 44),
        (1, TIL, 20.0, 45),
        (4, TIL, 20.0, 89),
        (5, STROMA, 30.0, 50),
        (1, OTHER, 30.0, 19),
        (3, OTHER, 30.0, 60),
    ]
    .into_iter()
    .flat_map(|(count, class, area_um2, column)| {
        (0..count).map(move |row| NucleusPoint {
            x: column as f32 * 4.0 + 2.0,
            y: row as f32 * 60.0 + 1.0,
            area_um2,
            probability: 65_535 / 2 + 1,
            class,
        })
    })
    .collect()
}

fn with_striped<T>(nuclei: &[NucleusPoint], take: impl FnOnce(Input<'_>) -> T) -> T {
    let (map, classes, tissue_classes) = (striped_map(), nuclei_classes(), tissue_classes());
    take(Input {
        nuclei,
        classes: &classes,
        tissue: Some(Tissue { map: &map, classes: &tissue_classes }),
        image: Size::new(400, 400),
        mpp: Mpp::new(0.5).unwrap(),
        evaluated_area_mm2: 0.036,
        evaluated_cells_mm2: &EVALUATED_CELLS_MM2,
    })
}

fn striped(nuclei: &[NucleusPoint]) -> Scores {
    with_striped(nuclei, |input| score(&input, &Parameters::published(1)).unwrap())
}

fn figure<'a>(scores: &'a Scores, name: &str) -> &'a TilFigure {
    scores.tils.iter().find(|figure| figure.name == name).unwrap()
}

#[test]
fn every_figure_is_the_one_computed_by_hand() {
    let scores = striped(&striped_nuclei());

    // name, numerator, denominator, area mm², value
    let by_hand = [
        ("stil_area_percent", 160e-6, 0.028, 0.028, 100.0 * 160.0 / 28_000.0),
        ("til_percent_of_tumour_area_cells", 2.0, 9.0, 0.008, 100.0 * 2.0 / 9.0),
        ("etil_percent", 10.0, 16.0, 0.036, 62.5),
        ("ettil_percent", 10.0, 25.0, 0.036, 40.0),
        ("estil_percent", 10.0, 19.0, 0.036, 100.0 * 10.0 / 19.0),
        ("eatil_per_mm2", 10.0, 0.036, 0.036, 10.0 / 0.036),
        ("eastil_percent", 200e-6, 0.036 - 600e-6, 0.036, 100.0 * 200.0 / 35_400.0),
        ("intratumoural_til_per_mm2", 2.0, 0.008, 0.008, 250.0),
        ("peritumoural_til_per_mm2_0_50", 3.0, 0.010, 0.010, 300.0),
        ("peritumoural_til_per_mm2_50_100", 1.0, 0.010, 0.010, 100.0),
        ("peritumoural_til_per_mm2_100_250", 4.0, 0.008, 0.008, 500.0),
    ];
    for (name, numerator, denominator, area_mm2, value) in by_hand {
        let figure = figure(&scores, name);
        assert_near(figure.numerator.value, numerator, name);
        assert_near(figure.denominator.value, denominator, name);
        assert_near(figure.area_mm2, area_mm2, name);
        assert_near(figure.value.unwrap(), value, name);
        let [low, high] = figure.interval_95.unwrap();
        assert!(low <= value && value <= high, "{name}: {low} {value} {high}");
        assert!(matches!(figure.evidence, Evidence::Low { .. }), "{name}");
    }
    assert_eq!(scores.tils.len(), by_hand.len() + 1);
}

#[test]
fn a_ring_outside_the_image_has_no_value_and_is_wholly_truncated() {
    let scores = striped(&striped_nuclei());
    let ring = figure(&scores, "peritumoural_til_per_mm2_250_500");

    assert_eq!(ring.value, None);
    assert_eq!(ring.truncated_fraction, Some(1.0));
    assert_eq!(
        ring.evidence,
        Evidence::None { reason: "no tissue of the ring in the image".into() }
    );
}

#[test]
fn the_truncated_part_is_that_of_the_geometry() {
    let scores = striped(&[]);

    // Cells within 25.5 cells of a block of 20 × 100, centre to centre, and not in it.
    let beyond = |at: i64, last: i64| (-at).max(at - last).max(0);
    let mut ring = 0;
    for row in -30..130 {
        for column in -30..50 {
            let squared = beyond(column, 19).pow(2) + beyond(row, 99).pow(2);
            ring += u32::from(squared > 0 && squared as f64 <= 25.5 * 25.5);
        }
    }
    let truncated = 1.0 - 2500.0 / f64::from(ring);
    let figure = figure(&scores, "peritumoural_til_per_mm2_0_50");
    assert_near(figure.truncated_fraction.unwrap(), truncated, "0 to 50 µm");
}

#[test]
fn counts_and_areas_are_given_by_class() {
    let scores = striped(&striped_nuclei());

    let counts: Vec<u64> = scores.nuclei.iter().map(|class| class.count).collect();
    assert_eq!(counts, [6, 10, 5, 4]);
    assert_near(scores.nuclei[1].mean_area_um2.unwrap(), 20.0, "mean area");
    assert_near(scores.nuclei[1].per_mm2.unwrap(), 10.0 / 0.036, "density");
    assert!((scores.nuclei[1].mean_probability.unwrap() - 0.5).abs() < 1e-4);
    let areas: Vec<f64> = scores.tissue.iter().map(|class| class.area_mm2).collect();
    for (area, by_hand) in areas.into_iter().zip([0.008, 0.028, 0.004]) {
        assert_near(area, by_hand, "tissue area");
    }
    assert_near(scores.tissue[1].fraction, 0.7, "fraction");
}

#[test]
fn cells_that_reach_over_the_border_count_as_far_as_they_lie_inside() {
    let map = TissueMap {
        size: Size::new(3, 2),
        mpp: Mpp::new(2.0).unwrap(),
        px_per_cell: 4.0,
        classes: vec![1; 6],
    };
    let (nuclei_classes, tissue_classes) = (nuclei_classes(), tissue_classes());
    let input = Input {
        nuclei: &[],
        classes: &nuclei_classes,
        tissue: Some(Tissue { map: &map, classes: &tissue_classes }),
        image: Size::new(10, 5),
        mpp: Mpp::new(0.5).unwrap(),
        evaluated_area_mm2: 12.5e-6,
        evaluated_cells_mm2: &[12.5e-6],
    };

    let scores = score(&input, &Parameters::published(1)).unwrap();

    assert_near(scores.tissue[1].area_mm2, 12.5e-6, "5 × 2.5 µm");
    assert_near(scores.tissue[1].fraction, 1.0, "all of the image");
    assert_near(figure(&scores, "stil_area_percent").area_mm2, 12.5e-6, "stroma");
}

#[test]
fn what_a_model_cannot_see_has_no_figure_and_says_so() {
    let (map, tissue_classes) = (striped_map(), classes(&[Role::Other, Role::Stroma, Role::Other]));
    let nuclei_classes = classes(&[Role::Tumour, Role::Til]);
    let input = Input {
        nuclei: &striped_nuclei()[..9],
        classes: &nuclei_classes,
        tissue: Some(Tissue { map: &map, classes: &tissue_classes }),
        image: Size::new(400, 400),
        mpp: Mpp::new(0.5).unwrap(),
        evaluated_area_mm2: 0.036,
        evaluated_cells_mm2: &EVALUATED_CELLS_MM2,
    };
    let parameters = Parameters::published(1);

    let blind = score(&input, &parameters).unwrap();
    let without_tissue = score(&Input { tissue: None, ..input }, &parameters).unwrap();
    let no_tils = classes(&[Role::Tumour, Role::Other]);
    let without_tils = score(&Input { classes: &no_tils, ..input }, &parameters).unwrap();

    let reason = |scores: &Scores, name: &str| {
        let figure = figure(scores, name);
        assert_eq!((figure.value, figure.interval_95), (None, None), "{name}");
        let Evidence::None { reason } = &figure.evidence else { panic!("{figure:?}") };
        reason.clone()
    };
    let no_tumour_tissue = "the tissue model has no class of role tumour";
    assert_eq!(reason(&blind, "intratumoural_til_per_mm2"), no_tumour_tissue);
    assert_eq!(reason(&blind, "peritumoural_til_per_mm2_0_50"), no_tumour_tissue);
    assert_eq!(reason(&blind, "estil_percent"), "the nuclei model has no class of role other");
    assert_eq!(reason(&without_tissue, "stil_area_percent"), "no tissue model was run");
    assert!(figure(&without_tissue, "etil_percent").value.is_some());
    for figure in &without_tils.tils {
        let no_tils = "the nuclei model has no class of role til";
        assert_eq!(reason(&without_tils, &figure.name), no_tils);
    }
}

#[test]
fn an_image_without_nuclei_has_densities_of_zero_and_no_ratios() {
    let scores = striped(&[]);

    assert_eq!(figure(&scores, "eatil_per_mm2").value, Some(0.0));
    assert_eq!(figure(&scores, "etil_percent").value, None);
    assert_eq!(
        figure(&scores, "etil_percent").evidence,
        Evidence::None { reason: "no TILs and tumour cells in the image".into() }
    );
    assert_eq!(scores.nuclei[0].mean_area_um2, None);
}

#[test]
fn enough_area_and_nuclei_are_sufficient_evidence() {
    let classes = nuclei_classes();
    let nuclei: Vec<NucleusPoint> = (0..400u16)
        .map(|at| NucleusPoint {
            x: f32::from(at % 20) * 200.0 + 7.0,
            y: f32::from(at / 20) * 200.0 + 7.0,
            area_um2: 30.0,
            probability: 60_000,
            class: (at % 3) as u8,
        })
        .collect();
    let input = Input {
        nuclei: &nuclei,
        classes: &classes,
        tissue: None,
        image: Size::new(4000, 4000),
        mpp: Mpp::new(0.25).unwrap(),
        evaluated_area_mm2: 1.0,
        evaluated_cells_mm2: &[0.01; 100],
    };

    let scores = score(&input, &Parameters::published(9)).unwrap();

    let etil = figure(&scores, "etil_percent");
    assert_eq!((etil.fields, &etil.evidence), (16, &Evidence::Sufficient));
}

#[test]
fn input_that_contradicts_itself_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut TissueMap, &mut Vec<NucleusPoint>, &mut Parameters)| {
        let (mut map, mut nuclei) = (striped_map(), striped_nuclei());
        let mut parameters = Parameters::published(1);
        change(&mut map, &mut nuclei, &mut parameters);
        let (classes, tissue_classes) = (nuclei_classes(), tissue_classes());
        let input = Input {
            nuclei: &nuclei,
            classes: &classes,
            tissue: Some(Tissue { map: &map, classes: &tissue_classes }),
            image: Size::new(400, 400),
            mpp: Mpp::new(0.5).unwrap(),
            evaluated_area_mm2: 0.036,
            evaluated_cells_mm2: &EVALUATED_CELLS_MM2,
        };
        score(&input, &parameters).unwrap_err().to_string()
    };

    assert_eq!(
        refused(&|_, nuclei, _| nuclei[3].class = 4),
        "nucleus 3 has class 4, but its model has 4 classes"
    );
    assert_eq!(
        refused(&|map, _, _| map.classes[7] = 3),
        "cell 7 of the tissue map has class 3, but its model has 3 classes"
    );
    assert_eq!(
        refused(&|map, _, _| map.size.width = 50),
        "the tissue map has 10000 cells in a grid of 50 × 100 of 4 px, \
         which does not cover the image of 400 × 400 px"
    );
    assert_eq!(
        refused(&|_, _, parameters| {
            parameters.ring_edges_um = vec![50, 50];
            parameters.field_edge_um = f64::NAN;
        }),
        "invalid score parameters: ring_edges_um is [50, 50], not rising from above 0; \
         field_edge_um is NaN, not 25 to 5000"
    );
}

#[test]
fn evaluated_areas_that_are_not_those_of_the_density_grid_are_refused() {
    let refused = |evaluated_cells_mm2: &[f32]| {
        with_striped(&[], |input| {
            let input = Input { evaluated_cells_mm2, ..input };
            score(&input, &Parameters::published(1)).unwrap_err().to_string()
        })
    };

    assert_eq!(
        refused(&EVALUATED_CELLS_MM2[1..]),
        "evaluated_cells_mm2 has 3 areas, and the density grid over this image 4 cells"
    );
    assert_eq!(
        refused(&[0.01, -0.01, 0.01, 0.01]),
        "evaluated_cells_mm2[1] is -0.01, not a finite number from 0 up"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_the_nuclei_changes_nothing(
        (nuclei, shuffled) in nuclei().prop_flat_map(|nuclei| {
            (Just(nuclei.clone()), Just(nuclei).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(striped(&nuclei), striped(&shuffled));
    }

    #[test]
    fn twice_the_nuclei_keep_the_ratios_and_double_the_densities(nuclei in nuclei()) {
        let twice: Vec<NucleusPoint> = nuclei.iter().flat_map(|&n| [n, n]).collect();

        let (once, twice) = (striped(&nuclei), striped(&twice));

        let over_cells = ["til_percent_of_tumour_area_cells", "etil_percent", "ettil_percent"];
        for name in over_cells {
            prop_assert_eq!(figure(&once, name).value, figure(&twice, name).value);
            prop_assert_eq!(figure(&once, name).interval_95, figure(&twice, name).interval_95);
        }
        let over_area = ["stil_area_percent", "eatil_per_mm2", "intratumoural_til_per_mm2"];
        for name in over_area {
            let doubled = 2.0 * figure(&once, name).value.unwrap();
            assert_near(figure(&twice, name).value.unwrap(), doubled, name);
        }
    }

    #[test]
    fn tils_in_tissue_are_each_in_the_tumour_or_in_one_ring(nuclei in nuclei()) {
        let scores = striped(&nuclei);

        let counted: f64 = scores.tils[7..].iter().map(|figure| figure.numerator.value).sum();
        let is_counted = |n: &&NucleusPoint| n.class == TIL && n.x < 360.0;
        prop_assert_eq!(counted as usize, nuclei.iter().filter(is_counted).count());
    }
}

fn nuclei() -> impl Strategy<Value = Vec<NucleusPoint>> {
    let nucleus = (0f32..400.0, 0f32..400.0, 5f32..200.0, 0u8..4, any::<u16>());
    let point =
        |(x, y, area_um2, class, probability)| NucleusPoint { x, y, area_um2, probability, class };
    proptest::collection::vec(nucleus.prop_map(point), 0..60)
}

fn assert_near(value: f64, expected: f64, what: &str) {
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{what}: {value}, not {expected}");
}
