//! From a trained network to a model package: the only thing that trainer and runtime share.
//!
//! ```text
//! weights ─▶ trace (ONNX) ─▶ fold ─▶ model.onnx ─▶ run by the runtime's engine ─▶ compared with
//! the network's own output ─▶ golden tiles counted ─▶ card.toml
//! ```
//!
//! **Invariant:** a package is written only after the engine that will serve it has loaded it and
//! agreed with the network to [`TOLERANCE`].

mod fold;
mod golden;
pub mod onnx;
mod package;
mod run;
mod served;
mod trace;

use std::path::{Path, PathBuf};

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Tensor};
use contract::{
    Chain, Class, Dataset, Figure, Input, Kind, LabelQuality, Mpp, Output, Outputs, Window,
};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use golden::{GoldenError, GoldenTile};
pub use package::{PackageError, write as write_package};
pub use run::{ExportRunError, LearntFrom, export_run, serve_run};
pub use served::{Served, ServedError};
pub use trace::TraceError;

use crate::fit::weights;
use crate::network::{MapKind, Network, NetworkConfig};
use crate::plan::Plan;
use trace::NamedOutput;

/// Greatest difference allowed between a value of the network and of the exported file: folding
/// and other orders of summation change the last bits of f32, and values lie between 0 and 1 or a
/// little outside.
pub const TOLERANCE: f32 = 1e-3;

/// Name of the input tensor.
pub const INPUT: &str = "image";

/// The part of a plan that says how its network is served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportPlan {
    /// Version for people.
    pub version: String,
    /// Release counter.
    pub release: u32,
    /// What the model is and for what it may be used.
    pub description: String,
    /// How good its labels are.
    pub labels: LabelQuality,
    /// The window that it is served in.
    pub window: Window,
    /// The maps that are served, besides the classes.
    pub maps: Vec<MapKind>,
    /// Tiles that a package is tried on.
    pub golden: Vec<GoldenTile>,
}

/// A network and everything that its card says.
#[derive(Debug)]
pub struct Draft<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// What it finds.
    pub kind: Kind,
    /// How it is served.
    pub export: &'a ExportPlan,
    /// Resolution.
    pub mpp: Mpp,
    /// Normalisation.
    pub input: Input,
    /// Classes.
    pub classes: &'a [Class],
    /// The chain after the network.
    pub chain: &'a Chain,
    /// What it learnt from.
    pub training_data: Vec<Dataset>,
    /// How good it is.
    pub evaluation: Vec<Figure>,
    /// What the network is made of.
    pub config: &'a NetworkConfig,
    /// The network, on a device that holds it now.
    pub network: &'a Network,
    /// Where it is.
    pub device: &'a Device,
}

impl<'a> Draft<'a> {
    /// What `plan` says of `network`; nothing is said yet of data and figures.
    pub fn of(plan: &'a Plan, network: &'a Network, device: &'a Device) -> Self {
        let crops = plan.crops();
        Self {
            name: &plan.name,
            kind: plan.kind(),
            export: &plan.export,
            mpp: crops.mpp,
            input: Input { tensor: INPUT.into(), mean: crops.mean, std: crops.std },
            classes: &plan.classes,
            chain: &plan.postprocessing,
            training_data: Vec::new(),
            evaluation: Vec::new(),
            config: &plan.network,
            network,
            device,
        }
    }
}

