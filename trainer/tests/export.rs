//! Promise: the exported file of any network says what the network says, and the engine runs it.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/edited.rs"]
mod edited;
#[path = "support/plan.rs"]
mod plan;

use burn::tensor::Device;
use margay_trainer::export::{Draft, Exported, TOLERANCE, export};
use margay_trainer::fit::weights;
use margay_trainer::network::Network;
use margay_trainer::plan::Plan;
use tempfile::TempDir;

use edited::edited;
use plan::{PLAN, data_root};

/// The network of `plan`, with normalisations as a training might have left them.
fn network(plan: &Plan, device: &Device) -> Network {
    let network = Network::init(&plan.network, device);
    let mut numbers = weights::read(&network);
    let mut state = 1u64;
    for (path, array) in &mut numbers {
        let middle = match path.rsplit('.').next().unwrap() {
            "gamma" | "running_var" => 1.0,
            "beta" | "running_mean" => 0.0,
            _ => continue,
        };
        for value in &mut array.values {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *value = middle + (state >> 40) as f32 / 16_777_216.0 - 0.5;
        }
    }
    weights::write(network, &numbers).unwrap()
}

fn exported(plan: &Plan) -> (Exported, TempDir) {
    let (device, folder) = (Device::flex(), TempDir::new().unwrap());
    let network = network(plan, &device);
    let draft = Draft::of(plan, &network, &device);
    (export(&draft, &data_root(), &folder.path().join("package")).unwrap(), folder)
}

#[test]
fn a_unet_and_an_efficientnet_are_served_as_they_are() {
    let efficientnet = edited(
        PLAN,
        "trunk = { kind = \"unet\", widths = [4, 6, 8] }",
        "trunk = { kind = \"efficientnet_lite0\", depthwise = \"trained\" }",
    )
    .replace("crop_px = 32", "crop_px = 64")
    .replace("multiple_px = 4", "multiple_px = 32");
    for plan in [PLAN, &efficientnet] {
        let plan = Plan::parse(plan).unwrap();

        let (exported, folder) = exported(&plan);

        // Some difference, or nothing was compared.
        assert!(exported.difference > 0.0 && exported.difference < TOLERANCE, "{exported:?}");
        let package = engine::package::load(&folder.path().join("package")).unwrap();
        assert_eq!(package.model_bytes().len(), exported.onnx_bytes);
        assert_eq!(package.card().window.multiple_px, plan.export.window.multiple_px);
    }
}
