//! One archive of a folder, small enough to carry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::process;

/// What can be carried at once.
const MOST_BYTES: u64 = 60 << 20;
/// From what every machine unpacks to what packs best.
const PACKERS: [(&str, &[&str]); 2] =
    [("gz", &["gzip", "-9", "-f", "-k"]), ("xz", &["xz", "-6", "-T2", "-f", "-k"])];

/// Packs the folder `name` in `parent`; `None` if it is too large however it is packed. No other archive of that name is
/// left there.
pub(super) fn pack(parent: &Path, name: &str) -> Result<Option<PathBuf>, XtaskError> {
    let archive = |end: &str| parent.join(format!("{name}.tar{end}"));
    for end in PACKERS.map(|(end, _)| format!(".{end}")) {
        // Best effort: there may be none.
        let _ = fs::remove_file(archive(&end));
    }
    let plain = archive("");
    let mut tar = Command::new("tar");
    // The same files give the same archive, whoever packs them.
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C"]).arg(parent);
    process::run(tar.arg("-cf").arg(&plain).arg(name))?;
    let mut packed = None;
    for (end, words) in PACKERS {
        process::run(Command::new(words[0]).args(&words[1..]).arg(&plain))?;
        let path = archive(&format!(".{end}"));
        let bytes = fs::metadata(&path).map_err(XtaskError::io(&path))?.len();
        println!("{}: {bytes} bytes, {MOST_BYTES} may be carried", path.display());
        if bytes <= MOST_BYTES {
            packed = Some(path);
            break;
        }
        fs::remove_file(&path).map_err(XtaskError::io(&path))?;
    }
    fs::remove_file(&plain).map_err(XtaskError::io(&plain))?;
    Ok(packed)
}
