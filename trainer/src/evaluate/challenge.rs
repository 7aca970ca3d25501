//! What the PUMA challenge would say of a network, on sources in PUMA's own layout.
//!
//! The challenge's centre of a nucleus is the mean of its outline's vertices, which no map of
//! instances holds. So the truth is the annotation's file, read anew, and the result has the
//! outlines that the runtime would write: [`Found`]'s nuclei, traced and cut into equal lengths.
//! Both have the classes of the track that the network's classes fit, as `margay analyze --format
//! puma` names them: a network of tumour, lymphocyte and stroma is judged in track 1, whatever
//! the plan calls the classes of the source.

use std::path::{Path, PathBuf};

use contract::{Class, Size};
use data::Sample;
use data::source::{self, SourceSpec};
use evaluation::puma::nuclei::FileScore;
use evaluation::puma::{Polygon, PumaFile, ReadPumaError, Track};
use kernels::contour::Tracer;
use thiserror::Error;

use super::Found;

/// Distance of an outline's vertices, pixels at the network's resolution: the runtime's
/// (`pipeline::outline`).
const VERTEX_SPACING_PX: f32 = 1.5;

/// Why the annotations of an image cannot be compared as the challenge compares them.
#[derive(Debug, Error)]
pub enum ChallengeError {
    /// The file cannot be read.
    #[error("the annotations {} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is none of PUMA's.
    #[error("the annotations {} are not PUMA's", path.display())]
    Layout {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: ReadPumaError,
    },
}

/// The sources of a run, and where they lie.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The data root.
    pub root: &'a Path,
    /// The plan's sources.
    pub sources: &'a [SourceSpec],
}

/// The names that the challenge has for a network's classes.
#[derive(Debug)]
pub(super) struct Names {
    track: Track,
    classes: Vec<&'static str>,
}

impl Names {
    /// The names of `classes`, in their order.
    pub(super) fn of(classes: &[Class]) -> Self {
        let written = report::puma::Track::of(classes);
        let track = match written {
            report::puma::Track::Three => Track::Three,
            report::puma::Track::Ten => Track::Ten,
        };
        Self { track, classes: classes.iter().map(|class| written.name(class)).collect() }
    }

    /// Compares what was `found` in `sample` with the file of its annotations; none where its
    /// source is not in PUMA's own layout.
    pub(super) fn score(
        &self,
        origin: Origin<'_>,
        sample: &Sample,
        found: &Found,
    ) -> Result<Option<FileScore>, ChallengeError> {
        let Some(truth) = origin.annotations(sample)? else { return Ok(None) };
        let predicted = self.outlines(found, sample.image.size());
        Ok(Some(FileScore::of(&self.track.of_file(truth), &predicted)))
    }

    /// The outlines of `found`, in pixels of an image of `size`.
    fn outlines(&self, found: &Found, size: Size) -> PumaFile {
        let place = |at: f32, edge: usize| (f64::from(at) * found.factor).min(edge as f64);
        let mut tracer = Tracer::default();
        let polygons = (1..).zip(&found.regions).filter_map(|(id, region)| {
            // A network without classes names no nucleus of the challenge's.
            let class = (*self.classes.get(region.class)?).to_owned();
            let outline = tracer.outline(&found.labels, id, region, VERTEX_SPACING_PX);
            let points = outline.iter().map(|p| [place(p.x, size.width), place(p.y, size.height)]);
            // The platform knows no score, so that all of them are 1.
            Some(Polygon { class, score: 1.0, points: points.collect() })
        });
        PumaFile { polygons: polygons.collect() }
    }
}

impl Origin<'_> {
    /// The annotations of `sample`, where they are in PUMA's own layout.
    fn annotations(&self, sample: &Sample) -> Result<Option<PumaFile>, ChallengeError> {
        let spec = self.sources.iter().find(|spec| spec.name == sample.set);
        let Some(path) = spec.and_then(|spec| source::puma_nuclei_path(spec, &sample.name)) else {
            return Ok(None);
        };
        let path = self.root.join(path);
        let bytes = std::fs::read(&path)
            .map_err(|source| ChallengeError::Read { path: path.clone(), source })?;
        let file = PumaFile::from_geojson(&bytes)
            .map_err(|source| ChallengeError::Layout { path, source })?;
        Ok(Some(file))
    }
}

#[cfg(test)]
mod tests {
    use contract::Role;
    use evaluation::puma::nuclei::Figures;
    use kernels::Labels;
    use kernels::measure::{ClassMaps, measure};

    use super::*;

    #[test]
    fn three_classes_are_judged_in_track_1_on_the_image_s_own_grid() {
        let class = |name: &str, role| Class { name: name.into(), role, colour: [0; 3] };
        let names = Names::of(&[class("lymphocyte", Role::Til), class("tumour", Role::Tumour)]);
        // Two pixels of a network that sees every other pixel of the image.
        let labels = Labels::renumbered(Size::new(4, 2), vec![0, 1, 1, 0, 0, 0, 0, 0]).unwrap();
        let regions = measure(&labels, ClassMaps::NONE);
        let found = Found { labels, np: Vec::new(), regions, dots: Vec::new(), factor: 2.0 };
        let plasma_cell = Polygon {
            class: "nuclei_plasma_cell".into(),
            score: 1.0,
            points: vec![[2.0, 0.0], [6.0, 0.0], [6.0, 2.0], [2.0, 2.0]],
        };
        let truth = PumaFile { polygons: vec![plasma_cell] };

        let predicted = names.outlines(&found, Size::new(8, 4));
        let score = FileScore::of(&names.track.of_file(truth), &predicted);

        assert!(predicted.polygons[0].points.iter().flatten().all(|at| (0.0..=6.0).contains(at)));
        let counts = score.classes["nuclei_lymphocyte"];
        assert!((Figures::of(counts).f1 - 1.0).abs() < f64::EPSILON, "{counts:?}");
    }
}
