//! [`runtime_folder`]: where processes of one user leave word for each other.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The folder's name in `XDG_RUNTIME_DIR`, and the beginning of its name where that is not set.
const NAME: &str = "semantik";

/// `semantik` in `XDG_RUNTIME_DIR`, where that is this user's; else a folder of this user in that for temporary files. It is
/// made if it is not there. Nobody else may write there: whoever can could take the memory from under a run.
///
/// # Errors
/// The folder cannot be made or written to, or is another user's.
pub(super) fn runtime_folder(var: impl Fn(&str) -> Option<OsString>, temp: &Path) -> io::Result<PathBuf> {
    let runtime = var("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    if let Some(runtime) = runtime.filter(|runtime| is_ours(runtime)) {
        return make(runtime.join(NAME));
    }
    make(temp.join(name_in(temp)?))
}

#[cfg(unix)]
mod owner {
    use std::fs::{DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::SystemTime;

    use super::NAME;

    /// Whose files this process makes in a folder: the standard library tells a user's number only of files.
    fn user_in(folder: &Path) -> io::Result<u32> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (pid, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(format!(".{NAME}-{pid}-{}-{next}", clock.as_nanos()));
        // It is ours for certain only if it was not there.
        let made = OpenOptions::new().write(true).create_new(true).open(&path);
        let user = made.and_then(|file: File| Ok(file.metadata()?.uid()));
        let _ = std::fs::remove_file(&path);
        user
    }

    pub(super) fn is_ours(folder: &Path) -> bool {
        let owner = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir).map(|there| there.uid());
        owner.is_some() && owner == user_in(folder).ok()
    }

    pub(super) fn name_in(temp: &Path) -> io::Result<String> {
        Ok(format!("{NAME}-{}", user_in(temp)?))
    }

    pub(super) fn make(folder: PathBuf) -> io::Result<PathBuf> {
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Of a link it is the link itself that is looked at.
        let there = std::fs::symlink_metadata(&folder)?;
        if !there.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no folder"));
        }
        if there.uid() != user_in(&folder)? {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
        }
        if there.mode() & 0o077 != 0 {
            std::fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        }
        Ok(folder)
    }
}

/// Where the folder for temporary files is the user's own already.
#[cfg(not(unix))]
mod owner {
    use std::io;
    use std::path::{Path, PathBuf};

    use super::NAME;

    pub(super) fn is_ours(folder: &Path) -> bool {
        folder.is_dir()
    }

    // As on other systems.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn name_in(_: &Path) -> io::Result<String> {
        Ok(NAME.to_owned())
    }

    pub(super) fn make(folder: PathBuf) -> io::Result<PathBuf> {
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

use owner::{is_ours, make, name_in};

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(folder: &Path) -> u32 {
        std::fs::metadata(folder).unwrap().permissions().mode() & 0o777
    }

    fn folder(runtime: Option<&Path>, temp: &Path) -> io::Result<PathBuf> {
        runtime_folder(|_| runtime.map(|path| path.as_os_str().to_owned()), temp)
    }

    #[test]
    fn it_is_in_the_runtime_folder_and_nobody_elses() {
        let place = tempfile::tempdir().unwrap();
        let made = folder(Some(place.path()), Path::new("/nowhere")).unwrap();
        assert_eq!(made, place.path().join("semantik"));
        assert_eq!(mode(&made), 0o700);
        // What was made readable is closed again, and nothing else is left there.
        std::fs::set_permissions(&made, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder(Some(place.path()), Path::new("/nowhere")).unwrap(), made);
        assert_eq!(mode(&made), 0o700);
        assert_eq!(std::fs::read_dir(&made).unwrap().count(), 0);
    }

    #[test]
    fn without_one_it_is_this_users_among_temporary_files() {
        let place = tempfile::tempdir().unwrap();
        let made = folder(None, place.path()).unwrap();
        let name = made.file_name().unwrap().to_str().unwrap();
        assert!(made.starts_with(place.path()) && name.starts_with("semantik-"), "{name}");
        assert_eq!(mode(&made), 0o700);
        for unusable in [Path::new("relative"), Path::new("/nowhere/at/all")] {
            assert_eq!(folder(Some(unusable), place.path()).unwrap(), made);
        }
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("semantik"), "x").unwrap();
        assert!(folder(Some(place.path()), Path::new("/nowhere")).is_err());
        // A link may lead to where others write.
        std::fs::remove_file(place.path().join("semantik")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), place.path().join("semantik")).unwrap();
        let error = folder(Some(place.path()), Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("no folder"), "{error}");
    }

    #[test]
    fn a_folder_that_is_anothers_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let made = folder(Some(place.path()), Path::new("/nowhere")).unwrap();
        // Only root may give a folder away; whoever else runs this has one of root's.
        if std::os::unix::fs::chown(&made, Some(1), None).is_ok() {
            let error = folder(Some(place.path()), Path::new("/nowhere")).unwrap_err();
            assert!(error.to_string().contains("another user"), "{error}");
            std::os::unix::fs::chown(place.path(), Some(1), None).unwrap();
        } else {
            std::fs::remove_dir(&made).unwrap();
        }
        // A runtime folder of another user is passed over.
        let others = if place.path().join("semantik").exists() { place.path() } else { Path::new("/") };
        let temp = tempfile::tempdir().unwrap();
        assert!(folder(Some(others), temp.path()).unwrap().starts_with(temp.path()));
    }
}
