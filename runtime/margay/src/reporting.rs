//! From an analysis to its report: scores, quality, and what a reader must know.

use anyhow::{Context, Result};
use contract::{FORMAT, ImageSummary, ModelUse, Quality, Size, TilReport};
use engine::Network;
use pipeline::score::{self, Parameters, Scores};
use pipeline::{Analysis, Models};

/// A re-blur ratio below this is out of focus: a quarter of what a sharp scan has (proposed, not
/// validated; sharp tiles of one 40x scanner had 10.7 to 17.5).
pub(crate) const FOCUS_LOW: f64 = 3.0;

/// Scores `analysis` of `image` and reports it. `warnings` are those that only the caller knows;
/// they stand first.
pub(crate) fn report(
    (models, seed): (&Models, u64),
    image: ImageSummary,
    analysis: &Analysis,
    mut warnings: Vec<String>,
) -> Result<TilReport> {
    let scores = scores((models, seed), &image, analysis)?;
    warnings.extend(warnings_of(models, analysis));
    let networks = [Some(models.nuclei()), models.tissue()];
    Ok(TilReport {
        format: FORMAT,
        margay: env!("CARGO_PKG_VERSION").into(),
        research_use_only: true,
        image,
        models: networks.into_iter().flatten().map(model_use).collect(),
        quality: Quality {
            glass_fraction: analysis.glass_fraction,
            focus: analysis.focus,
            stain_mean_od: analysis.stain_mean_od,
        },
        evaluated_area_mm2: analysis.evaluated_area_mm2,
        nuclei: scores.nuclei,
        tissue: scores.tissue,
        tils: scores.tils,
        hot_spots: scores.hot_spots,
        density: scores.density,
        seed,
        warnings,
    })
}

/// A model as a report names it.
pub(crate) fn model_use(network: &Network) -> ModelUse {
    let card = network.card();
    ModelUse {
        kind: card.kind,
        name: card.name.clone(),
        version: card.version.clone(),
        card: network.card_digest(),
        mpp: card.mpp,
    }
}

fn scores(
    (models, seed): (&Models, u64),
    image: &ImageSummary,
    analysis: &Analysis,
) -> Result<Scores> {
    let tissue = analysis.tissue.as_ref().zip(models.tissue());
    let input = score::Input {
        nuclei: &analysis.nuclei,
        classes: &models.nuclei().card().classes,
        tissue: tissue
            .map(|(map, network)| score::Tissue { map, classes: &network.card().classes }),
        image: Size::new(image.width_px as usize, image.height_px as usize),
        mpp: image.mpp,
        evaluated_area_mm2: analysis.evaluated_area_mm2,
        evaluated_cells_mm2: &analysis.evaluated_cells_mm2,
    };
    score::score(&input, &Parameters::published(seed)).context("the image cannot be scored")
}

fn warnings_of(models: &Models, analysis: &Analysis) -> Vec<String> {
    let mut warnings = Vec::new();
    if analysis.nuclei.is_empty() {
        warnings.push(if analysis.windows_run == 0 {
            "the image is all glass: no nucleus was looked for".into()
        } else {
            "no nucleus was found; check that the image is H&E and its resolution right".into()
        });
    }
    if let Some(focus) = analysis.focus.filter(|focus| *focus < FOCUS_LOW) {
        warnings.push(format!("the image looks out of focus: re-blur ratio {focus:.1}"));
    }
    if models.tissue().is_none() {
        warnings.push("there is no tissue model: figures that need tissue have no value".into());
    }
    warnings
}
