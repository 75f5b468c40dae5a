//! [`Stand`]: a copy of the library with a script, in a folder of its own.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::script::Script;

/// A folder with a copy of the library and a script beside it; removed with it.
///
/// A copy that a process has loaded stays usable there after the folder is gone.
#[derive(Debug)]
pub struct Stand {
    folder: TempDir,
}

impl Stand {
    /// With this script.
    ///
    /// # Panics
    /// The built library is not found, or the folder cannot be written: a test cannot go on.
    #[allow(clippy::expect_used)]
    pub fn new(script: &Script) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let stand = Stand { folder };
        std::fs::copy(library(), stand.library()).expect("the library can be copied");
        std::fs::write(stand.script(), script.to_string()).expect("the script can be written");
        stand
    }

    /// The copy has no such functions, as older libraries: their names in its table of symbols are others.
    ///
    /// # Panics
    /// The copy has no such function to begin with, or cannot be written: a test cannot go on.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn without(self, functions: &[&str]) -> Self {
        let mut bytes = std::fs::read(self.library()).expect("the copy can be read");
        for function in functions {
            let name = [b"\0", function.as_bytes(), b"\0"].concat();
            let places = bytes.windows(name.len()).enumerate();
            let places: Vec<usize> = places.filter(|(_, bytes)| *bytes == name).map(|(at, _)| at).collect();
            assert!(!places.is_empty(), "the library has {function}");
            // Whoever looks for the name compares all of it.
            for at in places {
                bytes[at + 1] = b'_';
            }
        }
        std::fs::write(self.library(), bytes).expect("the copy can be written");
        self
    }

    /// Another script, for who starts the library after it was stopped; cheaper than another copy.
    ///
    /// # Panics
    /// The script cannot be written: a test cannot go on.
    #[allow(clippy::expect_used)]
    pub fn put(&self, script: &Script) {
        std::fs::write(self.script(), script.to_string()).expect("the script can be written");
    }

    /// What programs did with the copy so far: `load` where they loaded it, `nvml` and `cuda` where they started either, in
    /// this order.
    pub fn uses(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join(USES)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The copy, to be loaded in place of NVIDIA's library, and of CUDA's driver.
    pub fn library(&self) -> PathBuf {
        self.folder.path().join(file_name())
    }

    /// The script, which is read when the library is first asked, and again after it was stopped.
    pub fn script(&self) -> PathBuf {
        self.folder.path().join("script.txt")
    }
}

/// The file beside the library in which it writes what is done with it.
pub(crate) const USES: &str = "uses.txt";

/// The built library.
///
/// # Panics
/// It is not beside the running test, nor in the folder above: where cargo puts it.
#[allow(clippy::panic, clippy::expect_used)]
pub fn library() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folders = test.ancestors().skip(1).take(2);
    let found = folders.map(|folder: &Path| folder.join(file_name())).find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!("no {} near {}; cargo build -p nvml-standin makes it", file_name(), test.display())
    })
}

fn file_name() -> String {
    format!("{}nvml_standin{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}
