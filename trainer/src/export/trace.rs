//! A network's forward pass as ONNX: burn records the operations that run, each becomes a node.
//!
//! Nothing of a trace depends on batch, height or width: sizes enter only through `Resize`, which
//! is written by its scale. An operation that would fix a size, or that no network here uses, is
//! refused by name.

use std::collections::{BTreeMap, HashMap};

use burn::backend::capture::{CaptureBackend, TensorId};
use burn::backend::ir::{
    ActivationOperationIr, BaseOperationIr, FloatOperationIr, GraphIr, InterpolateModeIr,
    InterpolateOpIr, ModuleOperationIr, NumericOperationIr, OperationIr, ScalarIr, SliceOpIr,
    TensorIr,
};
use burn::backend::{DType, TensorData};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use thiserror::Error;

use super::onnx::{self, Attribute, Graph, Node, ValueInfo};

/// Why a network cannot be written as ONNX.
#[derive(Debug, Error)]
pub enum TraceError {
    /// burn could not record the forward pass.
    #[error("the forward pass cannot be recorded: {0}")]
    Record(String),
    /// An operation has no counterpart here.
    #[error("the operation {0} has no counterpart in the exporter; add it to `trace.rs`")]
    Operation(String),
    /// A constant has a type that is not written.
    #[error("the constant {name} has the type {found:?}, not f32")]
    Constant {
        /// Its name.
        name: String,
        /// Its type.
        found: DType,
    },
}

/// An output: its name in the graph, and its channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedOutput {
    /// Name of the tensor.
    pub(super) name: String,
    /// Channels.
    pub(super) channels: usize,
}

/// Records `forward` of `module` and writes it as a graph with the input `[batch, 3, height,
/// width]`; `sample` is an input of any size that the network takes.
pub(super) fn trace<M: Module>(
    module: &M,
    sample: Tensor<4>,
    input: &str,
    outputs: &[NamedOutput],
    forward: impl Fn(&M, Tensor<4>) -> Vec<Tensor<4>>,
) -> Result<Graph, TraceError> {
    let [_, channels, _, _] = sample.dims();
    let recorded = record(module, sample, forward)?;
    let mut names = recorded.names;
    names.insert(recorded.graph.inputs[0], input.to_owned());
    // The sample that was sent through is no constant of the graph.
    let mut values = recorded.values;
    values.remove(&recorded.graph.inputs[0]);
    for (id, output) in recorded.graph.outputs.iter().zip(outputs) {
        names.insert(*id, output.name.clone());
    }

    let mut writer = Writer { graph: Graph::default(), names, values, made: 0 };
    for operation in &recorded.graph.operations {
        writer.operation(operation)?;
    }
    let mut graph = writer.graph;
    graph.name = "margay".into();
    graph.inputs.push(ValueInfo::map(input, channels));
    graph.outputs.extend(outputs.iter().map(|o| ValueInfo::map(&o.name, o.channels)));
    Ok(graph)
}

struct Recorded {
    graph: GraphIr,
    values: BTreeMap<TensorId, TensorData>,
    names: HashMap<TensorId, String>,
}

fn record<M: Module>(
    module: &M,
    sample: Tensor<4>,
    forward: impl Fn(&M, Tensor<4>) -> Vec<Tensor<4>>,
) -> Result<Recorded, TraceError> {
    let device = Device::capture();
    let id = |tensor: Tensor<4>| {
        let primitive = tensor.try_into_primitive::<CaptureBackend>();
        primitive.expect("a tensor on the capture device is one of its backend").id()
    };
    let mut names = HashMap::new();
    let captured = device
        .capture_scope(|scope| {
            let module = module.clone().to_device(&device);
            let mut namer = Namer { path: Vec::new(), names: HashMap::new() };
            module.visit(&mut namer);
            names = namer.names;
            let sample = sample.to_device(&device);
            let input = id(sample.clone());
            let outputs: Vec<TensorId> = forward(&module, sample).into_iter().map(id).collect();
            scope.complete([input], outputs)
        })
        .map_err(|error| TraceError::Record(format!("{error:?}")))?;
    Ok(Recorded { graph: captured.graph, values: captured.values, names })
}

/// Names each parameter by its path.
struct Namer {
    path: Vec<String>,
    names: HashMap<TensorId, String>,
}

