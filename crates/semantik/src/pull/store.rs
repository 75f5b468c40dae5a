//! [`Store`]: a model in the hub's cache, in the layout that the hub's own programs read and write.
//!
//! `blobs` has files by the names that the hub gives their bytes, `snapshots/COMMIT` links to them by their names in the model,
//! and `refs/REVISION` says which commit a revision is. What is being received is `blobs/….incomplete`, and is gone on with by
//! those programs as here; a lock in `.locks` keeps two from receiving one file.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use crate::error::Error;

/// One model there.
#[derive(Debug)]
pub(super) struct Store {
    cache: PathBuf,
    folder: String,
    repo: CacheRepo,
}

/// A file's place among the blobs.
#[derive(Debug)]
pub(super) struct Blob {
    /// What the hub calls its bytes.
    pub(super) etag: String,
    /// Where they are when they are whole.
    pub(super) whole: PathBuf,
    /// Where they are until then.
    pub(super) incomplete: PathBuf,
    lock: PathBuf,
}

impl Store {
    /// Of this revision of a model.
    pub(super) fn new(cache: &Path, repo: Repo) -> Self {
        let folder = repo.folder_name();
        Store { cache: cache.to_owned(), folder, repo: Cache::new(cache.to_owned()).repo(repo) }
    }

    /// The place of what the hub calls so; `None` where that could lead anywhere else.
    pub(super) fn blob(&self, etag: &str) -> Option<Blob> {
        let etag = etag.trim_start_matches("W/").trim_matches('"');
        let is_plain = (1..=128).contains(&etag.len())
            && etag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let whole = self.repo.blob_path(etag);
        let beside = |ending: &str| format!("{etag}.{ending}");
        is_plain.then(|| Blob {
            incomplete: whole.with_file_name(beside("incomplete")),
            lock: self.cache.join(".locks").join(&self.folder).join(beside("lock")),
            etag: etag.to_owned(),
            whole,
        })
    }

    /// The folder of a commit's files.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.repo.pointer_path(commit)
    }

    /// A folder for a look at some of the files, before there is a snapshot: another one each time.
    pub(super) fn look(&self) -> PathBuf {
        // Threads may bring the same model.
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        let name = format!(".look-{}-{}", std::process::id(), LOOKS.fetch_add(1, Ordering::Relaxed));
        self.cache.join(&self.folder).join(name)
    }

    /// Puts a link to a blob into a folder, by the file's name in the model.
    pub(super) fn link(&self, blob: &Blob, folder: &Path, name: &str) -> Result<PathBuf, Error> {
        let to = folder.join(name);
        let fail = |error| Error::output(&to, error);
        if same(&to, &blob.whole) {
            return Ok(to);
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        if to.symlink_metadata().is_ok() {
            fs::remove_file(&to).map_err(fail)?;
        }
        put_link(&self.cache.join(&self.folder), &blob.whole, &to).map_err(fail)?;
        Ok(to)
    }

    /// Says which commit this revision is.
    pub(super) fn refer(&self, commit: &str) -> Result<(), Error> {
        let refs = self.cache.join(&self.folder).join("refs");
        self.repo.create_ref(commit).map_err(|error| Error::output(&refs, error))
    }
}

impl Blob {
    /// Takes the lock of these bytes; `waits` is called until another process gives it back.
    pub(super) fn lock(&self, mut waits: impl FnMut() -> Result<(), Error>) -> Result<File, Error> {
        let fail = |error| Error::output(&self.lock, error);
        for path in [&self.lock, &self.whole] {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| Error::output(folder, error))?;
            }
        }
        let file = File::options().create(true).truncate(false).write(true).open(&self.lock).map_err(fail)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => waits()?,
                // A file system without locks: two processes at once would be found out by the bytes.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
    }
}

/// Whether a name leads to a blob, whose length a copy has too.
fn same(name: &Path, blob: &Path) -> bool {
    same_file::is_same_file(name, blob).unwrap_or(false)
}

/// A link that stays right when the cache is moved; where links are not to be had, a second name, or a copy.
fn put_link(model: &Path, blob: &Path, to: &Path) -> io::Result<()> {
    let below = to.strip_prefix(model).unwrap_or(to);
    let up: PathBuf = below.components().skip(1).map(|_| "..").collect();
    let relative = up.join(blob.strip_prefix(model).unwrap_or(blob));
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(&relative, to);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_file(&relative, to);
    #[cfg(not(any(unix, windows)))]
    let linked = Err::<(), _>(io::Error::from(io::ErrorKind::Unsupported));
    linked.or_else(|_| fs::hard_link(blob, to)).or_else(|_| fs::copy(blob, to).map(drop))
}

/// A model by its name and revision, as the crate has it.
pub(super) fn repo(name: &str, revision: &str) -> Repo {
    Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_bytes_lead_nowhere_else() {
        let store = Store::new(Path::new("/cache"), repo("org/name", "main"));
        let blob = store.blob("\"abc-1\"").unwrap();
        assert_eq!(blob.whole, Path::new("/cache/models--org--name/blobs/abc-1"));
        assert_eq!(blob.incomplete, Path::new("/cache/models--org--name/blobs/abc-1.incomplete"));
        assert_eq!(store.blob("W/\"abc\"").unwrap().etag, "abc");
        for etag in ["", "\"\"", "../x", "a/b", "a.b", "\"..\"", "a\\b", &"a".repeat(129)] {
            assert!(store.blob(etag).is_none(), "{etag}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_survive_a_move_and_are_made_anew_where_they_lead_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let (old, new) = (root.path().join("old"), root.path().join("new"));
        let store = Store::new(&old, repo("org/name", "main"));
        let blob = store.blob("abc").unwrap();
        drop(blob.lock(|| panic!("nobody has it")).unwrap());
        fs::write(&blob.whole, "bytes").unwrap();
        let snapshot = store.snapshot("c1");
        fs::create_dir_all(&snapshot).unwrap();
        std::os::unix::fs::symlink("nowhere", snapshot.join("config.json")).unwrap();
        for name in ["config.json", "1_Pooling/config.json", "config.json"] {
            store.link(&blob, &snapshot, name).unwrap();
        }
        store.refer("c1").unwrap();
        fs::rename(&old, &new).unwrap();
        for name in ["config.json", "1_Pooling/config.json"] {
            let moved = new.join("models--org--name/snapshots/c1").join(name);
            assert_eq!(fs::read_to_string(moved).unwrap(), "bytes", "{name}");
        }
        assert_eq!(fs::read_to_string(new.join("models--org--name/refs/main")).unwrap(), "c1");
    }
}
