//! The names of the backends.

use std::fmt;
use std::str::FromStr;

use crate::error::EmbedError;

/// A way to compute tensors.
///
/// All names are known, also those that this build or this version cannot run: `backends()` says which are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Backend {
    /// The processor, everywhere, without a driver.
    Cpu,
    /// Any GPU, through the best graphics API present.
    Wgpu,
    /// A GPU through Vulkan.
    Vulkan,
    /// A GPU through Metal.
    Metal,
    /// A GPU through WebGPU.
    WebGpu,
    /// A GPU of NVIDIA, through CUDA.
    Cuda,
    /// A GPU of AMD, through ROCm.
    Rocm,
}

impl Backend {
    /// Every name, in the order in which they are listed.
    pub const ALL: &'static [Backend] = &[
        Backend::Cpu,
        Backend::Wgpu,
        Backend::Vulkan,
        Backend::Metal,
        Backend::WebGpu,
        Backend::Cuda,
        Backend::Rocm,
    ];

    /// The name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Backend::Cpu => "cpu",
            Backend::Wgpu => "wgpu",
            Backend::Vulkan => "vulkan",
            Backend::Metal => "metal",
            Backend::WebGpu => "webgpu",
            Backend::Cuda => "cuda",
            Backend::Rocm => "rocm",
        }
    }

    /// Whether it reaches GPUs through a graphics API.
    #[cfg_attr(not(feature = "wgpu"), allow(dead_code))]
    pub(super) const fn is_graphics(self) -> bool {
        matches!(self, Backend::Wgpu | Backend::Vulkan | Backend::Metal | Backend::WebGpu)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Backend {
    type Err = EmbedError;

    /// Reads a name as [`Backend::as_str`] gives it; an error lists the known names.
    fn from_str(name: &str) -> Result<Self, EmbedError> {
        Backend::ALL
            .iter()
            .copied()
            .find(|backend| backend.as_str() == name)
            .ok_or_else(|| EmbedError::unknown_backend(name))
    }
}
