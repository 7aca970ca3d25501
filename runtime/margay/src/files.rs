//! The files of one result: nuclei are written as they come, the rest at the end.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use contract::{Class, Digest, Nucleus, Point, RgbImage, Size, TilReport};
use kernels::resample::Resampler;
use pipeline::score::NucleusPoint;
use pipeline::{Analysis, Models, Sink, SinkError};
use report::geojson::NucleiGeoJson;
use report::heat::{self, HeatMap};
use report::labels::NucleiLabels;
use report::overlay::{LONGEST_SIDE_PX, Overlay};
use report::puma::{self, PumaNuclei};
use report::{geojson, json, labels, overlay};
use slide::Regions;

use clap::ValueEnum;

/// An image of up to this many pixels is drawn from its own pixels with every outline: 48 MiB and
/// some 30,000 nuclei in memory. A larger one is drawn from the overview, with a mark a nucleus:
/// at that scale an outline is about a pixel.
const OUTLINED_PIXELS_MAX: usize = 16 << 20;

/// The mask's folder in the challenge's output.
const PUMA_TISSUE: &str = "images/melanoma-tissue-mask-segmentation";

/// Files that are written unless they are left out, besides `report.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Usual {
    /// `nuclei.geojson` and `tissue.geojson`, as `QuPath` reads them
    Geojson,
    /// `nuclei-labels.tif` and `tissue-labels.tif`
    Labels,
    /// `overlay.png`
    Overlay,
    /// `til-density.png`, where the nuclei model has a class of TILs
    Density,
}

/// Files that are written where they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Further {
    /// The `GeoJSON` files packed: `nuclei.geojson.gz`, `tissue.geojson.gz`
    GeojsonGz,
    /// The two files of the PUMA challenge (Grand Challenge)
    Puma,
}

/// Which files a result has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) format: Vec<Further>,
    pub(crate) skip: Vec<Usual>,
}

impl Choice {
    fn writes(&self, usual: Usual) -> bool {
        !self.skip.contains(&usual)
    }

    fn adds(&self, further: Further) -> bool {
        self.format.contains(&further)
    }

    fn geojson_names(&self, what: &str) -> impl Iterator<Item = String> {
        let plain = self.writes(Usual::Geojson).then(|| format!("{what}.geojson"));
        let packed = self.adds(Further::GeojsonGz).then(|| format!("{what}.geojson.gz"));
        plain.into_iter().chain(packed)
    }
}

/// The files of one result.
pub(crate) struct Files<'a> {
    choice: &'a Choice,
    models: &'a Models,
    image: &'a dyn Regions,
    digest: Digest,
    folder: PathBuf,
    geojson: Vec<NucleiGeoJson>,
    labels: Option<NucleiLabels>,
    puma: Option<PumaNuclei>,
    outlines: Option<Vec<Nucleus>>,
}

impl<'a> Files<'a> {
    /// Begins the files of `image` in `folder`.
    pub(crate) fn create(
        (choice, models): (&'a Choice, &'a Models),
        folder: &Path,
        image: &'a dyn Regions,
        digest: Digest,
    ) -> Result<Self> {
        let card = models.nuclei().card();
        let classes = &card.classes;
        let geojson = choice
            .geojson_names("nuclei")
            .map(|name| NucleiGeoJson::create(&folder.join(name), digest, classes))
            .collect::<Result<_, _>>()?;
        let reach_um = f64::from(card.window.margin_px) * card.mpp.um_per_px();
        let reach_px = (reach_um / image.mpp().um_per_px()).ceil() as usize + 1;
        let labels = choice.writes(Usual::Labels).then(|| {
            let path = folder.join("nuclei-labels.tif");
            NucleiLabels::create(&path, image.size(), image.mpp(), reach_px)
        });
        let puma = choice.adds(Further::Puma).then(|| PumaNuclei::create(folder, classes));
        let outlined =
            choice.writes(Usual::Overlay) && image.size().pixels() <= OUTLINED_PIXELS_MAX;
        Ok(Self {
            choice,
            models,
            image,
            digest,
            folder: folder.to_owned(),
            geojson,
            labels: labels.transpose()?,
            puma: puma.transpose()?,
            outlines: outlined.then(Vec::new),
        })
    }

    /// Completes all files.
    pub(crate) fn finish(mut self, analysis: &Analysis, report: &TilReport) -> Result<()> {
        for file in self.geojson.drain(..) {
            file.finish()?;
        }
        if let Some(labels) = self.labels.take() {
            labels.finish()?;
        }
        if let Some(puma) = self.puma.take() {
            puma.finish()?;
        }
        self.tissue(analysis)?;
        self.pictures(analysis, report)?;
        // Last: who finds a report finds all the other files.
        json::write(&self.folder.join("report.json"), report)?;
        Ok(())
    }

