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

/// Where a hub's programs keep what they keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct HubPlaces {
    /// The user's own folder, which `~` stands for.
    user: Option<PathBuf>,
    /// `HF_HOME`, by default in the user's cache folder.
    #[cfg_attr(
        not(feature = "hub"),
        allow(dead_code, reason = "a token may lie there, for who brings models")
    )]
    pub(crate) home: Option<PathBuf>,
    /// `HF_HUB_CACHE` (before that called `HUGGINGFACE_HUB_CACHE`), else `hub` in the one above.
    pub(crate) cache: Option<PathBuf>,
}

/// A name of a model on a hub, with the revision that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HubName {
    /// What the model may be called there, the likeliest first.
    pub(crate) names: Vec<String>,
    /// A branch, a tag or a commit; `main` where none is named.
    pub(crate) revision: String,
    /// Whether one is named.
    pub(crate) has_revision: bool,
}

/// Whom a model without an organisation belongs to, as sentence-transformers has it.
const ORGANISATION: &str = "sentence-transformers";
/// The revision that is meant where none is named.
const MAIN: &str = "main";

impl HubPlaces {
    /// As an environment says.
    pub(crate) fn of(var: &impl Fn(&str) -> Option<OsString>) -> Self {
        let user = var("HOME").or_else(|| var("USERPROFILE")).map(PathBuf::from);
        let places = HubPlaces { user, ..HubPlaces::default() };
        let path = |name: &str| places.path(var, name);
        let caches = || path("XDG_CACHE_HOME").or_else(|| Some(places.user.as_ref()?.join(".cache")));
        let home = path("HF_HOME").or_else(|| Some(caches()?.join("huggingface")));
        let cache = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
        let cache = cache.or_else(|| Some(home.as_ref()?.join("hub")));
        HubPlaces { home, cache, ..places }
    }

    /// The path that a variable holds.
    pub(crate) fn path(&self, var: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
        let value = PathBuf::from(var(name).filter(|value| !value.is_empty())?);
        match value.strip_prefix("~") {
            Ok(rest) => Some(self.user.as_ref()?.join(rest)),
            Err(_) => Some(value),
        }
    }
}

impl HubName {
    /// `ORGANISATION/NAME`, or `NAME` for one of sentence-transformers, with `@REVISION` behind it or without; `None` for what
    /// is no name of a model.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (name, revision) = match name.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (name, None),
        };
        let parts: Vec<&str> = name.split('/').collect();
        if !parts.iter().all(|part| is_part(part)) || !revision.is_none_or(|it| it.split('/').all(is_part)) {
            return None;
        }
        let names = match parts[..] {
            [name] => vec![format!("{ORGANISATION}/{name}"), name.to_owned()],
            [_, _] => vec![name.to_owned()],
            _ => return None,
        };
        Some(HubName {
            names,
            revision: revision.unwrap_or(MAIN).to_owned(),
            has_revision: revision.is_some(),
        })
    }
}

impl Hub {
    /// As an environment says: `SENTENCE_TRANSFORMERS_HOME`, and the hub's cache.
    pub(super) fn of(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let hub = HubPlaces::of(&var);
        Hub {
            places: [hub.path(&var, "SENTENCE_TRANSFORMERS_HOME"), hub.cache].into_iter().flatten().collect(),
        }
    }

    /// The folder of a model by its name there, `ORGANISATION/NAME` or `NAME`, with `@REVISION` behind it for one of several.
    /// `missing` is where else it was looked for.
    ///
    /// # Errors
    /// It is not there; or it is, and which of its snapshots is meant cannot be told, or that one is not there.
    pub(super) fn find(&self, name: &str, missing: &Path) -> Result<PathBuf, Error> {
        let Some(named) = HubName::parse(name).filter(|_| !self.places.is_empty()) else {
            return Err(Error::no_model(name, missing));
        };
        let folder = |name: &String| format!("models--{}", name.replace('/', "--"));
        for place in &self.places {
            for name in &named.names {
                let model = place.join(folder(name));
                if model.is_dir() {
                    return if named.has_revision {
                        revision(&model, &named.revision)
                    } else {
                        snapshot(&model)
                    };
                }
                // As sentence-transformers saved them before there was a hub's cache.
                let flat = place.join(name.replace('/', "_"));
                if !named.has_revision
                    && (flat.join("config.json").is_file() || flat.join("modules.json").is_file())
                {
                    return Ok(flat);
                }
            }
        }
        Err(Error::not_in_caches(name, missing, &self.places, named.names.iter().map(folder).collect()))
    }

