//! Where the layer's library is.

use std::env;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Names the library, where it is not beside the program.
const VARIABLE: &str = "VULKAN_LIMIT_LIBRARY";

/// The layer as Vulkan's loader loads it: what `VULKAN_LIMIT_LIBRARY` names, or else what is beside this program, in a
/// folder `deps` there, or in one beside its folder, as cargo lays tests, programs and examples out.
///
/// # Errors
/// It is in none of these.
pub fn library() -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
        return existing(Path::new(&named));
    }
    let program = env::current_exe()?;
    let name = format!("{}vulkan_limit{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    let beside = program.parent().unwrap_or(Path::new("."));
    let places =
        [beside.join(&name), beside.join("deps").join(&name), beside.with_file_name("deps").join(&name)];
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| missing(&beside.join(&name)))
}

fn existing(path: &Path) -> Result<PathBuf> {
    // The loader takes a relative path as relative to the manifest.
    if path.is_file() { path.canonicalize() } else { Err(missing(path)) }
}

fn missing(path: &Path) -> Error {
    let message = format!(
        "{} is not there; `cargo build -p vulkan-limit` makes the layer, {VARIABLE} names it elsewhere",
        path.display()
    );
    Error::new(ErrorKind::NotFound, message)
}
