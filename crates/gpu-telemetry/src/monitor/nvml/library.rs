//! [`NvmlLibrary`]: the library of NVIDIA's driver, loaded and started.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::CudaMonitor;
use super::failure::failure;
use crate::error::TelemetryError;
use crate::files::DriverFiles;

/// The library that comes with NVIDIA's driver: `libnvidia-ml.so.1`, on Windows `nvml.dll`.
///
/// Loaded when it is asked for, so that nothing of NVIDIA is needed to build or to run. Clones are the same library; it is
/// stopped with the last of them and of the monitors made from it. Any thread may use it: NVML has locks of its own, and none
/// is held here.
#[derive(Clone, Debug)]
pub struct NvmlLibrary {
    nvml: Arc<Nvml>,
    files: DriverFiles,
    root: PathBuf,
}

impl NvmlLibrary {
    /// The library of this system.
    ///
    /// # Errors
    /// Those of [`of`](NvmlLibrary::of).
    pub fn load() -> Result<Self, TelemetryError> {
        NvmlLibrary::of(&DriverFiles::default())
    }

    /// The library that is named, or else that of this system.
    ///
    /// # Errors
    /// This system has none, or no driver runs (`Absent`); a file that is named does not load (`Io`); the library may not be
    /// used (`Denied`), or it and the driver do not fit each other, as after half an update (`Driver`).
    pub fn of(files: &DriverFiles) -> Result<Self, TelemetryError> {
        let Some(file) = files.named_nvml() else {
            let system = if cfg!(target_os = "linux") { "libnvidia-ml.so.1" } else { "nvml.dll" };
            return start(system.as_ref(), files, |reason| {
                TelemetryError::absent(format!(
                    "NVIDIA's management library cannot be loaded ({reason}); NVIDIA's driver brings it"
                ))
            });
        };
        // A file that someone named: if it does not load, that is a mistake to be told, and says nothing of the system's
        // driver.
        start(file, files, |reason| {
            // The loader's words begin with the file on some systems.
            let here = format!("{}: ", file.display());
            let reason = reason.strip_prefix(&here).unwrap_or(reason);
            let message =
                format!("it is named as NVIDIA's management library and cannot be loaded ({reason})");
            TelemetryError::io(file, io::Error::other(message))
        })
    }

    /// The library in this file.
    ///
    /// # Errors
    /// Those of [`of`](NvmlLibrary::of).
    pub fn load_from(file: impl AsRef<Path>) -> Result<Self, TelemetryError> {
        NvmlLibrary::of(&DriverFiles::default().nvml(file.as_ref()))
    }

    /// With the `proc` and `sys` under `root` in place of this system's, for all monitors that are made from it: for containers
    /// that see their host's elsewhere, and for tests.
    #[must_use]
    pub fn with_root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = root.into();
        self
    }

    /// Every card that the driver knows, whatever CUDA may show of them, in NVML's order, which may differ after each start.
    /// A card that cannot be asked is an error in its place; so is the number of cards, as the only one.
    pub fn cards(&self) -> Vec<Result<CudaMonitor, TelemetryError>> {
        let count = match self.nvml.device_count() {
            Ok(count) => count,
            Err(error) => return vec![Err(failure("NVIDIA's driver", "the number of cards", error))],
        };
        let card = |index| {
            let here = format!("card {index} of NVIDIA's driver");
            let device = self.nvml.device_by_index(index);
            let device = device.map_err(|error| failure(&here, "its place in the driver", error))?;
            CudaMonitor::open(self, &device, Some(index), &here)
        };
        (0..count).map(card).collect()
    }

    /// The driver's version, such as `580.95.05`.
    ///
    /// # Errors
    /// The driver does not tell.
    pub fn driver_version(&self) -> Result<String, TelemetryError> {
        self.nvml.sys_driver_version().map_err(|error| failure("NVIDIA's driver", "its version", error))
    }

    pub(super) fn nvml(&self) -> &Nvml {
        &self.nvml
    }

    pub(super) fn files(&self) -> &DriverFiles {
        &self.files
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

fn start(
    file: &Path,
    files: &DriverFiles,
    unloadable: impl FnOnce(&str) -> TelemetryError,
) -> Result<NvmlLibrary, TelemetryError> {
    match Nvml::builder().lib_path(file.as_os_str()).init() {
        Ok(nvml) => Ok(NvmlLibrary { nvml: Arc::new(nvml), files: files.clone(), root: PathBuf::from("/") }),
        Err(NvmlError::LibloadingError(error)) => Err(unloadable(&error.to_string()).because(error)),
        Err(error) => Err(failure("NVIDIA's driver", "a start of its management library", error)),
    }
}
