//! Trains, evaluates and exports Margay's models.

#![forbid(unsafe_code)]

pub mod device;
pub mod evaluate;
pub mod export;
pub mod fit;
pub mod loss;
pub mod network;
pub mod plan;
