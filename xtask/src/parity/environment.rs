//! [`Python`]: an environment with the reference packages.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::package::python;
use crate::{model, process};

/// A Python that has the packages.
pub(super) struct Python {
    pub(super) program: PathBuf,
}

/// Exactly: others compute other vectors, if by little.
const REQUIREMENTS: &str = include_str!("requirements.txt");

impl Python {
    /// Makes the environment where it is not there, or has other packages.
    pub(super) fn ensure() -> Result<Self, XtaskError> {
        let folder = model::cache()?.join("parity-python");
        let program =
            if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
        // Written when all is there.
        let stamp = folder.join("requirements.txt");
        if fs::read_to_string(&stamp).is_ok_and(|there| there == REQUIREMENTS) && program.is_file() {
            return Ok(Python { program });
        }
        eprintln!("installing the reference packages (2.5 GB, once) into {} …", folder.display());
        process::run(Command::new(python()?).args(["-m", "venv"]).arg(&folder))?;
        let wanted = folder.join("wanted.txt");
        fs::write(&wanted, REQUIREMENTS).map_err(XtaskError::io(&wanted))?;
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]);
        process::run(pip.arg("--requirement").arg(&wanted))?;
        fs::rename(&wanted, &stamp).map_err(XtaskError::io(&stamp))?;
        Ok(Python { program })
    }
}
