//! Where nuclei go while an image is analysed: a slide's nuclei are never held together.

use contract::Nucleus;

/// Why a sink took no more.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes nuclei as they become final.
///
/// Both methods are called on the thread that called [`analyse`](crate::analyse()), one after the
/// other; an error ends the analysis.
pub trait Sink {
    /// Takes one nucleus. Ids come as 1, 2, 3, … in an order that depends on the image and the
    /// models alone: windows row by row, then raster-first in the window.
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError>;

    /// Says that a row of windows is done: no nucleus whose centroid lies above level-0 row `y`
    /// will follow.
    fn rows_done(&mut self, y: f32) -> Result<(), SinkError>;
}

/// Keeps all: for tiles.
impl Sink for Vec<Nucleus> {
    fn nucleus(&mut self, nucleus: &Nucleus) -> Result<(), SinkError> {
        self.push(nucleus.clone());
        Ok(())
    }

    fn rows_done(&mut self, _: f32) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Keeps none: where the points of the [`Analysis`](crate::Analysis) are enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Sink for Discard {
    fn nucleus(&mut self, _: &Nucleus) -> Result<(), SinkError> {
        Ok(())
    }

    fn rows_done(&mut self, _: f32) -> Result<(), SinkError> {
        Ok(())
    }
}
