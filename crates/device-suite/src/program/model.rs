//! The model that is run: a folder, or random weights.

use std::path::{Path, PathBuf};

use device_suite::{Fault, SeededModel, Sizes};
use embed_burn::ModelFolder;

use crate::failure::Failure;

/// A folder that may be a temporary one.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) folder: ModelFolder,
    /// The folder's name, or `seeded`.
    pub(crate) name: String,
    /// Removes its folder when dropped.
    _seeded: Option<SeededModel>,
}

const SEEDED: &str = "seeded";

impl Model {
    /// The one that was named; else the folder `model` beside this program; else random weights.
    pub(crate) fn open(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) if path == Path::new(SEEDED) => None,
            Some(path) => Some(path.to_owned()),
            None => beside_program().filter(|path| path.is_dir()),
        };
        let seeded = if path.is_none() { Some(SeededModel::new(Sizes::MINILM)?) } else { None };
        let path =
            path.or_else(|| seeded.as_ref().map(|seeded| seeded.path().to_owned())).unwrap_or_default();
        let folder = ModelFolder::open(&path).map_err(Fault::from)?;
        let name = if seeded.is_some() { SEEDED.to_owned() } else { name(&path) };
        Ok(Model { folder, name, _seeded: seeded })
    }

    /// Where [`prepare`](crate::prepare) puts the vectors that were computed with it.
    pub(crate) fn references(&self) -> PathBuf {
        self.folder.path().join("references.json")
    }
}

/// What the bundle says it carries, since there its folder is only called `model`.
fn name(path: &Path) -> String {
    let told = std::fs::read_to_string(path.join("NAME")).ok().map(|name| name.trim().to_owned());
    told.unwrap_or_else(|| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
}

fn beside_program() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.join("model"))
}
