//! The exponential moving average of a network's numbers (Polyak averaging as in Tarvainen and
//! Valpola 2017), running statistics included. It is what is evaluated and exported.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::weights::Path;

/// The share of the average that step `step` (from 1) leaves: a short memory at first, so that the
/// random start is soon forgotten, `decay` in the long run.
pub fn decay_at(step: u64, decay: f64) -> f64 {
    let step = step as f64;
    decay.min((1.0 + step) / (10.0 + step))
}

/// `average` moved towards `network`: `decay` of the old, the rest of the new.
pub fn follow<M: Module>(average: M, network: &M, decay: f64) -> M {
    let mut collect = Collect { path: Path::default(), of: BTreeMap::new() };
    network.valid().visit(&mut collect);
    average.map(&mut Blend { path: Path::default(), newer: collect.of, decay })
}

struct Collect {
    path: Path,
    of: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.leave();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().inner();
        let count = tensor.dims().iter().product::<usize>();
        self.of.insert(self.path.name(), tensor.reshape([count]));
    }
}

struct Blend {
    path: Path,
    newer: BTreeMap<String, Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.leave();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let newer = self.newer.remove(&self.path.name()).expect("both are the same network");
        let decay = self.decay;
        param.map(|old| {
            let newer = newer.reshape(old.dims());
            old.mul_scalar(decay) + newer.mul_scalar(1.0 - decay)
        })
    }
}
