//! Outlines for dots: a network's instances take the classes of the dots in them.

use contract::Mpp;
use serde::{Deserialize, Serialize};

use crate::Sample;
use crate::target::{DotRadii, Prepared, TargetError};

/// When a predicted instance is believed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudoRules {
    /// Smallest nucleus, µm².
    pub area_min_um2: f64,
    /// Largest nucleus, µm².
    pub area_max_um2: f64,
    /// Background is believed where `np` is below this, 0 to 1.
    pub background_np_max: f32,
    /// And no dot is nearer than this, µm.
    pub background_distance_um: f64,
}

/// What a network found in a sample.
#[derive(Clone, Copy, Debug)]
pub struct Predicted<'a> {
    /// Resolution of the maps; the sample's own.
    pub mpp: Mpp,
    /// Row-major, the sample's size: 0 background, otherwise the number of an instance.
    pub ids: &'a [u32],
    /// Row-major: probability of nucleus.
    pub np: &'a [f32],
}

/// Targets from dots and predictions.
#[derive(Clone, Debug)]
pub struct PseudoTargets {
    /// The sample, now annotated.
    pub prepared: Prepared,
    /// Dots in it.
    pub dots: usize,
    /// Dots that got an outline.
    pub outlined: usize,
}

/// Gives the dots of `sample` the outlines that a network found.
pub fn outline(
    sample: &Sample,
    predicted: &Predicted<'_>,
    rules: &PseudoRules,
    radii: &DotRadii,
) -> Result<PseudoTargets, TargetError> {
    let _ = (sample, predicted, rules, radii);
    unimplemented!("being written")
}
