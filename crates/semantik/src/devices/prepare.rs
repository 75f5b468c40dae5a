//! [`prepare`]: what a process has to arrange before it starts threads.

use std::path::PathBuf;

use embed_burn::{LibdevicePlaces, provide_libdevice};

use crate::model_cache::ModelCache;

/// Arranges what devices of this process need and what can only be arranged at its beginning. To be called first in
/// `main`, before anything that may start a thread.
///
/// That is NVIDIA's library of math functions, `libdevice.10.bc`, with which kernels for CUDA are linked. It is taken from
/// what `SEMANTIK_LIBDEVICE` names (the file, a toolkit, or a Python environment), else from `CUDA_PATH`, from beside the
/// program, from the Python environment that is active (`VIRTUAL_ENV`, `CONDA_PREFIX`), from where CUDA's toolkit is
/// usually installed, or from `cuda` in the folder of [`ModelCache`]. Where it is missing, opening a device of CUDA says so.
pub fn prepare() {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    provide_libdevice(&LibdevicePlaces {
        named: var("SEMANTIK_LIBDEVICE"),
        environments: ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(var).collect(),
        cache: ModelCache::from_env().ok().map(|cache| cache.cuda()),
    });
}
