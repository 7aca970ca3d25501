//! Where tensors live: the pure Rust back end, or libtorch where it was built in.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// Pure Rust on the CPU (burn-flex): needs nothing, slow.
    Flex,
    /// libtorch on the CPU.
    Libtorch,
    /// libtorch on the first CUDA device.
    LibtorchCuda,
}

/// What the network is computed in while it learns; weights, logits and losses are always `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single precision.
    F32,
    /// Features and convolutions in bfloat16: on libtorch alone.
    Bf16,
}

/// The backend is not in this build.
#[derive(Debug, Error)]
#[error("the back end {0:?} is not in this build; build with `--features libtorch`, or use flex")]
pub struct MissingBackend(Backend);

impl Backend {
    /// The best back end of this build.
    pub fn best() -> Self {
        if cfg!(feature = "libtorch") { Self::Libtorch } else { Self::Flex }
    }

    /// The device, without gradients.
    pub fn device(self) -> Result<Device, MissingBackend> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "libtorch")]
            #[expect(deprecated, reason = "the version of burn is fixed in the manifest")]
            Self::Libtorch => Ok(Device::libtorch()),
            #[cfg(feature = "libtorch")]
            #[expect(deprecated, reason = "the version of burn is fixed in the manifest")]
            Self::LibtorchCuda => Ok(Device::libtorch_cuda(0)),
            #[cfg(not(feature = "libtorch"))]
            Self::Libtorch | Self::LibtorchCuda => Err(MissingBackend(self)),
        }
    }

    /// Has libtorch use `threads` threads; flex takes its number from `RAYON_NUM_THREADS`.
    pub fn limit_threads(self, threads: usize) {
        #[cfg(feature = "libtorch")]
        if self != Self::Flex {
            tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        }
        #[cfg(not(feature = "libtorch"))]
        let _ = threads;
    }
}
