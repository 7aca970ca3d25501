//! Compares a loaded graph with its card before anything runs.
//!
//! What the graph leaves open (symbolic dimensions) is proven by the trial run.

use contract::ModelCard;
use rten::{DataType, Dimension, Model, NodeId, ValueType};

use super::{BoundOutput, named_outputs};
use crate::Batch;

/// Finds the card's tensors; the fault names the field, what it says and what the graph has.
pub(super) fn bind(model: &Model, card: &ModelCard) -> Result<(NodeId, Vec<BoundOutput>), String> {
    let input = bind_input(model, card)?;
    let outputs = named_outputs(&card.outputs)
        .map(|(field, role, output)| {
            let field = format!("outputs.{field}");
            let node = find(model, &field, &output.tensor, model.output_ids())?;
            let channels = output.channels as usize;
            check_shape(model, node, &field, channels)?;
            Ok(BoundOutput { tensor: output.tensor.clone(), channels, role, node })
        })
        .collect::<Result<Vec<_>, String>>()?;
    Ok((input, outputs))
}

fn bind_input(model: &Model, card: &ModelCard) -> Result<NodeId, String> {
    let field = "input";
    let node = find(model, field, &card.input.tensor, model.input_ids())?;
    check_shape(model, node, field, Batch::CHANNELS)?;
    let others = names(model, model.input_ids().iter().filter(|id| **id != node));
    if !others.is_empty() {
        return Err(format!("the graph wants further inputs, {others:?}"));
    }
    Ok(node)
}

fn find(model: &Model, field: &str, tensor: &str, among: &[NodeId]) -> Result<NodeId, String> {
    let node = model.find_node(tensor).filter(|id| among.contains(id));
    node.ok_or_else(|| {
        let present = names(model, among.iter());
        format!("{field}.tensor is {tensor:?}, which is not among the graph's {present:?}")
    })
}

fn check_shape(model: &Model, node: NodeId, field: &str, channels: usize) -> Result<(), String> {
    let Some(info) = model.node_info(node) else { return Ok(()) };
    if let Some(found) = info.dtype()
        && found != ValueType::Tensor(DataType::Float)
    {
        return Err(format!("{field} must be an f32 tensor, and the graph has {found:?}"));
    }
    let Some(shape) = info.shape() else { return Ok(()) };
    if shape.len() != 4 {
        return Err(format!("{field} must have rank 4, and the graph has rank {}", shape.len()));
    }
    match shape[1] {
        Dimension::Fixed(found) if found != channels => {
            Err(format!("{field}.channels is {channels}, and the graph has {found} channels"))
        }
        Dimension::Fixed(_) | Dimension::Symbolic(_) => Ok(()),
    }
}

fn names<'a>(model: &'a Model, nodes: impl Iterator<Item = &'a NodeId>) -> Vec<&'a str> {
    nodes.filter_map(|id| model.node_info(*id)?.name()).collect()
}
