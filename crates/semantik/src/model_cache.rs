//! [`ModelCache`]: models by name.

mod hub;

use std::path::{Path, PathBuf};

use embed_burn::ModelFolder;

use self::hub::Hub;
#[cfg(feature = "hub")]
pub(crate) use self::hub::{HubName, HubPlaces};
use crate::error::Error;

/// The folder of models that are known by name: `SEMANTIK_CACHE`, else `semantik` in the user's cache folder. What is not
/// there is looked for among the models that others have downloaded from a hub.
#[derive(Clone, Debug)]
pub struct ModelCache {
    root: PathBuf,
    hub: Hub,
}

impl ModelCache {
    /// The model that is used where none is named.
    pub const DEFAULT: &'static str = "all-MiniLM-L6-v2";

    /// Where this process's environment puts it, and the caches of a hub: `SENTENCE_TRANSFORMERS_HOME`, and
    /// `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in `huggingface` in the user's cache folder.
    ///
    /// # Errors
    /// Neither `SEMANTIK_CACHE` nor a home folder is set.
    pub fn from_env() -> Result<Self, Error> {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || {
            if cfg!(windows) {
                var("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                Some(var("HOME")?.join("Library/Caches"))
            } else {
                var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")))
            }
        };
        let root = var("SEMANTIK_CACHE").or_else(|| Some(user()?.join("semantik")));
        let cache = root.map(ModelCache::at).ok_or_else(Error::no_cache)?;
        Ok(ModelCache { hub: Hub::of(|name| std::env::var_os(name)), ..cache })
    }

    /// A cache in this folder, and no hub's.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        ModelCache { root: root.into(), hub: Hub::default() }
    }

    /// Where models lie, each in a folder of its name.
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// Where `cargo xtask setup-llvm` puts what CUDA's kernels are linked with, laid out as CUDA's toolkit.
    pub(crate) fn cuda(&self) -> PathBuf {
        self.root.join("cuda")
    }

    /// The folder of a model, by its path, by its name in this cache, or by its name in a hub's (`ORGANISATION/NAME`,
    /// or `NAME` for one of sentence-transformers, with `@REVISION` behind it for one of several). What is a folder is
    /// one; a model's whole folder in a hub's cache stands for its snapshot.
    ///
    /// # Errors
    /// There is no such folder, or a hub's cache has the model and not its snapshot.
    pub fn path(&self, model: &str) -> Result<PathBuf, Error> {
        let direct = Path::new(model);
        if direct.is_dir() {
            return if hub::is_hubs(direct) { hub::snapshot(direct) } else { Ok(direct.to_owned()) };
        }
        let is_name = !model.is_empty() && !model.starts_with('.') && !model.contains(['/', '\\']);
        let path = if is_name { self.models().join(model) } else { direct.to_owned() };
        if path.is_dir() { Ok(path) } else { self.hub.find(model, &path) }
    }

    /// Opens a model by its name or by its path.
    ///
    /// # Errors
    /// There is no such folder, or it is no model.
    pub fn resolve(&self, model: &str) -> Result<ModelFolder, Error> {
        Ok(ModelFolder::open(self.path(model)?)?)
    }

    /// The models in a hub's cache that say how text becomes a vector (they have a `modules.json`), by name and folder,
    /// sorted.
    pub fn hub_models(&self) -> Vec<(String, PathBuf)> {
        self.hub.names()
    }

    /// The names of the models in the cache, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.models()).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        names
    }
}
