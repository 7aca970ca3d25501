//! The networks that look at an image together.

use contract::{Chain, Kind, ModelCard, Mpp};
use engine::Network;
use thiserror::Error;

/// A nuclei network, and a tissue network where there is one.
#[derive(Clone, Debug)]
pub struct Models {
    nuclei: Network,
    tissue: Option<Network>,
}

/// When a place is glass: its smoothed grey level on an overview is above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlassRule {
    /// Resolution of the overview.
    pub mpp: Mpp,
    /// Grey level, 0 to 255.
    pub grey_min: f32,
}

/// Why networks cannot be used together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelsError {
    /// A network of one kind stands where another is wanted.
    #[error(
        "{model} has kind {found:?} in its card, and a model of kind {wanted:?} is wanted; name another package"
    )]
    Kind {
        /// Name of the model.
        model: String,
        /// Kind by its card.
        found: Kind,
        /// Kind that is wanted.
        wanted: Kind,
    },
}

impl Models {
    /// Takes a nuclei network, and a tissue network or none.
    pub fn new(nuclei: Network, tissue: Option<Network>) -> Result<Self, ModelsError> {
        wanted(nuclei.card(), Kind::Nuclei)?;
        if let Some(tissue) = &tissue {
            wanted(tissue.card(), Kind::Tissue)?;
        }
        Ok(Self { nuclei, tissue })
    }

    /// The nuclei network.
    pub fn nuclei(&self) -> &Network {
        &self.nuclei
    }

    /// The tissue network.
    pub fn tissue(&self) -> Option<&Network> {
        self.tissue.as_ref()
    }

    /// The tissue network's rule for glass.
    pub fn glass_rule(&self) -> Option<GlassRule> {
        let card = self.tissue.as_ref()?.card();
        match &card.postprocessing {
            Chain::Windows(windows) => {
                Some(GlassRule { mpp: card.mpp, grey_min: windows.glass_grey_min })
            }
            Chain::Hover(_) | Chain::Distance(_) => None,
        }
    }
}

fn wanted(card: &ModelCard, wanted: Kind) -> Result<(), ModelsError> {
    if card.kind == wanted {
        return Ok(());
    }
    Err(ModelsError::Kind { model: card.name.clone(), found: card.kind, wanted })
}
