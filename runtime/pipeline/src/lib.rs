//! One image's way: decode, infer, instances, tissue, score.
//!
//! [`analyse()`] reads an image window by window and hands each nucleus to a [`Sink`] as soon as it
//! is final; what remains is an [`Analysis`], from which [`score`](score::score()) takes the TIL
//! figures.
//!
//! ```text
//!            ┌ worker: read → prepare → network → instances ┐
//! windows ──▶│ worker: …                                    │──▶ caller: re-order ─▶ sink, points,
//!            └                                              ┘     overview
//! overview ─▶ tissue windows, on the same workers ─▶ caller: blend by rows ─▶ tissue map
//! ```
//!
//! **Invariants:** the result is the same to the byte for any number of workers and any batch. It is
//! the same for any window size as far as the network, and what the chain of post-processing looks
//! at around a nucleus, reach no further than the margin. Each level-0 pixel of a window is
//! read once, for nuclei and overview together. Memory does not grow with the slide but for 16 B a
//! nucleus and 4 B a cell of the overview (2 µm: 225 mm² are 225 MB), and two rows of tissue
//! windows.
//! **Never:** this crate knows no clock, file, socket or database.

#![forbid(unsafe_code)]

mod analyse;
mod examiner;
mod found;
mod gathered;
mod grid;
mod instances;
mod models;
mod ordered;
mod outline;
mod overview;
mod progress;
pub mod score;
mod sink;
mod survey;
mod tissue;

pub use analyse::{AnalyseError, Analysis, OVERVIEW_CELLS_MAX, Options, WindowError, analyse};
pub use examiner::{Examiner, Scratch};
pub use found::{Found, FoundError};
pub use gathered::Gathered;
pub use grid::Place;
pub use models::{GlassRule, Models, ModelsError};
pub use progress::{Progress, Snapshot, Stage, WorkerState};
pub use sink::{Discard, Sink, SinkError};
pub use survey::{Region, Survey};
