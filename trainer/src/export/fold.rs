//! Batch normalisation folded into the convolution before it.
//!
//! With fixed statistics a normalisation is `y = (x − mean) · gamma / √(variance + ε) + beta`, a
//! scale and a shift of each channel, which the convolution's weights and bias can carry: the same
//! numbers up to rounding, and one pass over the map less.

use std::collections::HashMap;

use super::onnx::{Graph, Node, Tensor};

/// Folds every normalisation whose input is a convolution that nothing else reads.
pub(super) fn fold(graph: &mut Graph) {
    let mut readers = HashMap::<&str, usize>::new();
    for name in graph.nodes.iter().flat_map(|node| &node.inputs) {
        *readers.entry(name).or_default() += 1;
    }
    let makers: HashMap<&str, usize> = graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.operator == "Conv")
        .map(|(index, node)| (node.outputs[0].as_str(), index))
        .collect();
    let pairs: Vec<(usize, usize)> = graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.operator == "BatchNormalization")
        .filter(|(_, node)| readers.get(node.inputs[0].as_str()) == Some(&1))
        .filter_map(|(norm, node)| Some((*makers.get(node.inputs[0].as_str())?, norm)))
        .collect();

    for &(conv, norm) in &pairs {
        fold_pair(graph, conv, norm);
    }
    let mut index = 0;
    graph.nodes.retain(|_| {
        index += 1;
        !pairs.iter().any(|&(_, norm)| norm == index - 1)
    });
    drop_unread(graph);
}

fn fold_pair(graph: &mut Graph, conv: usize, norm: usize) {
    let norm: Node = graph.nodes[norm].clone();
    let epsilon = norm.attributes.iter().find_map(|a| a.float).unwrap_or(0.0);
    let [gamma, beta, mean, variance] =
        [1, 2, 3, 4].map(|input| constant(graph, &norm.inputs[input]).values());
    let scales: Vec<f32> =
        gamma.iter().zip(&variance).map(|(gamma, v)| gamma / (v + epsilon).sqrt()).collect();

    let weight = constant(graph, &graph.nodes[conv].inputs[1]).clone();
    let each = weight.values().len() / scales.len();
    let folded: Vec<f32> = weight
        .values()
        .chunks(each)
        .zip(&scales)
        .flat_map(|(w, s)| w.iter().map(move |w| w * s))
        .collect();
    let bias = graph.nodes[conv].inputs.get(2).map(|name| constant(graph, name).values());
    let bias = bias.unwrap_or_else(|| vec![0.0; scales.len()]);
    let shifted: Vec<f32> =
        (0..scales.len()).map(|c| beta[c] + (bias[c] - mean[c]) * scales[c]).collect();

    let shape: Vec<usize> = weight.dims.iter().map(|&d| d as usize).collect();
    let names = ["weight", "bias"].map(|part| format!("{}.{part}", graph.nodes[conv].name));
    graph.initializers.push(Tensor::floats(&names[0], &shape, &folded));
    graph.initializers.push(Tensor::floats(&names[1], &[scales.len()], &shifted));
    let node = &mut graph.nodes[conv];
    let [folded_weight, folded_bias] = names;
    node.inputs = vec![node.inputs[0].clone(), folded_weight, folded_bias];
    node.outputs = norm.outputs;
}

fn constant<'a>(graph: &'a Graph, name: &str) -> &'a Tensor {
    let found = graph.initializers.iter().find(|tensor| tensor.name == name);
    found.expect("weights and statistics are constants of the graph")
}

fn drop_unread(graph: &mut Graph) {
    let nodes = &graph.nodes;
    graph.initializers.retain(|tensor| nodes.iter().any(|node| node.inputs.contains(&tensor.name)));
}
