use std::sync::Mutex;

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Distribution};

use super::*;
use crate::device::Backend;
use crate::fit::weights;
use crate::network::{NetworkConfig, Trunk};

const KINDS: [MapKind; 3] = [MapKind::Np, MapKind::Hv, MapKind::Dist];

/// libtorch draws from one generator for all threads: a sample is drawn by one test at a time.
static GENERATOR: Mutex<()> = Mutex::new(());

struct Sample {
    network: Network,
    images: Tensor<4>,
    factors: [Tensor<4>; 2],
}

fn sample() -> Sample {
    let _alone = GENERATOR.lock().unwrap();
    let device: Device = Backend::Libtorch.device().unwrap();
    device.seed(7);
    let config = NetworkConfig {
        trunk: Trunk::Unet { widths: vec![4, 6, 8] },
        maps: KINDS.to_vec(),
        classes: 3,
        class_levels: vec![1, 2],
        class_dropout: 0.0,
    };
    let noise =
        |channels| Tensor::random([3, channels, 16, 24], Distribution::Normal(0.0, 1.0), &device);
    let network = Network::init(&config, &device.clone().autodiff());
    let _drawn = weights::read(&network);
    Sample { network, images: noise(3), factors: [noise(4), noise(3)] }
}

impl Sample {
    /// A loss that weighs every logit by a number of its own.
    fn loss(&self, maps: &Maps) -> Tensor<1> {
        let [surface, classes] = self.factors.clone().map(Tensor::from_inner);
        (maps.surface.clone().unwrap() * surface).sum()
            + (maps.classes.clone().unwrap() * classes).sum()
    }

    fn native(&self, precision: Precision) -> (Vec<f32>, Vec<f32>) {
        let recorded =
            Recorded::forward(&self.network, self.images.clone(), &KINDS, precision).unwrap();
        let logits = values(recorded.maps());
        let loss = self.loss(recorded.maps());
        let gradients = recorded.gradients(&loss);
        (logits, flat(&self.network, gradients))
    }

    fn composed(&self) -> (Vec<f32>, Vec<f32>) {
        let maps = self.network.forward(Tensor::from_inner(self.images.clone()), &KINDS);
        let gradients = GradientsParams::from_grads(self.loss(&maps).backward(), &self.network);
        (values(&maps), flat(&self.network, gradients))
    }

    fn statistics(&self) -> Vec<f32> {
        let all = weights::read(&self.network);
        all.iter()
            .filter(|(path, _)| path.contains("running"))
            .flat_map(|(_, a)| a.values.clone())
            .collect()
    }
}

fn values(maps: &Maps) -> Vec<f32> {
    let both = [maps.surface.clone().unwrap(), maps.classes.clone().unwrap()];
    both.into_iter().flat_map(|t| t.inner().into_data().iter::<f32>().collect::<Vec<_>>()).collect()
}

fn flat(network: &Network, gradients: GradientsParams) -> Vec<f32> {
    struct Collect(GradientsParams, Vec<f32>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.remove::<D>(param.id) {
                self.1.extend(gradient.into_data().iter::<f32>());
            }
        }
    }
    let mut collect = Collect(gradients, Vec::new());
    burn::module::Module::visit(network, &mut collect);
    collect.1
}

/// The greatest difference, over the greatest value.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let greatest = b.iter().fold(0.0, |m: f32, v| m.max(v.abs()));
    a.iter().zip(b).fold(0.0, |m: f32, (a, b)| m.max((a - b).abs())) / greatest
}

#[test]
fn in_single_precision_logits_gradients_and_statistics_are_those_of_burn() {
    let (native, composed) = (sample(), sample());
    let (logits, gradients) = native.native(Precision::F32);
    let (expected_logits, expected_gradients) = composed.composed();

    assert!(gradients.len() > 1000);
    assert!(difference(&logits, &expected_logits) < 1e-4);
    assert!(difference(&gradients, &expected_gradients) < 1e-4);
    assert!(difference(&native.statistics(), &composed.statistics()) < 1e-5);
}

#[test]
fn bfloat16_stays_near_single_precision_and_differs_from_it() {
    let (native, composed) = (sample(), sample());
    let off = difference(&native.native(Precision::Bf16).0, &composed.composed().0);

    assert!(off > 1e-5 && off < 0.1, "{off}");
}