    /// The names of the models there that say how text becomes a vector, with the folder of each, sorted.
    pub(super) fn names(&self) -> Vec<(String, PathBuf)> {
        let entries =
            self.places.iter().flat_map(|place| std::fs::read_dir(place).into_iter().flatten().flatten());
        let models = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_prefix("models--")?.replacen("--", "/", 1);
            let folder = snapshot(&entry.path()).ok()?;
            folder.join("modules.json").is_file().then_some((name, folder))
        });
        let mut names: Vec<(String, PathBuf)> = models.collect();
        names.sort_unstable();
        names.dedup_by(|a, b| a.0 == b.0);
        names
    }
}

/// Whether a folder is a model's in a hub's cache: what can be opened is one of its snapshots.
pub(super) fn is_hubs(folder: &Path) -> bool {
    !folder.join("config.json").exists() && folder.join("snapshots").is_dir()
}

fn is_part(part: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
}

/// The snapshot of a revision: of a branch or a tag that was brought by that name, or of a commit.
fn revision(model: &Path, revision: &str) -> Result<PathBuf, Error> {
    let reference = model.join("refs").join(revision);
    if reference.is_file() {
        return referred(model, &reference);
    }
    let folder = model.join("snapshots").join(revision);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Error::hub_cache(model, format!("the model is there, and has no revision {revision:?}")))
}

/// The snapshot that `refs/main` names, or the only one.
pub(super) fn snapshot(model: &Path) -> Result<PathBuf, Error> {
    let reference = model.join("refs").join(MAIN);
    if reference.exists() {
        return referred(model, &reference);
    }
    let snapshots = model.join("snapshots");
    let entries = fs::read_dir(&snapshots).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort_unstable();
    match &found[..] {
        [only] => Ok(only.clone()),
        [] => Err(Error::hub_cache(
            model,
            "the model's folder holds no snapshot: its download was not finished",
        )),
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

/// The snapshot that a reference names.
fn referred(model: &Path, reference: &Path) -> Result<PathBuf, Error> {
    let snapshots = model.join("snapshots");
    let revision =
        fs::read_to_string(reference).map_err(|error| Error::hub_cache(reference, error.to_string()))?;
    let revision = revision.trim();
    let is_name = !revision.is_empty() && revision.chars().all(|c| c.is_ascii_alphanumeric());
    let folder = snapshots.join(revision);
    if is_name && folder.is_dir() {
        return Ok(folder);
    }
    let message = format!("it names the snapshot {revision:?}, which is not in {}", snapshots.display());
    Err(Error::hub_cache(reference, message))
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
        let names = |name: &str| HubName::parse(name).map(|name| name.names).unwrap_or_default();
        assert_eq!(names("org/name"), ["org/name"]);
        assert_eq!(names("name"), ["sentence-transformers/name", "name"]);
        for name in [
            "", "a/b/c", "../a", "/a", "a/", "./a", "a b", "a\\b", "@", "a@", "@a", "a@../b", "a@b c",
            "a@b@c",
        ] {
            assert!(names(name).is_empty(), "{name}");
        }
        let revision =
            |name: &str| HubName::parse(name).map(|name| (name.revision, name.has_revision)).unwrap();
        assert_eq!(revision("org/name"), ("main".to_owned(), false));
        assert_eq!(revision("name@v1.0"), ("v1.0".to_owned(), true));
        assert_eq!(revision("org/name@refs/pr/1"), ("refs/pr/1".to_owned(), true));
    }
}
