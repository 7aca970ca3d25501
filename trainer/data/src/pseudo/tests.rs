use std::sync::Arc;

use contract::{Mpp, RgbImage};

use super::*;
use crate::augment::Crop;
use crate::target::{CropMaps, fill};

const SIZE: Size = Size::new(40, 12);

fn sample(dots: Vec<Dot>) -> Sample {
    Sample {
        set: "brca".into(),
        name: "name".into(),
        group: "group".into(),
        site: None,
        image: Arc::new(RgbImage::filled(SIZE, [200; 3])),
        mpp: Mpp::new(0.5).unwrap(),
        annotation: Annotation::Dots(dots),
        tissue: None,
    }
}

fn rules() -> PseudoRules {
    // At 0.5 µm/px: 4 to 60 px, and 3 px around a dot.
    PseudoRules {
        area_min_um2: 1.0,
        area_max_um2: 15.0,
        background_np_max: 0.3,
        background_distance_um: 1.5,
    }
}

fn radii() -> DotRadii {
    DotRadii { class_um: 1.0, nucleus_um: 0.5, background_um: 8.0 }
}

/// Rectangles of instances: columns, rows, number.
fn instances(rectangles: &[(std::ops::Range<usize>, std::ops::Range<usize>, u32)]) -> Vec<u32> {
    let mut ids = vec![0; SIZE.pixels()];
    for (columns, rows, id) in rectangles {
        for y in rows.clone() {
            columns.clone().for_each(|x| ids[y * SIZE.width + x] = *id);
        }
    }
    ids
}

/// `np`, `class` and `dist` of the whole image.
fn maps(targets: &PseudoTargets) -> (Vec<u8>, Vec<u8>, Vec<f32>) {
    let length = SIZE.pixels();
    let crop = Crop {
        pixels: vec![],
        source: (0..length as u32).collect(),
        axes: [[1.0, 0.0], [0.0, 1.0]],
        source_px: 1.0,
    };
    let (mut np, mut class, mut dist) = (vec![9; length], vec![9; length], vec![9.0; length]);
    let (mut h, mut v, mut edge) = (dist.clone(), dist.clone(), dist.clone());
    let mut out = CropMaps {
        np: &mut np,
        h: &mut h,
        v: &mut v,
        dist: &mut dist,
        edge: &mut edge,
        class: &mut class,
    };
    fill(&targets.prepared, &crop, &mut out);
    (np, class, dist)
}

fn at(x: usize, y: usize) -> usize {
    y * SIZE.width + x
}

#[test]
fn an_instance_with_a_dot_takes_its_class_wholly() {
    let ids = instances(&[(2..8, 2..8, 5)]);
    let dots = vec![Dot { x: 3.5, y: 3.5, class: 2 }];

    let targets =
        outline(&sample(dots), &Predicted { ids: &ids, np: &[0.0; 480] }, &rules(), &radii());

    let targets = targets.unwrap();
    let (np, class, dist) = maps(&targets);
    assert!(targets.prepared.annotated);
    assert_eq!((targets.dots, targets.outlined), (1, 1));
    for (x, y) in [(2, 2), (7, 7), (4, 5)] {
        assert_eq!((np[at(x, y)], class[at(x, y)]), (1, 2), "{x} {y}");
    }
    assert!(dist[at(4, 5)] > 0.999);
    assert_eq!(np[at(20, 5)], 0);
}

#[test]
fn two_dots_divide_their_instance_by_nearness() {
    let ids = instances(&[(2..12, 2..7, 5)]);
    let dots = vec![Dot { x: 3.5, y: 4.5, class: 0 }, Dot { x: 10.5, y: 4.5, class: 1 }];

    let targets =
        outline(&sample(dots), &Predicted { ids: &ids, np: &[0.9; 480] }, &rules(), &radii());

    let targets = targets.unwrap();
    let (_, class, dist) = maps(&targets);
    assert_eq!(targets.outlined, 2);
    assert_eq!((class[at(6, 3)], class[at(7, 3)]), (0, 1));
    // Each has its own edge between them.
    assert!(dist[at(6, 4)] < 0.5 && dist[at(7, 4)] < 0.5);
}

#[test]
fn what_nobody_marked_is_unknown() {
    // An instance without a dot; one that is too small and one that is too large for theirs.
    let ids = instances(&[(2..8, 1..7, 1), (15..16, 2..4, 2), (24..38, 1..9, 3)]);
    let dots = vec![Dot { x: 15.5, y: 2.5, class: 1 }, Dot { x: 30.5, y: 5.5, class: 2 }];
    let mut np = vec![0.1; SIZE.pixels()];
    np[at(10, 10)] = 0.5;
    np[at(11, 10)] = f32::NAN;

    let targets =
        outline(&sample(dots), &Predicted { ids: &ids, np: &np }, &rules(), &radii()).unwrap();

    let (np, class, _) = maps(&targets);
    assert_eq!((targets.dots, targets.outlined), (2, 0));
    for (x, y) in [(4, 4), (15, 2), (25, 2), (10, 10), (11, 10), (17, 4)] {
        assert_eq!(np[at(x, y)], IGNORE, "{x} {y}");
    }
    assert_eq!((np[at(20, 10)], np[at(0, 0)], np[at(15, 5)]), (0, 0, 0));
    // The dots keep their discs of 2 px.
    assert_eq!((class[at(15, 4)], class[at(30, 5)], class[at(25, 2)]), (1, 2, UNKNOWN));
}

#[test]
fn maps_of_another_size_and_outlined_samples_are_refused() {
    let short =
        outline(&sample(vec![]), &Predicted { ids: &[0; 3], np: &[0.0; 480] }, &rules(), &radii());
    let mut outlined = sample(vec![]);
    outlined.annotation = Annotation::Instances(Instances {
        ids: vec![0; SIZE.pixels()],
        classes: std::collections::BTreeMap::new(),
    });
    let twice =
        outline(&outlined, &Predicted { ids: &[0; 480], np: &[0.0; 480] }, &rules(), &radii());

    assert!(matches!(short, Err(TargetError::Size { actual: 3, .. })), "{short:?}");
    assert!(matches!(twice, Err(TargetError::Outlined { .. })), "{twice:?}");
}

#[test]
fn dots_beyond_the_image_get_no_outline() {
    let dots = vec![Dot { x: -4.0, y: f64::NAN, class: 1 }, Dot { x: 1e12, y: 3.0, class: 1 }];

    let targets =
        outline(&sample(dots), &Predicted { ids: &[1; 480], np: &[0.9; 480] }, &rules(), &radii());

    assert_eq!(targets.unwrap().outlined, 0);
}
