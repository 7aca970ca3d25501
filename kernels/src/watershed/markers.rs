//! Markers as pieces of the mask's runs, and what each component of the mask holds of them.

use crate::Labels;
use crate::label::{Components, Run};

/// Marker pixels side by side, all within one run of the mask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) y: u32,
    pub(super) run: Run,
    pub(super) id: u32,
}

/// The markers of a component of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    None,
    One(u32),
    Many,
}

impl Held {
    fn with(self, id: u32) -> Self {
        match self {
            Self::None => Self::One(id),
            Self::One(own) if own == id => self,
            Self::One(_) | Self::Many => Self::Many,
        }
    }
}

/// All pieces of markers, in raster order, and what the components hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Markers {
    pub(super) pieces: Vec<Piece>,
    /// The component of each piece.
    pub(super) component: Vec<u32>,
    /// What each component holds.
    pub(super) held: Vec<Held>,
}

impl Markers {
    fn clear(&mut self, components: &Components) {
        self.pieces.clear();
        self.component.clear();
        self.held.clear();
        self.held.resize(components.count(), Held::None);
    }

    fn push(&mut self, component: usize, piece: Piece) {
        self.pieces.push(piece);
        self.component.push(component as u32);
        self.held[component] = self.held[component].with(piece.id);
    }

    /// Takes the labels of an image, those outside of the mask left out.
    pub(super) fn of_labels(&mut self, components: &Components, labels: &Labels) {
        self.clear(components);
        for y in 0..components.height() {
            for (run, component) in components.row(y) {
                let mut start = run.start;
                for piece in labels.row(y)[run.columns()].chunk_by(|a, b| a == b) {
                    let end = start + piece.len() as u32;
                    if piece[0] != 0 {
                        let run = Run { start, end };
                        self.push(component, Piece { y: y as u32, run, id: piece[0] });
                    }
                    start = end;
                }
            }
        }
    }

    /// Takes components as markers, `ids` giving the id of each, 0 for those that are none; parts
    /// of them outside of the mask are left out.
    pub(super) fn of_components(
        &mut self,
        components: &Components,
        markers: &Components,
        ids: &[u32],
    ) {
        self.clear(components);
        for y in 0..components.height() {
            let mut marker_runs = markers.row(y).peekable();
            for (run, component) in components.row(y) {
                while let Some(&(marker, index)) = marker_runs.peek() {
                    let piece =
                        Run { start: run.start.max(marker.start), end: run.end.min(marker.end) };
                    if marker.start >= run.end {
                        break;
                    }
                    if piece.start < piece.end && ids[index] != 0 {
                        self.push(component, Piece { y: y as u32, run: piece, id: ids[index] });
                    }
                    if marker.end > run.end {
                        break;
                    }
                    marker_runs.next();
                }
            }
        }
    }
}
