//! This process on the limited device.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::control::state::State;
use crate::control::{Attached, FOLDER_VARIABLE};

static ATTACHED: OnceLock<Result<Attached, String>> = OnceLock::new();

/// Puts this process on the device that the environment names, the first time. Whether it is there.
pub(super) fn attach() -> bool {
    let attached = ATTACHED.get_or_init(|| {
        let folder = std::env::var_os(FOLDER_VARIABLE)
            .map(PathBuf::from)
            .ok_or_else(|| format!("{FOLDER_VARIABLE} does not name the folder of the limited device"))?;
        Attached::new(&folder).map_err(|error| format!("{}: {error}", folder.display()))
    });
    if let Err(reason) = attached {
        // There is nobody else to tell: Vulkan's error has no words. A program without its limit must not run.
        eprintln!("vulkan-limit: {reason}");
    }
    attached.is_ok()
}

/// Changes the device's state, with this process's id in hand; `None` after telling why it cannot.
pub(super) fn change<T>(step: impl FnOnce(&mut State, u64) -> T) -> Option<T> {
    let attached = ATTACHED.get()?.as_ref().ok()?;
    match attached.change(step) {
        Ok(result) => Some(result),
        Err(error) => {
            eprintln!("vulkan-limit: {error}");
            None
        }
    }
}
