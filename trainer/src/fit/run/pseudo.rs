//! Outlines for the dots of a stage, drawn by the network of the stage before.
//!
//! That network runs as the runtime would serve it, so the outlines are those that its nuclei
//! would have in a report.

use std::sync::Arc;

use burn::tensor::Device;
use data::pseudo::{self, Predicted, PseudoRules};
use data::target::{DotRadii, Prepared};
use data::{Annotation, Sample};
use tracing::info;

use super::material::prepare;
use super::{Material, RunError};
use crate::evaluate::{Passes, find};
use crate::export::{Draft, Served, serve};
use crate::fit::weights::{self, Weights};
use crate::network::Network;
use crate::plan::Plan;

/// What dots say, and when they get outlines.
#[derive(Clone, Copy, Debug)]
pub(super) struct DotRules<'a> {
    pub(super) radii: &'a DotRadii,
    pub(super) outlines: &'a PseudoRules,
}

/// The training samples, those with dots outlined by the network with weights `before`.
pub(super) fn outlined(
    plan: &Plan,
    material: &Material,
    before: &Weights,
    rules: DotRules<'_>,
) -> Result<Vec<Arc<Prepared>>, RunError> {
    let device = Device::flex();
    let network = Network::init(&plan.network, &device);
    let network = weights::write(network, before).map_err(RunError::Fit)?;
    let draft = Draft::of(plan, &network, &device);
    let (served, _) = serve(&draft).map_err(|error| RunError::Serve(Box::new(error)))?;

    let (dotted, outlined): (Vec<&Sample>, Vec<&Sample>) =
        material.train().partition(|sample| matches!(sample.annotation, Annotation::Dots(_)));
    let mut prepared = prepare(outlined.into_iter(), rules.radii)?;
    let mut counts = (0, 0);
    for sample in dotted {
        let targets = outline(&served, sample, rules)?;
        counts = (counts.0 + targets.dots, counts.1 + targets.outlined);
        prepared.push(Arc::new(targets.prepared));
    }
    info!("{} of {} dots got an outline", counts.1, counts.0);
    Ok(prepared)
}

fn outline(
    served: &Served,
    sample: &Sample,
    rules: DotRules<'_>,
) -> Result<pseudo::PseudoTargets, RunError> {
    let found = find(served, &sample.image, sample.mpp, Passes::One).map_err(|source| {
        RunError::Outline { sample: sample.name.clone(), source: Box::new(source) }
    })?;
    let size = sample.image.size();
    let (ids, np) = (found.ids_at(size), found.np_at(size));
    let predicted = Predicted { ids: &ids, np: &np };
    pseudo::outline(sample, &predicted, rules.outlines, rules.radii).map_err(RunError::Target)
}
