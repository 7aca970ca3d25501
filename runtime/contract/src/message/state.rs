//! Whether a box lives, and as what: the retained birth, and the Will.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Format;
use crate::ModelUse;

/// The state of a box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// 1.
    pub format: Format,
    /// Connection that it belongs to. A `lost` whose session is not that of the latest birth is
    /// the Will of an older connection and says nothing.
    pub session: String,
    /// The state.
    pub state: Lifecycle,
    /// Version of the program.
    pub version: String,
    /// The models that it serves.
    pub models: Vec<ModelUse>,
    /// What is wrong, for an operator; empty when all is well.
    pub faults: Vec<String>,
    /// Always true.
    pub research_use_only: bool,
}

/// The life of a box, in the words of the Homie convention 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// It starts: models are loaded and tried on their golden tiles.
    Init,
    /// It takes and processes tiles.
    Ready,
    /// It has said goodbye.
    Disconnected,
    /// It takes tiles and processes none: an operator has paused it.
    Sleeping,
    /// It is gone without a goodbye: the broker says so in its name.
    Lost,
}
