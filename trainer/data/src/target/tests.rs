use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::augment::{Crop, OUTSIDE, Turn};
use crate::sample::UNKNOWN;
use crate::{Dot, Instances};

const EDGE: usize = 9;

/// The maps of a crop, owned.
#[derive(Clone, Debug, PartialEq)]
struct Maps {
    np: Vec<u8>,
    h: Vec<f32>,
    v: Vec<f32>,
    dist: Vec<f32>,
    edge: Vec<f32>,
    class: Vec<u8>,
}

fn sample(size: Size, annotation: Annotation) -> Sample {
    Sample {
        set: "set".into(),
        name: "name".into(),
        group: "group".into(),
        site: None,
        image: Arc::new(RgbImage::filled(size, [200; 3])),
        mpp: Mpp::new(0.5).unwrap(),
        annotation,
        tissue: None,
    }
}

fn outlined(size: Size, ids: &[u32]) -> Prepared {
    let classes = ids.iter().filter(|id| **id > 1).map(|id| (*id, *id as u8)).collect();
    let instances = Instances { ids: ids.to_vec(), classes };
    Prepared::new(&sample(size, Annotation::Instances(instances)), &radii()).unwrap()
}

fn radii() -> DotRadii {
    DotRadii { class_um: 2.0, nucleus_um: 1.25, background_um: 8.0 }
}

fn maps_of(prepared: &Prepared, crop: &Crop) -> Maps {
    let length = crop.source.len();
    // Full of what no map holds: every value must be set.
    let mut maps = Maps {
        np: vec![77; length],
        h: vec![77.0; length],
        v: vec![77.0; length],
        dist: vec![77.0; length],
        edge: vec![77.0; length],
        class: vec![77; length],
    };
    let Maps { np, h, v, dist, edge, class } = &mut maps;
    fill(prepared, crop, &mut CropMaps { np, h, v, dist, edge, class });
    maps
}

/// The whole image as it is.
fn whole(prepared: &Prepared) -> Maps {
    let length = prepared.size().pixels() as u32;
    let crop = Crop {
        pixels: vec![],
        source: (0..length).collect(),
        axes: [[1.0, 0.0], [0.0, 1.0]],
        source_px: 1.0,
    };
    maps_of(prepared, &crop)
}

/// The definitions, pixel by pixel, over all pixels.
fn by_definition(size: Size, ids: &[u32]) -> Maps {
    let pixels: Vec<(f32, f32)> =
        (0..ids.len()).map(|at| ((at % size.width) as f32, (at / size.width) as f32)).collect();
    let own = |at: usize| (0..ids.len()).filter(move |&other| ids[other] == ids[at]);
    let to_edge = |at: usize| {
        let (x, y) = pixels[at];
        let beyond = [x + 1.0, y + 1.0, size.width as f32 - x, size.height as f32 - y];
        let others = (0..ids.len()).filter(|&other| ids[other] != ids[at]);
        let others = others.map(|other| {
            let (ox, oy) = pixels[other];
            ((ox - x).powi(2) + (oy - y).powi(2)).sqrt()
        });
        others.chain(beyond).fold(f32::INFINITY, f32::min)
    };
    let offset = |at: usize, axis: fn(&(f32, f32)) -> f32| {
        let count = own(at).count() as f32;
        let mean = own(at).map(|other| axis(&pixels[other])).sum::<f32>() / count;
        let offsets = own(at).map(|other| axis(&pixels[other]) - mean);
        let along = axis(&pixels[at]) - mean;
        let side = offsets.filter(|offset| offset * along > 0.0);
        let farthest = side.map(f32::abs).fold(0.0, f32::max);
        if along == 0.0 { 0.0 } else { along / farthest }
    };
    let in_nucleus = |value: &dyn Fn(usize) -> f32| {
        (0..ids.len()).map(|at| if ids[at] > 0 { value(at) } else { 0.0 }).collect()
    };

    Maps {
        np: ids.iter().map(|id| u8::from(*id > 0)).collect(),
        h: in_nucleus(&|at| offset(at, |pixel| pixel.0)),
        v: in_nucleus(&|at| offset(at, |pixel| pixel.1)),
        dist: in_nucleus(&|at| to_edge(at) / own(at).map(to_edge).fold(0.0, f32::max)),
        edge: in_nucleus(&to_edge),
        class: ids.iter().map(|id| if *id > 1 { *id as u8 } else { UNKNOWN }).collect(),
    }
}

/// Panics where maps differ by more than the 8 bits of a stored distance, or the rounding of hv.
fn assert_alike(got: &Maps, expected: &Maps) {
    assert_eq!(got.np, expected.np);
    assert_eq!(got.class, expected.class);
    let near = |a: &[f32], b: &[f32], tolerance: f32, name: &str| {
        for (at, (a, b)) in a.iter().zip(b).enumerate() {
            assert!((a - b).abs() <= tolerance, "{name} at {at}: {a}, not {b}");
        }
    };
    near(&got.h, &expected.h, 1e-5, "h");
    near(&got.v, &expected.v, 1e-5, "v");
    // Half a step of the deepest nucleus (at most 5 px here), and that over a depth of 1 px.
    near(&got.edge, &expected.edge, 0.011, "edge");
    near(&got.dist, &expected.dist, 0.022, "dist");
}

fn label_maps() -> impl Strategy<Value = Vec<u32>> {
    // Blocks of 3 × 3 px with noise: nuclei that touch, have holes and several parts.
    let blocks = prop::collection::vec(0_u32..4, 9);
    let noise = prop::collection::vec((0_usize..EDGE * EDGE, 0_u32..4), 0..12);
    (blocks, noise).prop_map(|(blocks, noise)| {
        let mut ids: Vec<u32> =
            (0..EDGE * EDGE).map(|at| blocks[at / EDGE / 3 * 3 + at % EDGE / 3]).collect();
        for (at, id) in noise {
            ids[at] = id;
        }
        ids
    })
}

