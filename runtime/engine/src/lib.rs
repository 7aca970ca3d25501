//! Runs networks.
//!
//! A model package ([`Package`]) is a folder whose every byte is vouched for by its card. A
//! [`Network`] is a package on an [`Engine`]: loaded, compared with its card tensor by tensor, and
//! run once on a small input, so that what is wrong with a model is said when it is loaded and not
//! in the middle of a slide.
//!
//! **Invariant:** the bytes that run are the bytes whose digests were verified: a package is read
//! once, into memory. **Never:** this crate knows no image, no post-processing and no clock.

#![forbid(unsafe_code)]

mod batch;
pub mod cpu;
mod network;
pub mod package;

pub use batch::{Batch, BatchError, ItemMaps, Maps};
pub use cpu::{Cpu, Threads};
pub use network::{Engine, Network, NetworkError, RunError};
pub use package::{Package, PackageError};
