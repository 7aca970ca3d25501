use contract::{Class, Mpp, Size};
use proptest::prelude::*;

use super::*;
use crate::score::NucleusPoint;

#[test]
fn two_clusters_are_two_hot_spots_with_their_counts() {
    let mut nuclei = cluster((1500.0, 1500.0), 300);
    nuclei.extend(cluster((6000.0, 4000.0), 400));

    let spots = with_input(&nuclei, |input| find(input, &Parameters::published(1)));

    let tils: Vec<u64> = spots.iter().map(|spot| spot.tils).collect();
    assert_eq!(tils, [400, 300]);
    assert!((spots[0].x - 6000.0).hypot(spots[0].y - 4000.0) < 1000.0, "{spots:?}");
    assert!((spots[0].per_mm2 - 400.0 / 0.196_349_540_849_362_1).abs() < 1e-6, "{spots:?}");
}

#[test]
fn few_tils_and_small_images_have_no_hot_spot() {
    let few = cluster((1500.0, 1500.0), 150);

    assert_eq!(with_input(&few, |input| find(input, &Parameters::published(1))), []);
    let small = with_input(&cluster((500.0, 500.0), 900), |input| {
        find(&Input { image: Size::new(1999, 8000), ..*input }, &Parameters::published(1))
    });
    assert_eq!(small, []);
}

#[test]
fn there_are_at_most_five_and_none_overlaps() {
    let corners = [1200.0, 4000.0, 6800.0].into_iter().flat_map(|x| [(x, 1200.0), (x, 4800.0)]);
    let mut nuclei: Vec<NucleusPoint> =
        corners.zip(200..).flat_map(|(at, count)| cluster(at, count)).collect();
    // Too near to the first to be a spot of its own beside it.
    nuclei.extend(cluster((2500.0, 1200.0), 170));

    let spots = with_input(&nuclei, |input| find(input, &Parameters::published(1)));

    assert_eq!(spots.len(), 5);
    for (at, spot) in spots.iter().enumerate() {
        for other in &spots[..at] {
            assert!((spot.x - other.x).hypot(spot.y - other.y) >= 2000.0, "{spots:?}");
            assert!(spot.tils <= other.tils);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_count_of_every_centre_is_that_of_the_definition(
        positions in proptest::collection::vec((0f32..8000.0, 0f32..6000.0), 0..40),
    ) {
        let nuclei: Vec<NucleusPoint> = positions.into_iter().map(til).collect();

        with_input(&nuclei, |input| {
            let centres = Centres::of(input, &Parameters::published(1)).unwrap();
            let counts = centres.count(input);
            for (at, &count) in counts.iter().enumerate() {
                let (x, y) = centres.position(at);
                let within = nuclei.iter().filter(|n| {
                    (f64::from(n.x) - x).powi(2) + (f64::from(n.y) - y).powi(2) <= 1e6
                });
                assert_eq!(count as usize, within.count(), "centre {at}");
            }
        });
    }
}

/// TILs on a spiral of 200 px around a centre.
fn cluster((x, y): (f32, f32), count: u16) -> Vec<NucleusPoint> {
    let at = |i: u16| {
        let (angle, radius) = (f32::from(i) * 2.4, 10.0 * f32::from(i).sqrt());
        til((x + radius * angle.cos(), y + radius * angle.sin()))
    };
    (0..count).map(at).collect()
}

fn til((x, y): (f32, f32)) -> NucleusPoint {
    NucleusPoint { x, y, area_um2: 20.0, probability: 60_000, class: 0 }
}

/// 2 × 1.5 mm at 0.25 µm/px: a hot spot has a radius of 1,000 px.
fn with_input<T>(nuclei: &[NucleusPoint], take: impl FnOnce(&Input<'_>) -> T) -> T {
    let classes = [Class { name: "lymphocyte".into(), role: Role::Til, colour: [0; 3] }];
    take(&Input {
        nuclei,
        classes: &classes,
        tissue: None,
        image: Size::new(8000, 6000),
        mpp: Mpp::new(0.25).unwrap(),
        evaluated_area_mm2: 3.0,
        evaluated_cells_mm2: &[],
    })
}
