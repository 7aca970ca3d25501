//! Batches from real samples: pure functions of plan, seed and number, true to the labels.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/plans.rs"]
mod plans;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use contract::Size;
use margay_data::Sample;
use margay_data::augment::Rotation;
use margay_data::batch::{Batch, Batches, Loader, LoaderOptions, NucleiBatches, Station};
use margay_data::target::Prepared;

const PATIENCE: Duration = Duration::from_mins(1);

fn samples() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    margay_data::source::load(&root, &plans::bundled_sources(), &plans::classes()).unwrap().samples
}

fn prepared() -> Vec<Arc<Prepared>> {
    let samples = samples();
    let prepare = |sample| Arc::new(Prepared::new(sample, &plans::radii()).unwrap());
    samples.iter().map(prepare).collect()
}

fn taken(batches: &Arc<NucleiBatches>, first: u64, workers: usize, count: usize) -> Vec<Batch> {
    let options = LoaderOptions { workers, prefetch: 3 };
    let mut loader = Loader::start(Arc::clone(batches), first, options).unwrap();
    (0..count).map(|_| loader.next(PATIENCE).unwrap()).collect()
}

#[test]
fn resuming_at_batch_n_equals_no_interruption() {
    let batches = Arc::new(NucleiBatches::new(prepared(), plans::batches(), 11).unwrap());

    let whole = taken(&batches, 0, 2, 6);
    let resumed = taken(&batches, 3, 3, 3);

    assert!(whole[3..] == resumed[..]);
    assert!(whole[2] != whole[3]);
}

#[test]
fn the_seed_decides() {
    let batch = |seed| {
        let batches = NucleiBatches::new(prepared(), plans::batches(), seed).unwrap();
        batches.batch(4, &Station::default()).unwrap()
    };

    assert!(batch(11) == batch(11));
    assert!(batch(11) != batch(12));
}

#[test]
fn maps_keep_their_ranges_and_say_nothing_where_nothing_is_known() {
    for rotation in [Rotation::Quarter, Rotation::Free] {
        let mut plan = plans::batches();
        plan.augmentation.rotation = rotation;
        let batches = NucleiBatches::new(prepared(), plan, 1).unwrap();

        for n in 0..8 {
            let batch = batches.batch(n, &Station::default()).unwrap();
            check(&batch);
        }
    }
}

fn check(batch: &Batch) {
    let length = batch.size.pixels();
    assert_eq!(batch.images.len(), 3 * batch.count * length);
    assert!(batch.images.iter().all(|value| value.is_finite()));
    for (at, (&np, &class)) in batch.np.iter().zip(&batch.class).enumerate() {
        let (crop, pixel) = (at / length, at % length);
        let [h, v] = [0, 1].map(|map| batch.hv[(2 * crop + map) * length + pixel]);
        assert!(matches!(np, 0 | 1 | 255) && (class == 255 || class < 3));
        assert!(h.abs() <= 1.0 && v.abs() <= 1.0);
        assert!((0.0..=1.0).contains(&batch.dist[at]));
        let outlined = np == 1 && batch.annotated[crop];
        // A nucleus has an edge everywhere; everything else has none anywhere.
        assert_eq!(batch.edge[at] > 0.0, outlined, "pixel {pixel} of crop {crop}");
        assert!(outlined || (h == 0.0 && v == 0.0 && batch.dist[at] == 0.0));
        assert!(np != 0 || class == 255);
    }
}

#[test]
fn sources_without_classes_train_none() {
    let mut plan = plans::batches();
    plan.shares = plans::shares(&[("tnbc", 1.0), ("brca", 0.0), ("puma", 0.0)]);
    let batches = NucleiBatches::new(prepared(), plan, 1).unwrap();

    let batch = batches.batch(0, &Station::default()).unwrap();

    assert!(batch.class.iter().all(|class| *class == 255));
    assert!(batch.np.contains(&1) && batch.annotated.iter().all(|annotated| *annotated));
}

#[test]
fn class_balance_shows_rare_classes_more_often() {
    let share_of_lymphocytes = |class_balance: f64| {
        let mut plan = plans::batches();
        plan.shares = plans::shares(&[("tnbc", 0.0), ("brca", 0.0), ("puma", 1.0)]);
        plan.class_balance = class_balance;
        plan.crop_px = 32;
        let batches = NucleiBatches::new(prepared(), plan, 1).unwrap();
        let known: Vec<u8> = (0..12)
            .flat_map(|n| batches.batch(n, &Station::default()).unwrap().class)
            .filter(|class| *class < 2)
            .collect();
        known.iter().map(|class| 1.0 - f64::from(*class)).sum::<f64>() / known.len() as f64
    };

    assert!(share_of_lymphocytes(1.0) > 1.3 * share_of_lymphocytes(0.0));
}

#[test]
fn shares_that_fit_no_source_are_refused_by_name() {
    let mut plan = plans::batches();
    plan.shares = plans::shares(&[("tnbc", 1.0), ("brca", -1.0), ("lung", 1.0)]);
    plan.class_balance = 2.0;

    let refused = NucleiBatches::new(prepared(), plan, 1).unwrap_err();

    assert_eq!(
        refused.0,
        [
            "class_balance is 2, not 0 to 1",
            "shares.brca is -1, not 0 or more",
            "shares.puma is missing",
            "shares.lung is above 0 and the source has no image to learn from",
        ]
    );
}

/// `goldens/targets.py` computes the maps of the bundled patch from their definitions.
#[test]
fn targets_are_those_of_an_independent_program() {
    let patch = samples().into_iter().find(|sample| sample.set == "puma").unwrap();
    let mut plan = plans::still();
    (plan.mpp, plan.crop_px) = (patch.mpp, patch.image.width());
    let prepared = Arc::new(Prepared::new(&patch, &plans::radii()).unwrap());
    let batches = NucleiBatches::new(vec![prepared], plan, 1).unwrap();

    let batch = batches.batch(0, &Station::default()).unwrap();

    let length = batch.size.pixels();
    let golden = grey_16(include_bytes!("goldens/targets.png"), Size::new(256, 4 * 256));
    let golden = |map: usize, at: usize| f32::from(golden[map * length + at]);
    let deepest = (0..length).map(|at| golden(2, at).sqrt()).fold(0.0, f32::max);
    for at in 0..length {
        for map in 0..2 {
            let expected = golden(map, at) / 30_000.0 - 1.0;
            let got = if batch.np[at] == 1 { batch.hv[map * length + at] } else { 0.0 };
            assert!((got - expected).abs() < 5e-5, "hv {map} at {at}: {got}, not {expected}");
        }
        // Distances are kept in 255 steps of the deepest nucleus.
        let (edge, expected) = (batch.edge[at], golden(2, at).sqrt());
        assert!((edge - expected).abs() <= 0.501 * deepest / 255.0, "{edge}, not {expected}");
        let (dist, expected) = (batch.dist[at], golden(3, at) / 60_000.0);
        assert!((dist - expected).abs() <= 0.04, "dist at {at}: {dist}, not {expected}");
        assert_eq!(batch.np[at] == 1, golden(2, at) > 0.0);
    }
}

fn grey_16(bytes: &[u8], size: Size) -> Vec<u16> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut values = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut values).unwrap();
    assert_eq!(values.len(), 2 * size.pixels());
    values.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}
