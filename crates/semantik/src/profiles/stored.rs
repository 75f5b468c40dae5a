//! [`StoredProfile`]: the file of one model on one device.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use batch_policy::Profile;
use serde::{Deserialize, Serialize};

use super::key::ProfileKey;

/// The form of the file.
const VERSION: u32 = 1;
/// How long another process that writes it is waited for. It takes a millisecond; who takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(1);
/// More bytes than any profile has: a table of a few hundred shapes and as many measurements.
const MOST: u64 = 4 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    semantik_profile: u32,
    key: ProfileKey,
    profile: Profile,
}

/// The file, and the one that is locked while it is written: the file itself is replaced.
#[derive(Debug)]
pub(super) struct StoredProfile<'a> {
    folder: &'a Path,
    key: &'a ProfileKey,
    name: String,
}

/// Why a file holds no profile.
enum Unread {
    Absent,
    /// It is damaged, of another version or of something else.
    Foreign(String),
    Io(io::Error),
}

impl<'a> StoredProfile<'a> {
    pub(super) fn at(folder: &'a Path, key: &'a ProfileKey) -> Self {
        StoredProfile { folder, key, name: key.file_name() }
    }

    /// The profile, and what was put aside in place of one.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub(super) fn load(&self) -> Result<(Profile, Option<String>), String> {
        match self.read() {
            Ok(profile) => Ok((profile, None)),
            Err(Unread::Absent) => Ok((Profile::default(), None)),
            Err(Unread::Io(error)) => Err(self.problem(&error)),
            Err(Unread::Foreign(_)) => {
                // Under the lock, and only if it is so still: another process may have put it aside and written a good one.
                let _lock = self.lock().map_err(|error| self.problem(&error))?;
                self.present()
            }
        }
    }

    /// Writes what was learned. Where somebody else has written meanwhile, both are kept.
    ///
    /// # Errors
    /// Why it cannot be written, in words.
    pub(super) fn save(&self, began_with: &Profile, learned: &Profile) -> Result<(), String> {
        let _lock = self.lock().map_err(|error| self.problem(&error))?;
        let (present, _) = self.present()?;
        // What nobody else has changed is replaced: what was learned anew may be less than what was known.
        let kept = if present == *began_with { learned.clone() } else { present.merge(learned) };
        self.write(&kept).map_err(|error| self.problem(&error))
    }

    /// What is there; what is no profile is put aside. To be called under the lock.
    fn present(&self) -> Result<(Profile, Option<String>), String> {
        match self.read() {
            Ok(profile) => Ok((profile, None)),
            Err(Unread::Absent) => Ok((Profile::default(), None)),
            Err(Unread::Io(error)) => Err(self.problem(&error)),
            Err(Unread::Foreign(why)) => {
                let (path, aside) = (self.path(""), self.path(".aside"));
                fs::rename(&path, &aside).map_err(|error| self.problem(&error))?;
                let told =
                    format!("{} is no profile ({why}), and is {} now", path.display(), aside.display());
                Ok((Profile::default(), Some(told)))
            }
        }
    }

    fn read(&self) -> Result<Profile, Unread> {
        let path = self.path("");
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unread::Absent),
            Err(error) => return Err(Unread::Io(error)),
            Ok(there) if there.len() > MOST => {
                return Err(Unread::Foreign(format!("it has {} bytes", there.len())));
            }
            Ok(_) => {}
        }
        let text = match fs::read(&path) {
            // Another process may just have put it aside.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unread::Absent),
            read => read.map_err(Unread::Io)?,
        };
        let foreign = |error: serde_json::Error| Unread::Foreign(error.to_string());
        // The version first: what another version wrote need not have the form of this one.
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(foreign)?;
        let version = value.get("semantik_profile").and_then(serde_json::Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            let is = version
                .map_or_else(|| "has no version".to_owned(), |version| format!("has version {version}"));
            return Err(Unread::Foreign(format!("it {is}, and not {VERSION}")));
        }
        let written: Written = serde_json::from_value(value).map_err(foreign)?;
        if written.key != *self.key {
            return Err(Unread::Foreign("it is of another model or device".to_owned()));
        }
        Ok(written.profile)
    }

    fn write(&self, profile: &Profile) -> io::Result<()> {
        let written = Written { semantik_profile: VERSION, key: self.key.clone(), profile: profile.clone() };
        let mut text = serde_json::to_vec_pretty(&written)?;
        text.push(b'\n');
        // Under the lock nobody else writes it; what a process that was killed left is written over.
        let new = self.path(".new");
        fs::write(&new, text)?;
        fs::rename(&new, self.path(""))
    }

    /// No other process writes the profile while this is kept.
    fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(self.folder)?;
        let path = self.path(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                // A file system without locks protects nobody; that is no reason to remember nothing.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
                Err(TryLockError::WouldBlock) if started.elapsed() >= PATIENCE => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "another process keeps it locked"));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    fn path(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.json{end}", self.name))
    }

    fn problem(&self, error: &io::Error) -> String {
        format!("what was learned is not kept: {}: {error}", self.path("").display())
    }
}
