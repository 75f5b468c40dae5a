//! [`Profiles`]: what was learned of a model on a device, kept for the next run.
//!
//! Each model on each device has a file: how many tokens keep it busy, what batches were seen to take, the table of replayed
//! shapes. The next run begins from it. A file that cannot be read, is damaged or of another version is put aside and told
//! of; a run begins without it, and never fails for it.

mod key;
mod remembered;
mod stored;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use batch_policy::Profile;

pub use self::key::ProfileKey;
pub(crate) use self::remembered::Remembered;
use self::stored::StoredProfile;

/// The folder of profiles: `profiles` in what `SEMANTIK_DATA` names, else in `semantik` in the user's data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profiles {
    root: PathBuf,
}

impl Profiles {
    /// Where this process's environment puts it; `None` where neither `SEMANTIK_DATA` nor a home folder is set.
    pub fn from_env() -> Option<Self> {
        Profiles::from_vars(|name| std::env::var_os(name))
    }

    /// As [`from_env`](Profiles::from_env), of an environment given as a function from a variable's name to its value.
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let var = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || {
            if cfg!(windows) {
                var("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                Some(var("HOME")?.join("Library/Application Support"))
            } else {
                let absolute = var("XDG_DATA_HOME").filter(|folder| folder.is_absolute());
                absolute.or_else(|| Some(var("HOME")?.join(".local/share")))
            }
        };
        let root = var("SEMANTIK_DATA").or_else(|| Some(user()?.join("semantik")))?;
        Some(Profiles::at(root.join("profiles")))
    }

    /// In this folder, which need not be there yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Profiles { root: root.into() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// What was learned, and what went wrong in reading it. Nothing was where there is no file.
    pub fn load(&self, key: &ProfileKey) -> (Profile, Option<String>) {
        let stored = StoredProfile::at(&self.root, key);
        stored.load().unwrap_or_else(|problem| (Profile::default(), Some(problem)))
    }

    /// Keeps what was learned by who began with, or kept last, `began_with`; beside what others have learned since.
    ///
    /// # Errors
    /// Why it cannot be kept, in words: it is nothing that a run should end for.
    pub fn save(&self, key: &ProfileKey, began_with: &Profile, learned: &Profile) -> Result<(), String> {
        StoredProfile::at(&self.root, key).save(began_with, learned)
    }
}

#[cfg(test)]
mod tests;
