//! The trial run of a network when it is loaded.
//!
//! A window at the image's border is smaller than the card's window, so height and width must be
//! free in multiples of `window.multiple_px`. Two inputs with different height and width, one of
//! them a batch of two, prove it. A network whose only size is its window says so by
//! `multiple_px = size_px` and is tried at that size alone.

use contract::{ModelCard, Outputs, Size};

use super::{Engine, NetworkError, title};
use crate::{Batch, Maps};

/// Edge of a trial input at least: several levels of pooling must leave something.
const EDGE_PX_MIN: usize = 32;

pub(super) fn run(card: &ModelCard, engine: &dyn Engine) -> Result<(), NetworkError> {
    for (count, size) in inputs(card) {
        // Zero is the mean colour of the card.
        let values = vec![0.0; count * Batch::CHANNELS * size.pixels()];
        let batch = Batch::new(&values, count, size).expect("as many values as the shape says");
        let maps = engine.run(batch).map_err(|source| NetworkError::Probe {
            model: title(card),
            size,
            source: Box::new(source),
        })?;
        if let Some(tensor) = not_finite(&card.outputs, &maps) {
            return Err(NetworkError::NotFinite { model: title(card), tensor });
        }
    }
    Ok(())
}

fn inputs(card: &ModelCard) -> Vec<(usize, Size)> {
    let multiple = card.window.multiple_px as usize;
    if card.window.multiple_px == card.window.size_px {
        return vec![(1, Size::new(multiple, multiple))];
    }
    let short = EDGE_PX_MIN.next_multiple_of(multiple);
    let long = short + multiple;
    vec![(1, Size::new(long, short)), (2, Size::new(short, long))]
}

fn not_finite(outputs: &Outputs, maps: &Maps) -> Option<String> {
    let Outputs { np, hv, dist, tp } = outputs;
    [(np, &maps.np), (hv, &maps.hv), (dist, &maps.dist), (tp, &maps.tp)]
        .into_iter()
        .filter_map(|(output, map)| output.as_ref().zip(map.as_ref()))
        .find(|(_, map)| !map.iter().all(|value| value.is_finite()))
        .map(|(output, _)| output.tensor.clone())
}