proptest! {
    #[test]
    fn targets_are_what_their_definitions_say(ids in label_maps()) {
        let size = Size::new(EDGE, EDGE);

        assert_alike(&whole(&outlined(size, &ids)), &by_definition(size, &ids));
    }

    #[test]
    fn targets_of_turned_labels_are_turned_targets(
        ids in label_maps(),
        flipped: bool,
        quarters in 0_u8..4,
    ) {
        let size = Size::new(EDGE, EDGE);
        let turn = Turn { flipped, quarters };
        let turned: Vec<u32> = turn.origins(EDGE).map(|at| ids[at]).collect();
        let crop = Crop {
            pixels: vec![],
            source: turn.origins(EDGE).map(|at| at as u32).collect(),
            axes: turn.axes(),
            source_px: 1.0,
        };

        let turned_targets = maps_of(&outlined(size, &ids), &crop);

        assert_alike(&turned_targets, &whole(&outlined(size, &turned)));
    }

    #[test]
    fn the_nearest_dot_is_the_first_of_the_nearest(
        dots in prop::collection::vec((0_u8..20, 0_u8..20), 0..8),
        reach in 0.5_f64..9.0,
    ) {
        let dots: Vec<Dot> = dots
            .iter()
            .map(|&(x, y)| Dot { x: f64::from(x) / 2.0, y: f64::from(y) / 2.0, class: 0 })
            .collect();
        let size = Size::new(10, 9);

        let nearest = nearest_dots(size, &dots, reach);

        for (at, got) in nearest.iter().enumerate() {
            let (x, y) = ((at % 10) as f64 + 0.5, (at / 10) as f64 + 0.5);
            let squared = |dot: &Dot| (x - dot.x).powi(2) + (y - dot.y).powi(2);
            let within = dots.iter().enumerate().filter(|(_, dot)| squared(dot) <= reach * reach);
            let first = within.min_by(|a, b| squared(a.1).total_cmp(&squared(b.1)));
            match first {
                Some((dot, place)) => {
                    prop_assert_eq!(*got, Nearest { dot, squared: squared(place) });
                }
                None => prop_assert!(got.squared.is_infinite()),
            }
        }
    }
}

#[test]
fn a_zoomed_crop_measures_the_edge_in_its_own_pixels() {
    let ids = [vec![0; 9], vec![2; 9], vec![0; 9]].concat();
    let prepared = outlined(Size::new(9, 3), &ids);
    let crop = Crop {
        pixels: vec![],
        source: vec![13, OUTSIDE, 0],
        axes: [[1.0, 0.0], [0.0, 1.0]],
        source_px: 0.5,
    };

    let maps = maps_of(&prepared, &crop);

    assert!((maps.edge[0] - 2.0).abs() < 0.01, "{maps:?}");
    assert_eq!((maps.np, maps.class), (vec![1, IGNORE, 0], vec![2, UNKNOWN, UNKNOWN]));
}

#[test]
fn dots_teach_class_on_discs_and_nuclei_only_near_them() {
    // At 0.5 µm/px: nucleus within 2.5 px, class within 4 px, background beyond 16 px.
    let dots = vec![Dot { x: 20.5, y: 0.5, class: 1 }, Dot { x: 60.5, y: 0.5, class: UNKNOWN }];
    let prepared =
        Prepared::new(&sample(Size::new(90, 1), Annotation::Dots(dots)), &radii()).unwrap();

    let maps = whole(&prepared);

    assert!(!prepared.annotated);
    let expected_np = |x: usize| match x.abs_diff(20).min(x.abs_diff(60)) {
        0..=2 => 1,
        3..=16 => IGNORE,
        _ => 0,
    };
    for x in 0..90 {
        assert_eq!(maps.np[x], expected_np(x), "np at {x}");
        let class = if x.abs_diff(20) <= 4 { 1 } else { UNKNOWN };
        assert_eq!(maps.class[x], class, "class at {x}");
        assert_eq!((maps.h[x], maps.dist[x], maps.edge[x]), (0.0, 0.0, 0.0));
    }
}

#[test]
fn what_cannot_be_a_target_is_refused() {
    let size = Size::new(3, 3);
    let instances = Instances { ids: vec![0; 8], classes: BTreeMap::new() };
    let short = Prepared::new(&sample(size, Annotation::Instances(instances)), &radii());
    let empty = Prepared::new(&sample(Size::new(0, 0), Annotation::Dots(vec![])), &radii());
    let ids: Vec<u32> = (1..=65_100).collect();
    let instances = Instances { ids, classes: BTreeMap::new() };
    let many =
        Prepared::new(&sample(Size::new(65_100, 1), Annotation::Instances(instances)), &radii());
    let crossed = DotRadii { class_um: 1.0, nucleus_um: 2.0, background_um: 8.0 };
    let crossed = Prepared::new(&sample(size, Annotation::Dots(vec![])), &crossed);

    assert!(matches!(short, Err(TargetError::Size { expected: 9, actual: 8, .. })), "{short:?}");
    assert!(matches!(empty, Err(TargetError::Empty { .. })), "{empty:?}");
    assert!(matches!(many, Err(TargetError::TooMany { nuclei: 65_100, .. })), "{many:?}");
    assert!(matches!(crossed, Err(TargetError::Radii { .. })), "{crossed:?}");
}
