//! One way through the network and back, by the fastest road that the back end has.

use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::device::Precision;
use crate::network::{MapKind, Maps, Network};

/// A way through the network that can be gone back.
#[derive(Debug)]
pub(super) enum Pass {
    /// burn's operations, on any back end.
    Composed(Maps),
    /// libtorch's kernels.
    #[cfg(feature = "libtorch")]
    Native(crate::network::libtorch::Recorded),
}

impl Pass {
    /// Sends `images`, which are outside autodiff, through `network`.
    pub(super) fn forward(
        network: &Network,
        images: Tensor<4>,
        kinds: &[MapKind],
        precision: Precision,
    ) -> Self {
        #[cfg(feature = "libtorch")]
        if let Some(recorded) =
            crate::network::libtorch::Recorded::forward(network, images.clone(), kinds, precision)
        {
            return Self::Native(recorded);
        }
        #[cfg(not(feature = "libtorch"))]
        let _ = precision;
        Self::Composed(network.forward(Tensor::from_inner(images), kinds))
    }

    /// What the network said.
    pub(super) fn maps(&self) -> &Maps {
        match self {
            Self::Composed(maps) => maps,
            #[cfg(feature = "libtorch")]
            Self::Native(recorded) => recorded.maps(),
        }
    }

    /// The gradient of `loss`, which was worked out from [`Pass::maps`].
    pub(super) fn gradients(self, loss: &Tensor<1>, network: &Network) -> GradientsParams {
        match self {
            Self::Composed(_) => GradientsParams::from_grads(loss.backward(), network),
            #[cfg(feature = "libtorch")]
            Self::Native(recorded) => recorded.gradients(loss),
        }
    }
}
