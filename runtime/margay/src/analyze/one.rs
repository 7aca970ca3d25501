//! One image: opened, analysed, scored, written.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use contract::{Digest, ImageSummary, MppSource, TilReport, exit};
use pipeline::{AnalyseError, Analysis, Progress, Stage, WindowError};
use slide::{Regions, Slide};

use super::{Failure, Run};
use crate::files::Files;
use crate::inputs::Input;
use crate::timings::ImageTimings;
use crate::{digest, reporting, watchdog};

/// Windows that a worker gives to the network at once: more does not pay on a CPU, where a window
/// fills a core.
const BATCH: NonZeroUsize = NonZeroUsize::MIN;

/// What became of an image.
pub(crate) struct Done {
    pub(crate) report: TilReport,
    pub(crate) folder: PathBuf,
    pub(crate) timings: ImageTimings,
}

impl Run {
    /// Analyses one image into its result folder.
    pub(super) fn one(&self, input: &Input) -> Result<Done, Failure> {
        let mut watch = Stopwatch::start();
        let mut stages = BTreeMap::new();
        let image = Slide::open(&input.path, self.mpp)
            .map_err(|error| Failure { error: error.into(), code: exit::INPUT_REFUSED })?;
        let digest = digest::of_file(&input.path).map_err(Failure::with(exit::INPUT_REFUSED))?;
        stages.insert("open", watch.lap());
        // What is said of opening names the file already.
        self.opened(input, (&image, digest), (watch, stages)).map_err(|failure| {
            let error = failure.error.context(input.path.display().to_string());
            Failure { error, code: failure.code }
        })
    }

    fn opened(
        &self,
        input: &Input,
        (image, digest): (&Slide, Digest),
        (mut watch, mut stages): (Stopwatch, BTreeMap<&'static str, f64>),
    ) -> Result<Done, Failure> {
        let folder = self.out.join(&input.folder);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))
            .map_err(Failure::with(exit::INTERNAL))?;
        let mut files = Files::create((&self.choice, &self.models), &folder, image, digest)
            .map_err(Failure::with(exit::INTERNAL))?;
        let analysis = self.analyse(input, image, &mut files, &mut stages)?;
        watch.lap();

        let warnings = resolution_warning(image).into_iter().collect();
        let summary = summary(input, (image, digest));
        let report = reporting::report((&self.models, self.seed), summary, &analysis, warnings)
            .map_err(Failure::with(exit::INTERNAL))?;
        stages.insert("score", watch.lap());
        files.finish(&analysis, &report).map_err(Failure::with(exit::INTERNAL))?;
        stages.insert("write", watch.lap());

        let timings = ImageTimings {
            name: report.image.name.clone(),
            area_mm2: image.mpp().area_mm2(report.image.width_px * report.image.height_px),
            wall_s: watch.total(),
            stages,
        };
        Ok(Done { report, folder, timings })
    }

    fn analyse(
        &self,
        input: &Input,
        image: &Slide,
        files: &mut Files<'_>,
        stages: &mut BTreeMap<&'static str, f64>,
    ) -> Result<Analysis, Failure> {
        let watch = Stopwatch::start();
        let tick = move || u64::try_from(watch.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let progress = Progress::new(self.threads, tick);
        let options = pipeline::Options { batch: BATCH, glass: self.glass, progress: &progress };
        let found = watchdog::watch(&input.folder, &progress, || {
            pipeline::analyse(image, &self.models, &options, files)
        });
        for (stage, ticks) in progress.stage_ticks() {
            if stage != Stage::Idle {
                stages.insert(stage.name(), ticks as f64 * 1e-9);
            }
        }
        found.map_err(|error| {
            let code = exit_code(&error);
            Failure { error: error.into(), code }
        })
    }
}

/// What this image is.
fn summary(input: &Input, (image, digest): (&Slide, Digest)) -> ImageSummary {
    ImageSummary {
        name: input.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        digest,
        width_px: image.size().width as u64,
        height_px: image.size().height as u64,
        mpp: image.mpp(),
        mpp_source: image.mpp_source(),
    }
}

/// Says where the operator and the file disagree.
fn resolution_warning(image: &Slide) -> Option<String> {
    let own = image.file_mpp().filter(|_| image.mpp_source() == MppSource::Operator)?;
    (own != image.mpp()).then(|| {
        format!(
            "the file states {} µm/px and the operator {}; the operator's was taken",
            own.um_per_px(),
            image.mpp().um_per_px()
        )
    })
}

/// An image that cannot be read is refused; the rest is our fault.
fn exit_code(error: &AnalyseError) -> u8 {
    match error {
        AnalyseError::Window { source, .. } => match **source {
            WindowError::Read { .. } => exit::INPUT_REFUSED,
            WindowError::Network { .. } | WindowError::Panicked { .. } => exit::INTERNAL,
        },
        AnalyseError::Empty(_) | AnalyseError::TooLarge { .. } | AnalyseError::TooManyNuclei => {
            exit::INPUT_REFUSED
        }
        AnalyseError::Sink { .. } | AnalyseError::NoGlassRule | AnalyseError::Stopped => {
            exit::INTERNAL
        }
    }
}

/// Seconds between laps.
#[derive(Clone, Copy)]
struct Stopwatch {
    start: Instant,
    last: Duration,
}

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a program's shell reads the clock")]
    fn start() -> Self {
        Self { start: Instant::now(), last: Duration::ZERO }
    }

    fn lap(&mut self) -> f64 {
        let now = self.start.elapsed();
        let lap = now.saturating_sub(self.last);
        self.last = now;
        lap.as_secs_f64()
    }

    fn total(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}
