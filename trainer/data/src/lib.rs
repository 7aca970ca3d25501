//! Training data: readers, splits, fingerprint, targets, augmentation, batches.
//!
//! One image's way: [`source::load`] reads it and hashes its files, [`split::assign`]
//! puts its group on one side, [`target::Prepared::new`] computes what a network
//! shall answer, [`augment`] cuts and changes a crop, [`batch::Loader`] hands
//! batches over in order.
//!
//! **Invariant:** batch n is a pure function of (plan, data, seed, n). Neither the
//! number of workers nor an interruption changes it. **Never:** nothing here waits
//! without a deadline, and nothing here knows a network.

#![forbid(unsafe_code)]

pub mod augment;
pub mod batch;
pub mod fingerprint;
pub mod pseudo;
pub mod random;
pub mod sample;
pub mod source;
pub mod split;
pub mod target;
pub mod tissue;

pub use sample::{Annotation, Dot, Instances, Sample};