    fn tissue(&self, analysis: &Analysis) -> Result<()> {
        let Some((map, classes)) = analysis.tissue.as_ref().zip(self.tissue_classes()) else {
            return Ok(());
        };
        let size = self.image.size();
        for name in self.choice.geojson_names("tissue") {
            geojson::write_tissue(&self.folder.join(name), (self.digest, size), map, classes)?;
        }
        if self.choice.writes(Usual::Labels) {
            labels::write_tissue(&self.folder.join("tissue-labels.tif"), map, classes)?;
        }
        if self.choice.adds(Further::Puma) {
            let masks = self.folder.join(PUMA_TISSUE);
            std::fs::create_dir_all(&masks)
                .with_context(|| format!("the folder {} cannot be made", masks.display()))?;
            puma::write_tissue(&masks.join("tissue.tif"), size, map, classes)?;
        }
        Ok(())
    }

    fn tissue_classes(&self) -> Option<&[Class]> {
        self.models.tissue().map(|network| network.card().classes.as_slice())
    }

    fn pictures(&self, analysis: &Analysis, report: &TilReport) -> Result<()> {
        let [overlay, density] =
            [Usual::Overlay, Usual::Density].map(|usual| self.choice.writes(usual));
        if !overlay && !density {
            return Ok(());
        }
        let picture = self.shown(analysis)?;
        if overlay {
            self.overlay(&picture, analysis, report)?;
        }
        if let Some(map) = HeatMap::of(&picture, report).filter(|_| density) {
            heat::write_png(&self.folder.join("til-density.png"), &map)?;
        }
        Ok(())
    }

    /// The image as it is drawn: a small one from its own pixels.
    fn shown(&self, analysis: &Analysis) -> Result<RgbImage> {
        let size = self.image.size();
        if size.pixels() > OUTLINED_PIXELS_MAX {
            return Ok(shrunk(&analysis.overview));
        }
        Ok(shrunk(&self.image.read(0, 0, size).context("the image cannot be drawn")?))
    }

    fn overlay(&self, picture: &RgbImage, analysis: &Analysis, report: &TilReport) -> Result<()> {
        let size = self.image.size();
        let classes = &self.models.nuclei().card().classes;
        let mut drawing = Overlay::new(picture, size, self.image.mpp(), classes)?;
        if let Some((map, classes)) = analysis.tissue.as_ref().zip(self.tissue_classes()) {
            drawing.tint(map, classes);
        }
        if let Some(outlines) = &self.outlines {
            outlines.iter().try_for_each(|nucleus| drawing.push(nucleus))?;
        } else {
            let um = self.image.mpp().um_per_px();
            for (id, point) in (1..).zip(&analysis.nuclei) {
                drawing.push(&mark(id, point, um))?;
            }
        }
        overlay::write_png(&self.folder.join("overlay.png"), &drawing.finish(report))?;
        Ok(())
    }
}

impl Sink for Files<'_> {
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError> {
        for file in &mut self.geojson {
            file.push(nucleus)?;
        }
        if let Some(labels) = &mut self.labels {
            labels.push(nucleus)?;
        }
        if let Some(puma) = &mut self.puma {
            puma.push(nucleus)?;
        }
        if let Some(outlines) = &mut self.outlines {
            outlines.push(nucleus.clone());
        }
        Ok(())
    }

    fn rows_done(&mut self, y: f32) -> Result<(), SinkError> {
        if let Some(labels) = &mut self.labels {
            labels.rows_done(y)?;
        }
        Ok(())
    }
}

/// `image` with a longest side of at most [`LONGEST_SIDE_PX`], by area average.
fn shrunk(image: &RgbImage) -> RgbImage {
    let longest = image.width().max(image.height());
    if longest <= LONGEST_SIDE_PX {
        return image.clone();
    }
    let grid = Resampler::by(longest as f64 / LONGEST_SIDE_PX as f64);
    let whole = grid.output_size(image.size());
    let size = Size::new(whole.width.min(LONGEST_SIDE_PX), whole.height.min(LONGEST_SIDE_PX));
    grid.window(image, (0, 0), (0, 0), size)
}

/// A nucleus as a square of its area, where its outline was not kept.
fn mark(id: u32, point: &NucleusPoint, um_per_px: f64) -> Nucleus {
    let half = (f64::from(point.area_um2).sqrt() / um_per_px / 2.0) as f32;
    let corner = |x: f32, y: f32| Point { x: point.x + x * half, y: point.y + y * half };
    Nucleus {
        id,
        class: usize::from(point.class),
        probability: f32::from(point.probability) / f32::from(u16::MAX),
        centroid: Point { x: point.x, y: point.y },
        area_um2: point.area_um2,
        polygon: vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)],
    }
}