impl ModuleVisitor for Namer {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let primitive = param.val().try_into_primitive::<CaptureBackend>();
        let tensor = primitive.expect("a module on the capture device has its tensors there");
        self.names.insert(tensor.id(), self.path.join("."));
    }
}

struct Writer {
    graph: Graph,
    names: HashMap<TensorId, String>,
    values: BTreeMap<TensorId, TensorData>,
    made: usize,
}

impl Writer {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what has no counterpart is refused by name, whatever it is"
    )]
    fn operation(&mut self, operation: &OperationIr) -> Result<(), TraceError> {
        let unknown = |operation: &dyn std::fmt::Debug| {
            let text = format!("{operation:?}");
            Err(TraceError::Operation(text.chars().take(120).collect()))
        };
        match operation {
            OperationIr::Init(_) | OperationIr::Drop(_) => Ok(()),
            OperationIr::Module(module) => self.module(module),
            OperationIr::Activation(ActivationOperationIr::Relu(op)) => {
                self.node("Relu", &[&op.input], &op.out, vec![])
            }
            OperationIr::Activation(ActivationOperationIr::Sigmoid(op)) => {
                self.node("Sigmoid", &[&op.input], &op.out, vec![])
            }
            OperationIr::Activation(ActivationOperationIr::Softmax(op)) => {
                let axis = Attribute::from_int("axis", op.axis as i64);
                self.node("Softmax", &[&op.input], &op.out, vec![axis])
            }
            OperationIr::BaseFloat(BaseOperationIr::Slice(op)) => self.slice(op),
            OperationIr::BaseFloat(BaseOperationIr::Cat(op)) => {
                let inputs: Vec<&TensorIr> = op.tensors.iter().collect();
                let axis = Attribute::from_int("axis", op.dim as i64);
                self.node("Concat", &inputs, &op.out, vec![axis])
            }
            OperationIr::NumericFloat(_, NumericOperationIr::Add(op)) => {
                self.node("Add", &[&op.lhs, &op.rhs], &op.out, vec![])
            }
            OperationIr::NumericFloat(_, NumericOperationIr::Clamp(op)) => {
                let bounds = [scalar(&op.min), scalar(&op.max)].map(|bound| {
                    let name = self.fresh("bound");
                    self.graph.initializers.push(onnx::Tensor::floats(&name, &[], &[bound]));
                    name
                });
                let mut inputs = vec![self.name(&op.tensor)?];
                inputs.extend(bounds);
                self.push("Clip", inputs, &op.out, vec![])
            }
            OperationIr::Float(_, FloatOperationIr::Exp(op)) => {
                self.node("Exp", &[&op.input], &op.out, vec![])
            }
            other => unknown(other),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what has no counterpart is refused by name, whatever it is"
    )]
    fn module(&mut self, operation: &ModuleOperationIr) -> Result<(), TraceError> {
        match operation {
            ModuleOperationIr::Conv2d(op) => {
                let mut inputs = vec![&op.x, &op.weight];
                inputs.extend(op.bias.iter());
                let options = &op.options;
                let [top, left] = [options.padding[0], options.padding[1]];
                let attributes = vec![
                    Attribute::from_ints("strides", options.stride),
                    Attribute::from_ints("dilations", options.dilation),
                    Attribute::from_ints("pads", [top.0, left.0, top.1, left.1]),
                    Attribute::from_int("group", options.groups as i64),
                ];
                self.node("Conv", &inputs, &op.out, attributes)
            }
            ModuleOperationIr::BatchNorm(op) => {
                let inputs = [&op.x, &op.gamma, &op.beta, &op.mean, &op.variance];
                let epsilon = Attribute::from_float("epsilon", scalar(&op.epsilon));
                self.node("BatchNormalization", &inputs, &op.out, vec![epsilon])
            }
            ModuleOperationIr::MaxPool2d(op) => {
                let [y, x] = op.padding;
                let attributes = vec![
                    Attribute::from_ints("kernel_shape", op.kernel_size),
                    Attribute::from_ints("strides", op.stride),
                    Attribute::from_ints("dilations", op.dilation),
                    Attribute::from_ints("pads", [y, x, y, x]),
                    Attribute::from_int("ceil_mode", i64::from(op.ceil_mode)),
                ];
                self.node("MaxPool", &[&op.x], &op.out, attributes)
            }
            ModuleOperationIr::Interpolate(op) => self.resize(op),
            other => Err(TraceError::Operation(format!("{other:?}").chars().take(120).collect())),
        }
    }

    /// Pixel centres stay where they are (`half_pixel`), or pixels are repeated (nearest).
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what has no counterpart is refused by name, whatever it is"
    )]
    fn resize(&mut self, op: &InterpolateOpIr) -> Result<(), TraceError> {
        let (mode, transformation) = match op.options.mode {
            InterpolateModeIr::Nearest => ("nearest", "asymmetric"),
            InterpolateModeIr::Bilinear if op.options.align_corners => ("linear", "align_corners"),
            InterpolateModeIr::Bilinear => ("linear", "half_pixel"),
            ref other => return Err(TraceError::Operation(format!("interpolation {other:?}"))),
        };
        let scale = |axis: usize| op.output_size[axis] as f32 / op.x.shape[axis + 2] as f32;
        let scales = self.fresh("scales");
        let values = [1.0, 1.0, scale(0), scale(1)];
        self.graph.initializers.push(onnx::Tensor::floats(&scales, &[4], &values));
        let inputs = vec![self.name(&op.x)?, String::new(), scales];
        let attributes = vec![
            Attribute::from_text("mode", mode),
            Attribute::from_text("coordinate_transformation_mode", transformation),
            Attribute::from_text("nearest_mode", "floor"),
        ];
        self.push("Resize", inputs, &op.out, attributes)
    }

    /// Only channels are ever cut: a cut of another axis would fix a size.
    fn slice(&mut self, op: &SliceOpIr) -> Result<(), TraceError> {
        let mut cut = None;
        for (axis, range) in op.ranges.iter().enumerate() {
            let length = op.tensor.shape[axis] as i64;
            let end = range.end.map_or(length, |end| end as i64);
            let whole = range.start == 0 && range.step == 1 && end >= length;
            if !whole && (axis != 1 || range.step != 1) {
                return Err(TraceError::Operation(format!("slice of axis {axis}")));
            }
            if !whole {
                cut = Some((range.start as i64, end));
            }
        }
        let mut inputs = vec![self.name(&op.tensor)?];
        let Some((start, end)) = cut else {
            return self.push("Identity", inputs, &op.out, vec![]);
        };
        for value in [start, end, 1] {
            let name = self.fresh("cut");
            self.graph.initializers.push(onnx::Tensor::integers(&name, &[value]));
            inputs.push(name);
        }
        self.push("Slice", inputs, &op.out, vec![])
    }

    fn node(
        &mut self,
        operator: &str,
        inputs: &[&TensorIr],
        out: &TensorIr,
        attributes: Vec<Attribute>,
    ) -> Result<(), TraceError> {
        let inputs = inputs.iter().map(|input| self.name(input)).collect::<Result<_, _>>()?;
        self.push(operator, inputs, out, attributes)
    }

    fn push(
        &mut self,
        operator: &str,
        inputs: Vec<String>,
        out: &TensorIr,
        attributes: Vec<Attribute>,
    ) -> Result<(), TraceError> {
        let outputs = vec![self.name(out)?];
        let name = self.fresh(operator);
        self.graph.nodes.push(Node {
            inputs,
            outputs,
            name,
            operator: operator.into(),
            attributes,
        });
        Ok(())
    }

    /// The name of a tensor; a constant is written when it is first used.
    fn name(&mut self, tensor: &TensorIr) -> Result<String, TraceError> {
        let name = self.names.entry(tensor.id).or_insert_with(|| format!("t{}", tensor.id.value()));
        let name = name.clone();
        if let Some(data) = self.values.remove(&tensor.id) {
            if data.dtype() != DType::F32 {
                return Err(TraceError::Constant { name, found: data.dtype() });
            }
            let values: Vec<f32> = data.iter::<f32>().collect();
            let shape: Vec<usize> = data.shape().iter().copied().collect();
            self.graph.initializers.push(onnx::Tensor::floats(&name, &shape, &values));
        }
        Ok(name)
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{}", self.made)
    }
}

fn scalar(value: &ScalarIr) -> f32 {
    value.elem::<f32>()
}
