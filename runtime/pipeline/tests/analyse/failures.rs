//! Whatever fails, the run ends and says what, where and on whom; nothing hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::{Mpp, Nucleus, RgbImage, Size};
use engine::{Batch, Engine, Maps, Network, RunError};
use pipeline::{
    AnalyseError, Models, ModelsError, Options, Place, Progress, Sink, SinkError, Stage,
    WindowError, analyse,
};
use slide::{ReadError, Regions, TileImage};

use crate::setting::{PLAIN, at_once, darkness, melanoma, models, pallor, run};

/// Reads an image, but for one place.
struct Holed(TileImage);

impl Regions for Holed {
    fn size(&self) -> Size {
        self.0.size()
    }

    fn mpp(&self) -> Mpp {
        self.0.mpp()
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        if (x..x + size.width).contains(&700) && (y..y + size.height).contains(&350) {
            return Err(ReadError::TooLarge { size });
        }
        self.0.read(x, y, size)
    }
}

#[test]
fn a_region_that_cannot_be_read_stops_the_run_with_its_name() {
    let failed = run(&Holed(melanoma()), &models(128), PLAIN).unwrap_err();

    let AnalyseError::Window { window, stage, source, .. } = &failed else { panic!("{failed}") };
    // 128 px windows step by 64 px of 0.5 µm: the last of six columns, the second of five rows.
    assert_eq!((*stage, *window), (Stage::Read, Place { column: 4, row: 1 }));
    assert!(matches!(**source, WindowError::Read { .. }), "{source}");
    assert!(failed.to_string().ends_with("failed on window (4, 1) at stage read"), "{failed}");
}

#[test]
fn the_window_that_is_named_does_not_depend_on_the_workers() {
    for workers in [1, 2, 5] {
        let plain = crate::setting::Run { workers, batch: 2 };

        let failed = run(&Holed(melanoma()), &models(128), plain).unwrap_err();

        assert!(failed.to_string().contains("window (4, 1) at stage read"), "{failed}");
    }
}

/// Works until it panics.
struct Panics {
    inner: Network,
    runs: AtomicUsize,
}

impl Engine for Panics {
    fn run(&self, input: Batch<'_>) -> Result<Maps, RunError> {
        // Two are the trial on loading.
        if self.runs.fetch_add(1, Ordering::SeqCst) > 6 {
            std::panic::resume_unwind(Box::new("out of luck"));
        }
        self.inner.run(input)
    }
}

#[test]
fn a_worker_that_panics_stops_the_run_with_its_stage() {
    let inner = darkness(128);
    let (card, digest) = (inner.card().clone(), inner.card_digest());
    let engine = Panics { inner, runs: AtomicUsize::new(0) };
    let network = Network::new(card, digest, Arc::new(engine)).unwrap();
    let models = Models::new(network, Some(pallor(64))).unwrap();

    let failed = run(&melanoma(), &models, PLAIN).unwrap_err();

    let AnalyseError::Window { stage, source, .. } = &failed else { panic!("{failed}") };
    assert_eq!(*stage, Stage::NucleiNetwork);
    assert!(source.to_string().contains("out of luck"), "{source}");
}

/// A full disk.
struct Full;

impl Sink for Full {
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError> {
        if nucleus.id == 20 { Err("no space left".into()) } else { Ok(()) }
    }

    fn rows_done(&mut self, _: f32) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_sink_that_takes_no_more_stops_the_run() {
    let progress = Progress::new(at_once(2), || 0);
    let options = Options { batch: at_once(1), glass: None, progress: &progress };

    let failed = analyse(&melanoma(), &models(128), &options, &mut Full).unwrap_err();

    assert!(matches!(failed, AnalyseError::Sink { id: 20, .. }), "{failed}");
}

#[test]
fn a_run_that_is_asked_to_stop_does() {
    let progress = Progress::new(at_once(2), || 0);
    let options = Options { batch: at_once(1), glass: None, progress: &progress };
    progress.stop();

    let stopped = analyse(&melanoma(), &models(128), &options, &mut Vec::new());

    assert!(matches!(stopped, Err(AnalyseError::Stopped)));
}

#[test]
fn without_a_tissue_model_or_a_rule_nothing_says_what_glass_is() {
    let nuclei_alone = Models::new(darkness(128), None).unwrap();

    let refused = run(&melanoma(), &nuclei_alone, PLAIN).unwrap_err();

    assert!(matches!(refused, AnalyseError::NoGlassRule), "{refused}");
}

#[test]
fn models_of_the_wrong_kind_are_refused() {
    assert!(matches!(Models::new(pallor(64), None), Err(ModelsError::Kind { .. })));
    let two = Models::new(darkness(128), Some(darkness(128)));
    assert!(matches!(two, Err(ModelsError::Kind { .. })));
}

#[test]
fn progress_says_how_much_is_done_and_where_time_went() {
    let ticks = AtomicUsize::new(0);
    let progress = Progress::new(at_once(2), move || ticks.fetch_add(1, Ordering::Relaxed) as u64);
    let options = Options { batch: at_once(2), glass: None, progress: &progress };

    let analysis = analyse(&melanoma(), &models(128), &options, &mut Vec::new()).unwrap();

    let end = progress.snapshot();
    assert_eq!(end.windows_done, end.windows_all);
    assert!(end.windows_all > analysis.windows_run + analysis.windows_skipped);
    assert!(end.workers.iter().all(|worker| worker.stage == Stage::Idle));
    for (stage, ticks) in progress.stage_ticks() {
        assert!(ticks > 0, "{}", stage.name());
    }
}
