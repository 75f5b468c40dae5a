//! Files of `/proc` and `/sys`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// Reads files of the system, the same ones again and again.
///
/// Those that the kernel makes up when they are read stay open: to find and open one takes several times as long as to
/// read it, and a monitor is asked ten times a second.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Files(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Whose `/proc/self` the files are of: after a fork, it is the parent's.
    process: u32,
    open: HashMap<PathBuf, File>,
    buffer: Vec<u8>,
}

/// A process that moves between many cgroups begins anew here.
const MOST_OPEN: usize = 64;

/// What each of these files fits in, mostly.
const AT_ONCE: usize = 8 << 10;

impl Files {
    /// The text of a file, or `None` where there is none.
    pub(in crate::monitor) fn read(&self, path: &Path) -> Result<Option<String>, TelemetryError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.read(path) {
            // Names of processes and mounts may hold any bytes; the numbers that matter here are ASCII.
            Ok(()) => Ok(Some(String::from_utf8_lossy(&kept.buffer).into_owned())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(TelemetryError::io(path, error)),
        }
    }
}

/// Nothing is shared with a copy: it opens its own.
impl Clone for Files {
    fn clone(&self) -> Self {
        Files::default()
    }
}

impl Kept {
    /// Fills the buffer.
    fn read(&mut self, path: &Path) -> std::io::Result<()> {
        let process = std::process::id();
        if process != self.process || self.open.len() > MOST_OPEN {
            self.open.clear();
            self.process = process;
        }
        if let Some(file) = self.open.get_mut(path) {
            if file.rewind().and_then(|()| fill(&mut self.buffer, file)).is_ok() {
                return Ok(());
            }
            // A cgroup that was removed fails for ever, and another may be at its path.
            self.open.remove(path);
        }
        let mut file = File::open(path)?;
        fill(&mut self.buffer, &mut file)?;
        // What has a size lies on a disk, where another may take its place.
        if file.metadata()?.len() == 0 && !self.buffer.is_empty() {
            self.open.insert(path.to_owned(), file);
        }
        Ok(())
    }
}

/// With few calls: the standard library begins with 32 bytes for a file without a size.
fn fill(buffer: &mut Vec<u8>, file: &mut File) -> std::io::Result<()> {
    let mut length = 0;
    loop {
        if buffer.len() < length + AT_ONCE {
            buffer.resize(length + AT_ONCE, 0);
        }
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(length);
    Ok(())
}

/// The value of a line such as `MemTotal:  16384 kB`, where the kernel's kB are KiB.
pub(in crate::monitor) fn kib_field(
    text: &str,
    name: &str,
    path: &Path,
) -> Result<Option<ByteCount>, TelemetryError> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let Some(line) = line else { return Ok(None) };
    let value = line.trim().strip_suffix("kB").and_then(|number| number.trim().parse::<u64>().ok());
    match value {
        Some(kib) => Ok(Some(ByteCount::KIB.saturating_mul(kib))),
        None => Err(TelemetryError::malformed(path, format!("{name} is {:?}", line.trim()))),
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    fn open(files: &Files) -> usize {
        files.0.lock().unwrap().open.len()
    }

    #[test]
    fn a_file_that_stays_open_tells_what_is_so_now() {
        let files = Files::default();
        let path = Path::new("/proc/thread-self/comm");
        for name in ["first", "second name", "3"] {
            std::fs::write(path, name).unwrap();
            assert_eq!(files.read(path).unwrap(), Some(format!("{name}\n")));
        }
        assert_eq!(open(&files), 1);
        assert_eq!(
            files.read(Path::new("/proc/self/cgroup")).unwrap(),
            std::fs::read_to_string("/proc/self/cgroup").ok()
        );
    }

    #[test]
    fn a_file_on_a_disk_may_be_replaced_or_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.max");
        let files = Files::default();
        assert_eq!(files.read(&path).unwrap(), None);
        for text in ["12", "max\n", ""] {
            std::fs::write(folder.path().join("new"), text).unwrap();
            std::fs::rename(folder.path().join("new"), &path).unwrap();
            assert_eq!(files.read(&path).unwrap().as_deref(), Some(text));
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!((files.read(&path).unwrap(), open(&files)), (None, 0));
    }

    #[test]
    fn a_file_of_any_length_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        let files = Files::default();
        for length in [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 5 * AT_ONCE] {
            let text = "x".repeat(length);
            std::fs::write(&path, &text).unwrap();
            assert!(files.read(&path).unwrap() == Some(text), "{length} bytes");
        }
    }
}
