//! Training: one step ([`training`]), its optimiser, its average, its checkpoints, and the whole
//! run ([`run`]).

pub mod average;
pub mod checkpoint;
pub mod optimiser;
mod pass;
pub mod run;
pub mod schedule;
pub mod training;
pub mod weights;
