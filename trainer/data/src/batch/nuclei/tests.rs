use std::collections::BTreeMap;

use contract::{Mpp, RgbImage};

use super::*;
use crate::augment::{Augmentation, StainStatistics};
use crate::target::DotRadii;
use crate::{Annotation, Dot, Sample};

const AUGMENTATION: &str = r#"{ "zoom": 1.0, "flip": false, "rotation": "none",
    "stain_transfer": { "probability": 1.0, "strength_min": 1.0, "strength_max": 1.0,
        "target_probability": 0.0,
        "target": { "mean": [0.9, 0.0, -0.3], "sd": [0.4, 0.1, 0.1] } },
    "colour": {
        "stain_scale": 0.0, "stain_shift": 0.0, "intensity": 0.0, "stain_angle": 0.0,
        "saturation": 0.0, "hue": 0.0, "gain": 0.0, "brightness": 0.0, "contrast": 0.0 } }"#;

/// Pixels about one colour, with a dot.
fn sample(set: &str, site: Option<&str>, colour: [u8; 3]) -> Arc<Prepared> {
    let mut random = Random::of(&[u64::from(colour[0])]);
    let size = Size::new(96, 96);
    let pixels = (0..size.pixels())
        .flat_map(|_| colour.map(|value| (f64::from(value) + random.around(20.0)) as u8))
        .collect();
    let sample = Sample {
        set: set.into(),
        name: "name".into(),
        group: format!("{set}/name"),
        site: site.map(str::to_owned),
        image: RgbImage::new(size, pixels).unwrap().into(),
        mpp: Mpp::new(0.5).unwrap(),
        annotation: Annotation::Dots(vec![Dot { x: 40.0, y: 40.0, class: 0 }]),
        tissue: None,
    };
    let radii = DotRadii { class_um: 2.0, nucleus_um: 1.25, background_um: 8.0 };
    Arc::new(Prepared::new(&sample, &radii).unwrap())
}

/// Batches of `rose`, which can take the stains of `violet`, which is never cut.
fn batches(augmentation: Augmentation) -> NucleiBatches {
    let samples =
        vec![sample("rose", None, [200, 130, 160]), sample("violet", None, [120, 70, 150])];
    let plan = BatchPlan {
        count: 8,
        crop_px: 64,
        mpp: Mpp::new(0.5).unwrap(),
        mean: [0.0; 3],
        std: [1.0; 3],
        shares: BTreeMap::from([("rose".into(), 1.0), ("violet".into(), 0.0)]),
        class_balance: 0.0,
        augmentation,
    };
    NucleiBatches::new(samples, plan, 5).unwrap()
}

fn augmentation() -> Augmentation {
    serde_json::from_str(AUGMENTATION).unwrap()
}

/// Mean of each channel of each crop.
fn means(batch: &Batch) -> Vec<[f32; 3]> {
    let length = batch.size.pixels();
    let mean = |plane: &[f32]| plane.iter().sum::<f32>() / length as f32;
    let crops = batch.images.chunks_exact(3 * length);
    crops.map(|crop| [0, 1, 2].map(|c| mean(&crop[c * length..][..length]))).collect()
}

#[test]
fn crops_take_the_stains_of_both_groups() {
    let batches = batches(augmentation());
    let near = |mean: &[f32; 3], colour: [f32; 3]| {
        mean.iter().zip(colour).all(|(mean, value)| (255.0 * mean - value).abs() < 5.0)
    };

    let all: Vec<[f32; 3]> =
        (0..4).flat_map(|n| means(&batches.batch(n, &Station::default()).unwrap())).collect();

    let rose = all.iter().filter(|mean| near(mean, [200.0, 130.0, 160.0])).count();
    let violet = all.iter().filter(|mean| near(mean, [120.0, 70.0, 150.0])).count();
    assert_eq!(rose + violet, 32, "{all:?}");
    assert!((6..=26).contains(&violet), "{violet}");
}

#[test]
fn a_batch_with_moved_stains_is_the_same_whenever_it_is_made() {
    let (here, there) = (batches(augmentation()), batches(augmentation()));
    let station = Station::default();

    let in_order: Vec<Batch> = (0..3).map(|n| here.batch(n, &station).unwrap()).collect();

    for n in [2, 0, 1] {
        assert!(there.batch(n, &station).unwrap() == in_order[n as usize], "batch {n}");
    }
    assert!(in_order[0] != in_order[1]);
}

#[test]
fn without_moved_stains_a_crop_keeps_its_colours() {
    let still = batches(Augmentation { stain_transfer: None, ..augmentation() });

    let batch = still.batch(0, &Station::default()).unwrap();

    assert!(means(&batch).iter().all(|mean| (255.0 * mean[0] - 200.0).abs() < 2.0));
}

#[test]
fn sites_are_groups_of_their_own_across_sources() {
    let a = sample("brca", Some("A7"), [200, 130, 160]);
    let b = sample("brca_val", Some("A7"), [120, 70, 150]);

    assert_eq!((a.stain_group.as_str(), b.stain_group.as_str()), ("TCGA/A7", "TCGA/A7"));
    assert_eq!(sample("tnbc", None, [9; 3]).stain_group, "tnbc");
    assert_eq!(a.stain, StainStatistics::of(&a.image));
}
