//! All numbers of a module by path: out of it, into it, and from one module into another.
//!
//! Running statistics of batch normalisation count as numbers here, since a network is nothing
//! without them. **Invariant:** what [`read`] gives, [`write`] puts back bit for bit.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use thiserror::Error;

/// Numbers of a module by path, for example `encoder.0.first.conv.weight`.
pub type Weights = BTreeMap<String, Array>;

/// One array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Why weights do not fit a module.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FitError {
    /// The module has an array that the weights lack.
    #[error("the weights lack {0}; they are of another network")]
    Missing(String),
    /// An array has another shape.
    #[error("{path} has the shape {found:?}, not {expected:?}; the weights are of another network")]
    Shape {
        /// Which array.
        path: String,
        /// Its shape among the weights.
        found: Vec<usize>,
        /// Its shape in the module.
        expected: Vec<usize>,
    },
}

/// All numbers of `module`.
pub fn read<M: Module>(module: &M) -> Weights {
    let mut reader = Reader { path: Path::default(), weights: Weights::new() };
    module.visit(&mut reader);
    reader.weights
}

/// `module` with the numbers of `weights`; further ones are left alone.
pub fn write<M: Module>(module: M, weights: &Weights) -> Result<M, FitError> {
    let mut writer = Writer { path: Path::default(), weights, fault: None };
    let module = module.map(&mut writer);
    match writer.fault {
        Some(fault) => Err(fault),
        None => Ok(module),
    }
}

/// Number of values that are trained.
pub fn parameters<M: Module>(module: &M) -> usize {
    module.num_params()
}

/// The path of the array that a traversal stands at.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<String>);

impl Path {
    pub(super) fn enter(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn name(&self) -> String {
        self.0.join(".")
    }
}

struct Reader {
    path: Path,
    weights: Weights,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.leave();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().inner();
        let array = Array {
            shape: tensor.dims().to_vec(),
            values: tensor.into_data().iter::<f32>().collect(),
        };
        self.weights.insert(self.path.name(), array);
    }
}

struct Writer<'a> {
    path: Path,
    weights: &'a Weights,
    fault: Option<FitError>,
}

impl Writer<'_> {
    fn array(&mut self, expected: &[usize]) -> Option<&Array> {
        let path = self.path.name();
        match self.weights.get(&path) {
            None => self.fault = Some(FitError::Missing(path)),
            Some(array) if array.shape == expected => return Some(array),
            Some(array) => {
                self.fault = Some(FitError::Shape {
                    path,
                    found: array.shape.clone(),
                    expected: expected.to_vec(),
                });
            }
        }
        None
    }
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.leave();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.val().dims();
        let Some(array) = self.array(&shape) else { return param };
        let data = TensorData::new(array.values.clone(), shape);
        param.map(|old| {
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}
