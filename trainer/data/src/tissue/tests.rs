use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};

use super::*;
use crate::augment::{Augmentation, Colour, Rotation};
use crate::batch::{Batches, Station};
use crate::sample::UNKNOWN;
use crate::{Annotation, Dot, Sample};

fn rules() -> TissueRules {
    TissueRules {
        mpp: Mpp::new(2.0).unwrap(),
        sigma_um: 10.0,
        tumour_class: 1,
        tumour_part_min: 0.6,
        stroma_part_max: 0.4,
        density_min_per_mm2: 375.0,
        glass_grey_min: 225.0,
        glass_density_max_per_mm2: 750.0,
        glass_sigma_um: 4.0,
    }
}

/// 400 × 200 px of 0.5 µm: tumour on the left, lymphocytes in the middle, glass on the right.
fn sample() -> Sample {
    let size = Size::new(400, 200);
    let mut image = RgbImage::filled(size, [180, 120, 170]);
    for y in 0..200 {
        image.pixels_mut()[3 * (y * 400 + 280)..3 * (y * 400 + 400)].fill(245);
    }
    let grid = |columns: std::ops::Range<usize>, class: u8| {
        columns.step_by(20).flat_map(move |x| {
            (5_u8..200).step_by(20).map(move |y| Dot { x: x as f64, y: f64::from(y), class })
        })
    };
    let dots = grid(5..125, 1).chain(grid(145..240, 0)).collect();
    Sample {
        set: "brca".into(),
        name: "name".into(),
        group: "group".into(),
        site: None,
        image: Arc::new(image),
        mpp: Mpp::new(0.5).unwrap(),
        annotation: Annotation::Dots(dots),
        tissue: None,
    }
}

#[test]
fn dense_nuclei_say_what_the_tissue_is_and_brightness_what_is_glass() {
    let sample = sample();

    let tissue = label(&sample, &sample.nuclei(), &rules());

    assert_eq!(tissue.image.size(), Size::new(100, 50));
    assert_eq!(tissue.labels.len(), 5_000);
    let row = &tissue.labels[25 * 100..26 * 100];
    assert_eq!([row[0], row[12], row[25]], [TUMOUR; 3]);
    assert_eq!([row[40], row[55]], [STROMA; 2]);
    assert_eq!([row[75], row[99]], [GLASS; 2]);
    // Between tumour and stroma neither has six tenths.
    assert!(row[25..40].contains(&UNKNOWN), "{row:?}");
}

#[test]
fn without_nuclei_tissue_is_unknown() {
    let sample = sample();

    let tissue = label(&sample, &[], &rules());

    assert_eq!((tissue.labels[0], tissue.labels[99]), (UNKNOWN, GLASS));
}

#[test]
fn nuclei_of_an_unknown_class_and_beyond_the_image_do_no_harm() {
    let sample = sample();
    let odd = [
        Dot { x: 3.0, y: 3.0, class: UNKNOWN },
        Dot { x: -1e9, y: f64::NAN, class: 1 },
        Dot { x: 1e9, y: 1e9, class: 1 },
    ];

    assert_eq!(label(&sample, &odd, &rules()).labels.len(), 5_000);
}

#[test]
fn published_tissue_is_taken_by_name() {
    let mut sample = sample();
    let classes = BTreeMap::from([("tissue_tumor".to_owned(), 0), ("tissue_stroma".to_owned(), 1)]);
    let mpp = rules().mpp;
    assert_eq!(annotated(&sample, mpp, &classes), None);
    // Stroma, then vessels, then tumour, then nothing.
    sample.tissue = Some((0..80_000).map(|at| [0, 1, 2, UNKNOWN][at % 400 / 100]).collect());

    let tissue = annotated(&sample, mpp, &classes).unwrap();

    let row = &tissue.labels[..100];
    assert_eq!([row[0], row[30], row[60], row[90]], [1, UNKNOWN, 0, UNKNOWN]);
}

#[test]
fn a_batch_of_tissue_is_the_same_whenever_it_is_made() {
    let sample = sample();
    let tissue = Arc::new(label(&sample, &sample.nuclei(), &rules()));
    let batches = TissueBatches::new(vec![tissue], plan(32), 3).unwrap();

    let (first, again) =
        (batches.batch(5, &Station::default()), batches.batch(5, &Station::default()));

    let first = first.unwrap();
    assert_eq!(Ok(&first), again.as_ref());
    assert_ne!(first, batches.batch(6, &Station::default()).unwrap());
    assert_eq!((first.images.len(), first.labels.len()), (4 * 3 * 32 * 32, 4 * 32 * 32));
    assert!(first.labels.contains(&TUMOUR));
}

#[test]
fn a_plan_without_images_or_with_wrong_sizes_is_refused() {
    assert!(TissueBatches::new(vec![], plan(32), 3).is_err());
    let sample = sample();
    let mut tissue = label(&sample, &sample.nuclei(), &rules());
    tissue.labels.pop();

    let refused = TissueBatches::new(vec![Arc::new(tissue)], plan(0), 3).unwrap_err();

    assert_eq!(refused.0, ["crop_px is 0, not 1 to 4096", "name has 5000 pixels and 4999 labels"]);
}

fn plan(crop_px: usize) -> TissueBatchPlan {
    TissueBatchPlan {
        count: 4,
        crop_px,
        mpp: rules().mpp,
        mean: [0.5; 3],
        std: [0.2; 3],
        augmentation: Augmentation {
            zoom: 1.2,
            flip: true,
            rotation: Rotation::Quarter,
            elastic: None,
            stain_transfer: None,
            colour: Colour { stain_scale: 0.1, stain_shift: 0.02, ..Colour::UNCHANGED },
            sharpen: None,
            blur: None,
            noise: None,
        },
    }
}
