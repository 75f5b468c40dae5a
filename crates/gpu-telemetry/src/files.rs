//! [`DriverFiles`]: where the libraries of drivers are.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The files of NVIDIA's libraries, where they are not in the system's usual place. Nothing here reads a variable of the
/// environment for them: a program that wants one passes it in.
///
/// ```no_run
/// use gpu_telemetry::{DriverFiles, NvmlLibrary};
///
/// let files = DriverFiles::default().nvml("/opt/driver/libnvidia-ml.so.1").cuda("/opt/driver/libcuda.so.1");
/// let library = NvmlLibrary::of(&files)?;
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverFiles {
    nvml: Option<PathBuf>,
    cuda: Option<PathBuf>,
}

impl DriverFiles {
    /// With NVIDIA's management library in this file.
    #[must_use]
    pub fn nvml(mut self, file: impl Into<PathBuf>) -> Self {
        self.nvml = Some(file.into());
        self
    }

    /// With CUDA's driver in this file.
    #[must_use]
    pub fn cuda(mut self, file: impl Into<PathBuf>) -> Self {
        self.cuda = Some(file.into());
        self
    }

    /// The management library that was named.
    pub(crate) fn named_nvml(&self) -> Option<&Path> {
        self.nvml.as_deref()
    }

    /// CUDA's driver: what was named, else the system's.
    pub(crate) fn cuda_file(&self) -> OsString {
        let system = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };
        self.cuda.as_deref().map_or(OsStr::new(system), Path::as_os_str).to_owned()
    }
}