/// Why there is no package.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The plan serves a map that the network does not give, or one that no runtime reads.
    #[error("export.maps names {0:?}, which this network does not give or no runtime reads")]
    Map(MapKind),
    /// The network cannot be written as ONNX.
    #[error("the network cannot be written as ONNX")]
    Trace(#[source] TraceError),
    /// The exported file cannot be served.
    #[error("the exported network cannot be served")]
    Served(#[source] ServedError),
    /// A golden tile cannot be made.
    #[error("a golden tile cannot be made")]
    Golden(#[source] GoldenError),
    /// The exported file says something else than the network.
    #[error(
        "the exported network differs from the trained one by {difference} in {map}, more than {TOLERANCE}"
    )]
    Differs {
        /// Which output.
        map: String,
        /// By how much.
        difference: f32,
    },
    /// The package cannot be written.
    #[error("the package cannot be written")]
    Package(#[source] PackageError),
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The folder.
    pub folder: PathBuf,
    /// Bytes of `model.onnx`.
    pub onnx_bytes: usize,
    /// Greatest difference between network and file on the golden tiles.
    pub difference: f32,
}

/// The network of `draft` as the runtime would serve it, and its `model.onnx`.
pub fn serve(draft: &Draft<'_>) -> Result<(Served, Vec<u8>), ExportError> {
    let outputs = outputs(draft)?;
    let onnx = to_onnx(draft, &outputs)?;
    let card = package::card(draft, &outputs, &onnx);
    let served = Served::load(&onnx, card).map_err(ExportError::Served)?;
    Ok((served, onnx))
}

/// Writes the package of `draft` into the folder `out`; golden tiles are read below `data`.
pub fn export(draft: &Draft<'_>, data: &Path, out: &Path) -> Result<Exported, ExportError> {
    let (served, onnx) = serve(draft)?;
    let mut card = served.card().clone();
    let outputs = card.outputs.clone();

    let mut files = vec![("model.onnx".to_owned(), onnx)];
    let mut difference = 0.0f32;
    for tile in &draft.export.golden {
        let image = golden::read(tile, data, draft.mpp).map_err(ExportError::Golden)?;
        let input = served.input(&image);
        let found = served.run(&input, image.size()).map_err(ExportError::Served)?;
        difference = difference.max(compare(draft, &outputs, &input, &found)?);
        card.golden.push(contract::Golden {
            image: tile.file(),
            counts: served.counts(&image, &found),
            tolerance: tile.tolerance,
        });
        files.push((tile.file(), golden::png(&image).map_err(ExportError::Golden)?));
    }
    let onnx_bytes = files[0].1.len();
    write_package(card, &files, out).map_err(ExportError::Package)?;
    Ok(Exported { folder: out.to_owned(), onnx_bytes, difference })
}

/// The card's outputs.
fn outputs(draft: &Draft<'_>) -> Result<Outputs, ExportError> {
    let mut outputs = Outputs { np: None, hv: None, dist: None, tp: None };
    for &kind in &draft.export.maps {
        let output =
            |tensor: &str| Some(Output { tensor: tensor.into(), channels: kind.channels() as u32 });
        match kind {
            _ if !draft.config.maps.contains(&kind) => return Err(ExportError::Map(kind)),
            MapKind::Np => outputs.np = output("np"),
            MapKind::Hv => outputs.hv = output("hv"),
            MapKind::Dist => outputs.dist = output("dist"),
            MapKind::Edge => return Err(ExportError::Map(kind)),
        }
    }
    if !draft.classes.is_empty() {
        outputs.tp = Some(Output { tensor: "tp".into(), channels: draft.classes.len() as u32 });
    }
    Ok(outputs)
}

fn to_onnx(draft: &Draft<'_>, outputs: &Outputs) -> Result<Vec<u8>, ExportError> {
    let named: Vec<NamedOutput> = [&outputs.np, &outputs.hv, &outputs.dist, &outputs.tp]
        .into_iter()
        .flatten()
        .map(|o| NamedOutput { name: o.tensor.clone(), channels: o.channels as usize })
        .collect();
    // Any size that the window's multiple divides; the graph does not depend on it.
    let side = 2 * draft.export.window.multiple_px as usize;
    let sample = Tensor::zeros([1, 3, side, side], draft.device);
    let forward =
        |network: &Network, images: Tensor<4>| served_maps(draft, outputs, network, images);
    // Tracing moves a network's running statistics, which its clones share, to where it records.
    let copy =
        weights::write(Network::init(draft.config, draft.device), &weights::read(draft.network))
            .expect("a network of the same configuration has the same arrays");
    let mut graph =
        trace::trace(&copy, sample, INPUT, &named, forward).map_err(ExportError::Trace)?;
    fold::fold(&mut graph);
    let model = onnx::Model {
        ir_version: onnx::IR_VERSION,
        producer: "margay-trainer".into(),
        graph: Some(graph),
        opset: vec![onnx::OperatorSet { domain: String::new(), version: onnx::OPSET }],
    };
    Ok(model.encode_to_vec())
}

/// What is served: probabilities instead of logits.
fn served_maps(
    draft: &Draft<'_>,
    outputs: &Outputs,
    network: &Network,
    images: Tensor<4>,
) -> Vec<Tensor<4>> {
    let maps = network.forward(images, &draft.config.maps);
    let surface = |kind: MapKind, wanted: bool| wanted.then(|| maps.get(kind)).flatten();
    let np = surface(MapKind::Np, outputs.np.is_some()).map(sigmoid);
    let hv = surface(MapKind::Hv, outputs.hv.is_some());
    let dist = surface(MapKind::Dist, outputs.dist.is_some());
    let tp = maps.classes.clone().map(|logits| softmax(logits, 1));
    [np, hv, dist, tp].into_iter().flatten().collect()
}

/// The greatest difference between what the network says about `input` and what was `found`.
fn compare(
    draft: &Draft<'_>,
    outputs: &Outputs,
    input: &[f32],
    found: &engine::Maps,
) -> Result<f32, ExportError> {
    let shape = [1, 3, found.size.height, found.size.width];
    let data = burn::tensor::TensorData::new(input.to_vec(), shape);
    let images = Tensor::<4>::from_data(data, draft.device);
    let own = served_maps(draft, outputs, draft.network, images);
    let mut greatest = 0.0f32;
    let theirs = [("np", &found.np), ("hv", &found.hv), ("dist", &found.dist), ("tp", &found.tp)];
    let theirs = theirs.into_iter().filter_map(|(name, map)| Some((name, map.as_ref()?)));
    for ((name, theirs), own) in theirs.zip(own) {
        let own: Vec<f32> = own.into_data().iter::<f32>().collect();
        // A NaN on either side is a difference.
        let difference = own
            .iter()
            .zip(theirs)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0f32, |most, d| if d.is_nan() { f32::INFINITY } else { most.max(d) });
        if difference > TOLERANCE || own.len() != theirs.len() {
            return Err(ExportError::Differs { map: name.into(), difference });
        }
        greatest = greatest.max(difference);
    }
    Ok(greatest)
}
