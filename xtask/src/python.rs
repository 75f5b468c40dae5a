//! [`Environment`]: Python packages of exact versions, installed once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::XtaskError;
use crate::package::python;
use crate::{model, process};

/// Which packages, where, and what is told while they are brought.
pub(crate) struct Environment {
    /// The folder's name in the cache where `semantik` looks for models.
    pub(crate) name: &'static str,
    /// As pip reads them, each with its version: others compute other vectors, if by little, and are as fast as they are.
    pub(crate) requirements: &'static str,
    /// What is downloaded, in words.
    pub(crate) size: &'static str,
    /// Another whose packages are found too, so that they are not brought twice.
    pub(crate) over: Option<&'static Environment>,
}

/// torch and what is built upon it.
pub(crate) const REFERENCE: Environment = Environment {
    name: "parity-python",
    requirements: include_str!("parity/requirements.txt"),
    size: "the reference packages (2.5 GB, once)",
    over: None,
};

/// A Python that has the packages.
pub(crate) struct Python {
    pub(crate) program: PathBuf,
}

impl Environment {
    /// Makes the environment where it is not there, or has other packages.
    ///
    /// # Errors
    /// There is no pip, or it does not bring a package.
    pub(crate) fn ensure(&self) -> Result<Python, XtaskError> {
        let below = self.over.map(Environment::ensure).transpose()?;
        let folder = model::cache()?.join(self.name);
        let program =
            if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
        // Written when all is there.
        let stamp = folder.join("requirements.txt");
        let wanted_text = self.stamp();
        if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted_text) && program.is_file() {
            return Ok(Python { program });
        }
        eprintln!("installing {} into {} …", self.size, folder.display());
        process::run(Command::new(python()?).args(["-m", "venv"]).arg(&folder))?;
        if let Some(below) = below {
            show(&below, &Python { program: program.clone() })?;
        }
        let wanted = folder.join("wanted.txt");
        fs::write(&wanted, &wanted_text).map_err(XtaskError::io(&wanted))?;
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]);
        process::run(pip.arg("--requirement").arg(&wanted)).map_err(|error| {
            XtaskError::failed(format!(
                "{error}: pip did not bring {}; it needs the package registry, and packages for this system and this Python",
                self.size
            ))
        })?;
        fs::rename(&wanted, &stamp).map_err(XtaskError::io(&stamp))?;
        Ok(Python { program })
    }

    /// The packages, and those of the environments below.
    pub(crate) fn stamp(&self) -> String {
        let below = self.over.map(Environment::stamp).unwrap_or_default();
        format!("{below}{}", self.requirements)
    }
}

/// Lets one environment find what another has, behind what it has itself.
fn show(below: &Python, above: &Python) -> Result<(), XtaskError> {
    let place = |python: &Python| {
        let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
        process::output(Command::new(&python.program).args(["-c", script]))
            .map(|place| place.trim().to_owned())
    };
    let file = Path::new(&place(above)?).join("below.pth");
    fs::write(&file, place(below)? + "\n").map_err(XtaskError::io(&file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_over_another_is_made_anew_when_that_one_changes() {
        const ABOVE: Environment =
            Environment { name: "above", requirements: "x==1\n", size: "x", over: Some(&REFERENCE) };
        assert_eq!(ABOVE.stamp(), format!("{}x==1\n", REFERENCE.requirements));
        assert_eq!(
            REFERENCE.stamp(),
            REFERENCE.requirements,
            "what was installed before is not installed again"
        );
    }
}
