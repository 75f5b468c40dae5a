//! [`Hub`]: models that other programs have downloaded from a hub, found without network.
//!
//! A hub's cache has a folder for each model, `models--ORGANISATION--NAME`. In it, `snapshots` has a folder for each
//! revision, whose files are links to `blobs`, and `refs/main` holds the name of the revision that is meant where none is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The places where downloaded models may lie, in the order in which they are looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Hub {
    places: Vec<PathBuf>,
}

/// Whom a model without an organisation belongs to, as sentence-transformers has it.
const ORGANISATION: &str = "sentence-transformers";

impl Hub {
    /// As an environment says: `SENTENCE_TRANSFORMERS_HOME`, and the hub's cache, which is `HF_HUB_CACHE` (before that
    /// called `HUGGINGFACE_HUB_CACHE`), else `hub` in `HF_HOME`, which is by default in the user's cache folder.
    pub(super) fn of(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let home = || Some(PathBuf::from(var("HOME").or_else(|| var("USERPROFILE"))?));
        let path = |name: &str| {
            let value = PathBuf::from(var(name).filter(|value| !value.is_empty())?);
            match value.strip_prefix("~") {
                Ok(rest) => Some(home()?.join(rest)),
                Err(_) => Some(value),
            }
        };
        let user = || path("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
        let hub = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE")).or_else(|| {
            let home = path("HF_HOME").or_else(|| Some(user()?.join("huggingface")));
            Some(home?.join("hub"))
        });
        Hub { places: [path("SENTENCE_TRANSFORMERS_HOME"), hub].into_iter().flatten().collect() }
    }

    /// The folder of a model by its name there, `ORGANISATION/NAME` or `NAME`. `missing` is where else it was looked for.
    ///
    /// # Errors
    /// It is not there; or it is, and which of its snapshots is meant cannot be told, or that one is not there.
    pub(super) fn find(&self, name: &str, missing: &Path) -> Result<PathBuf, Error> {
        let names = names(name);
        if names.is_empty() || self.places.is_empty() {
            return Err(Error::no_model(name, missing));
        }
        let folder = |name: &String| format!("models--{}", name.replace('/', "--"));
        for place in &self.places {
            for name in &names {
                let model = place.join(folder(name));
                if model.is_dir() {
                    return snapshot(&model);
                }
                // As sentence-transformers saved them before there was a hub's cache.
                let flat = place.join(name.replace('/', "_"));
                if flat.join("config.json").is_file() || flat.join("modules.json").is_file() {
                    return Ok(flat);
                }
            }
        }
        Err(Error::not_in_caches(name, missing, &self.places, names.iter().map(folder).collect()))
    }
}

/// Whether a folder is a model's in a hub's cache: what can be opened is one of its snapshots.
pub(super) fn is_hubs(folder: &Path) -> bool {
    !folder.join("config.json").exists() && folder.join("snapshots").is_dir()
}

/// What a model may be called there; nothing for what is no name of a model.
fn names(name: &str) -> Vec<String> {
    let is_part = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
    };
    let parts: Vec<&str> = name.split('/').collect();
    if !parts.iter().all(|part| is_part(part)) {
        return Vec::new();
    }
    match parts[..] {
        [name] => vec![format!("{ORGANISATION}/{name}"), name.to_owned()],
        [_, _] => vec![name.to_owned()],
        _ => Vec::new(),
    }
}

/// The snapshot that `refs/main` names, or the only one.
pub(super) fn snapshot(model: &Path) -> Result<PathBuf, Error> {
    let snapshots = model.join("snapshots");
    let reference = model.join("refs").join("main");
    match fs::read_to_string(&reference) {
        Ok(revision) => {
            let revision = revision.trim();
            let is_name = !revision.is_empty() && revision.chars().all(|c| c.is_ascii_alphanumeric());
            let folder = snapshots.join(revision);
            if is_name && folder.is_dir() {
                return Ok(folder);
            }
            let message =
                format!("it names the snapshot {revision:?}, which is not in {}", snapshots.display());
            return Err(Error::hub_cache(&reference, message));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::hub_cache(&reference, error.to_string())),
    }
    let entries = fs::read_dir(&snapshots).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort_unstable();
    match &found[..] {
        [only] => Ok(only.clone()),
        [] => Err(Error::hub_cache(model, "the model's folder holds no snapshot")),
        several => {
            let names = several.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy());
            let names = names.collect::<Vec<_>>().join(", ");
            Err(Error::hub_cache(
                &snapshots,
                format!("refs/main is missing, and there are several snapshots: {names}"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(set: &[(&str, &str)]) -> Vec<PathBuf> {
        let var = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Hub::of(var).places
    }

    #[test]
    fn places_are_those_that_the_environment_says() {
        let home = ("HOME", "/home/me");
        for (set, want) in [
            (&[home][..], &["/home/me/.cache/huggingface/hub"][..]),
            (&[home, ("XDG_CACHE_HOME", "/x")], &["/x/huggingface/hub"]),
            (&[home, ("HF_HOME", "/hf"), ("XDG_CACHE_HOME", "/x")], &["/hf/hub"]),
            (&[home, ("HF_HOME", "/hf"), ("HUGGINGFACE_HUB_CACHE", "/old")], &["/old"]),
            (
                &[home, ("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/hub"), ("HUGGINGFACE_HUB_CACHE", "/old")],
                &["/hub"],
            ),
            (&[home, ("HF_HUB_CACHE", "~/mine"), ("HF_HOME", "")], &["/home/me/mine"]),
            (&[("SENTENCE_TRANSFORMERS_HOME", "/st"), ("HF_HOME", "/hf")], &["/st", "/hf/hub"]),
            (&[], &[]),
        ] {
            let want: Vec<PathBuf> = want.iter().map(PathBuf::from).collect();
            assert_eq!(places(set), want, "{set:?}");
        }
    }

    #[test]
    fn what_is_no_name_of_a_model_is_looked_for_nowhere() {
        assert_eq!(names("org/name"), ["org/name"]);
        assert_eq!(names("name"), ["sentence-transformers/name", "name"]);
        for name in ["", "a/b/c", "../a", "/a", "a/", "./a", "a b", "a\\b"] {
            assert!(names(name).is_empty(), "{name}");
        }
    }
}
