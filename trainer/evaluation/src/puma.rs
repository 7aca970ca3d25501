//! The official figures of the PUMA challenge (Schuiveling et al. 2025, `GigaScience` giaf011), bit
//! for bit, and beside them the figures that have not their traps.
//!
//! The definition is what the organisers' evaluation does (`eval_nuclei.py`, `evaluate_tissue.py`
//! and `evaluate.py` of `tueimage/PUMA-challenge-eval-track2`) on NumPy with `float64`. Equal to
//! the last bit means: the same order of additions as `numpy.mean`, the same fused multiply-add as
//! `numpy.linalg.norm` on an x86-64 machine, the same decimal-to-binary rounding when a file is
//! read.

mod file;
pub mod nuclei;
mod summation;
pub mod tissue;
mod track;

pub use file::{BYTES_MAX, Polygon, PumaFile, ReadPumaError};
pub use track::Track;
