//! The part of ONNX that our networks need, as protobuf messages (`onnx.proto`, IR version 8,
//! opset 17).
//!
//! ONNX is proto2: repeated integers are written unpacked, and some readers, rten among them,
//! refuse packed ones.

#![expect(missing_docs, reason = "the fields are those of onnx.proto and are described there")]

use prost::Message;

/// The operator set that is written.
pub const OPSET: i64 = 17;
/// The file format's version that goes with it.
pub const IR_VERSION: i64 = 8;

/// `TensorProto.DataType`.
pub const FLOAT: i32 = 1;
/// `TensorProto.DataType`.
pub const INT64: i32 = 7;

#[derive(Clone, PartialEq, Message)]
pub struct Model {
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    #[prost(string, tag = "2")]
    pub producer: String,
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub opset: Vec<OperatorSet>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OperatorSet {
    #[prost(string, tag = "1")]
    pub domain: String,
    #[prost(int64, tag = "2")]
    pub version: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub nodes: Vec<Node>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "5")]
    pub initializers: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub inputs: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub outputs: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Node {
    #[prost(string, repeated, tag = "1")]
    pub inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub outputs: Vec<String>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub operator: String,
    #[prost(message, repeated, tag = "5")]
    pub attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Attribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(float, optional, tag = "2")]
    pub float: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub int: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub text: Option<Vec<u8>>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    #[prost(int32, optional, tag = "20")]
    pub kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    #[prost(int32, optional, tag = "2")]
    pub data_type: Option<i32>,
    #[prost(string, tag = "8")]
    pub name: String,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ValueInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub kind: Option<TypeInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TypeInfo {
    #[prost(message, optional, tag = "1")]
    pub tensor: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TensorType {
    #[prost(int32, optional, tag = "1")]
    pub element: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub dims: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
}

impl Attribute {
    /// An integer.
    pub fn from_int(name: &str, value: i64) -> Self {
        Self { name: name.into(), int: Some(value), kind: Some(2), ..Self::default() }
    }

    /// A number.
    pub fn from_float(name: &str, value: f32) -> Self {
        Self { name: name.into(), float: Some(value), kind: Some(1), ..Self::default() }
    }

    /// A text.
    pub fn from_text(name: &str, value: &str) -> Self {
        let text = Some(value.as_bytes().to_vec());
        Self { name: name.into(), text, kind: Some(3), ..Self::default() }
    }

    /// Integers.
    pub fn from_ints(name: &str, values: impl IntoIterator<Item = usize>) -> Self {
        let ints = values.into_iter().map(|value| value as i64).collect();
        Self { name: name.into(), ints, kind: Some(7), ..Self::default() }
    }
}

impl Tensor {
    /// A constant of f32.
    pub fn floats(name: &str, shape: &[usize], values: &[f32]) -> Self {
        Self::constant(name, FLOAT, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// A list of i64.
    pub fn integers(name: &str, values: &[i64]) -> Self {
        let raw = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self::constant(name, INT64, &[values.len()], raw)
    }

    /// The values of a constant of f32.
    pub fn values(&self) -> Vec<f32> {
        let raw = self.raw.as_deref().unwrap_or_default();
        raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    fn constant(name: &str, data_type: i32, shape: &[usize], raw: Vec<u8>) -> Self {
        let dims = shape.iter().map(|&d| d as i64).collect();
        Self { dims, data_type: Some(data_type), name: name.into(), raw: Some(raw) }
    }
}

impl ValueInfo {
    /// A f32 map `[batch, channels, height, width]` of which only the channels are fixed.
    pub fn map(name: &str, channels: usize) -> Self {
        let named = |name: &str| Dimension { value: None, name: Some(name.into()) };
        let fixed = Dimension { value: Some(channels as i64), name: None };
        let shape = Shape { dims: vec![named("batch"), fixed, named("height"), named("width")] };
        let tensor = TensorType { element: Some(FLOAT), shape: Some(shape) };
        Self { name: name.into(), kind: Some(TypeInfo { tensor: Some(tensor) }) }
    }
}
