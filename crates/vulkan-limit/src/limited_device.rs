//! [`LimitedDevice`]: a device with a small memory, as a test makes and steers it.

mod rerun;

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::control::state::State;
use crate::control::{Control, FOLDER_VARIABLE};
use crate::library::library;

/// As the manifest and the loader know it.
const LAYER_NAME: &str = "VK_LAYER_SEMANTIK_limit";

/// What a [`LimitedDevice`] is made from.
#[derive(Clone, Copy, Debug)]
pub struct LimitedDeviceBuilder {
    total: u64,
    hides_spirv: bool,
    hides_budget: bool,
}

impl LimitedDeviceBuilder {
    /// Says that the device lacks what kernels in SPIR-V need, so that a program that has them falls back to WGSL:
    /// software drivers offer these features and crash on such kernels.
    #[must_use]
    pub fn hide_spirv(mut self) -> Self {
        self.hides_spirv = true;
        self
    }

    /// Says that the driver does not tell budgets, even if it does.
    #[must_use]
    pub fn hide_budget(mut self) -> Self {
        self.hides_budget = true;
        self
    }

    /// Writes the device's files.
    ///
    /// # Errors
    /// The layer's library is not found, or the files cannot be written.
    pub fn build(self) -> Result<LimitedDevice> {
        let folder = tempfile::Builder::new().prefix("vulkan-limit-").tempdir()?;
        std::fs::write(folder.path().join("layer.json"), manifest(&library()?))?;
        let state = State {
            hides_spirv: self.hides_spirv.into(),
            hides_budget: self.hides_budget.into(),
            ..State::new(self.total)
        };
        let control = Control::create(folder.path(), &state)?;
        Ok(LimitedDevice { path: folder.path().to_owned(), control, _folder: Some(folder) })
    }
}

/// A device with a small memory: the layer's files, and a handle to steer it while programs run on it.
///
/// A program is on it if it has the [`environment`](LimitedDevice::environment) before its first Vulkan instance. All
/// such programs share its memory; what a program holds comes back when it ends, however it ends. The device is gone
/// when the handle that made it is dropped.
#[derive(Debug)]
pub struct LimitedDevice {
    path: PathBuf,
    control: Control,
    /// Removed at the end by the handle that made it.
    _folder: Option<TempDir>,
}

impl LimitedDevice {
    /// Of a device whose memory has this many bytes, or the driver's size if that is less.
    pub fn builder(total: u64) -> LimitedDeviceBuilder {
        LimitedDeviceBuilder { total, hides_spirv: false, hides_budget: false }
    }

    /// The device that this process is on, if its environment says so.
    ///
    /// # Errors
    /// The device is gone.
    pub fn current() -> Result<Option<Self>> {
        let Some(path) = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from) else { return Ok(None) };
        Ok(Some(LimitedDevice { control: Control::open(&path)?, path, _folder: None }))
    }

    /// What puts a program on the device. Other explicit layers are not found with it.
    pub fn environment(&self) -> [(&'static str, OsString); 3] {
        [
            ("VK_LAYER_PATH", self.path.clone().into()),
            ("VK_INSTANCE_LAYERS", LAYER_NAME.into()),
            (FOLDER_VARIABLE, self.path.clone().into()),
        ]
    }

    /// Allocations that would bring what all hold past this many bytes are refused from now on, and budgets follow. What
    /// is held already stays. The size of the heap stays too, as a real card's does.
    pub fn set_limit(&self, bytes: u64) -> Result<()> {
        self.control.change(|state| state.limit = bytes.min(state.total))
    }

    /// Reports no larger budget than this, and refuses nothing for it: as systems do that ask a program for restraint
    /// before they page it out.
    pub fn set_budget(&self, bytes: u64) -> Result<()> {
        self.control.change(|state| state.budget = bytes)
    }

    /// Somebody else holds this many bytes from now on.
    pub fn set_neighbour(&self, bytes: u64) -> Result<()> {
        self.control.change(|state| state.neighbour = bytes)
    }

    /// Refuses the `nth` allocation of device memory from now, whatever is free; 1 is the next. 0 takes the order back.
    pub fn fail_after(&self, nth: u64) -> Result<()> {
        self.control.change(|state| state.fail_after = nth)
    }

    /// Refuses the next upload.
    ///
    /// An upload is the creation of a buffer that is only copied from. The refusal comes there and not at an allocation,
    /// since allocators cut such buffers from blocks that they hold already, and since software drivers have a single
    /// type of memory, which says nothing about what it is for.
    pub fn fail_next_upload(&self) -> Result<()> {
        self.control.change(|state| state.fail_uploads += 1)
    }

    /// Loses the device to which work is submitted next. A new device works again.
    pub fn lose_device(&self) -> Result<()> {
        self.control.change(|state| state.lose_devices += 1)
    }

    /// Bytes that all programs hold now, without the neighbour's.
    pub fn live(&self) -> Result<u64> {
        Ok(self.control.read()?.live())
    }

    /// Bytes that one program holds now, by its process id.
    pub fn live_of(&self, process: u32) -> Result<u64> {
        Ok(self.control.read()?.live_of(process.into()))
    }

    /// The most bytes that all programs held at one time.
    pub fn peak(&self) -> Result<u64> {
        Ok(self.control.read()?.peak)
    }

    /// How many allocations were made.
    pub fn allocated(&self) -> Result<u64> {
        Ok(self.control.read()?.allocated)
    }

    /// How many allocations were refused.
    pub fn refused(&self) -> Result<u64> {
        Ok(self.control.read()?.refused)
    }

    /// How many uploads were refused.
    pub fn refused_uploads(&self) -> Result<u64> {
        Ok(self.control.read()?.refused_uploads)
    }

    /// How many programs are on it now.
    pub fn programs(&self) -> Result<usize> {
        Ok(self.control.read()?.processes.len())
    }

    /// Fails unless a program is on it: a test whose layer the loader did not take would pass without a limit.
    ///
    /// # Errors
    /// No program is on it.
    pub fn require_programs(&self) -> Result<()> {
        if self.programs()? > 0 {
            return Ok(());
        }
        let message = "no program is on the limited device; Vulkan's loader did not load the layer";
        Err(Error::new(ErrorKind::NotConnected, message))
    }
}

fn manifest(library: &Path) -> String {
    // A path of Windows has backslashes.
    let library = library.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        r#"{{
  "file_format_version": "1.1.2",
  "layer": {{
    "name": "{LAYER_NAME}",
    "type": "GLOBAL",
    "library_path": "{library}",
    "api_version": "1.3.0",
    "implementation_version": "1",
    "description": "Gives any device a small memory"
  }}
}}
"#
    )
}
