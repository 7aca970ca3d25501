//! Post-processing and pre-processing kernels: from tiles to tensors, from a network's maps to nuclei.
//!
//! `<kernel>.rs` is the contract of a kernel: the exact definition, the rounding and the order of
//! the floating-point operations, free of any device. `<kernel>/cpu.rs` is the production CPU
//! path and, at the same time, the specification that another device must meet.
//!
//! **Invariants:** integers are exact and depend on the input alone; floats are computed in a
//! fixed order without fused multiply-add, so that every machine gives the same bits; a NaN
//! probability is background. **Never:** no clock, file, socket or thread in here.

#![deny(unsafe_code)]
#![expect(
    clippy::inline_always,
    reason = "what `simd::run` calls is compiled into it, or not for AVX2"
)]

pub mod blend;
pub mod contour;
pub mod dome;
pub mod edt;
pub mod fill;
pub mod focus;
pub mod glass;
pub mod gradient;
pub mod grey;
pub mod instances;
pub mod label;
pub mod labels;
pub mod mask;
pub mod measure;
pub mod normalise;
pub mod open;
mod reflect;
pub mod resample;
mod separable;
mod simd;
pub mod smooth;
pub mod stain;
pub mod watershed;

pub use label::Connectivity;
pub use labels::Labels;
pub use mask::Mask;
