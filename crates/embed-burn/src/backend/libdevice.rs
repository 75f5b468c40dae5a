//! NVIDIA's library of device math functions, which kernels for CUDA are linked with when they are compiled.
//!
//! Cards have no instruction for erf, tanh or exp in full precision: `libdevice.10.bc`, a file of CUDA's toolkit, has them.
//! burn's compiler looks for it in `CUDA_PATH`, or where toolkits are usually installed, and nowhere else. The file comes in
//! several Python packages too, and may lie beside a program. Where it is found there, [`provide_libdevice`] makes burn's
//! compiler look there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// The file's name, the same in every version of CUDA since 9.
const FILE: &str = "libdevice.10.bc";
/// Where it lies in CUDA's toolkit.
const IN_TOOLKIT: &str = "nvvm/libdevice/libdevice.10.bc";
/// What burn's compiler reads, and what this sets.
const VARIABLE: &str = "CUDA_PATH";
/// Where burn's compiler looks if the variable is not set: in the first of these that has the folder.
const USUAL: [&str; 4] = ["/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda", "/usr"];
/// In the folder of Python's packages: those of NVIDIA in `nvidia/*/`, and Triton's.
const IN_TRITON: &str = "triton/backends/nvidia/lib/libdevice.10.bc";

/// Where `libdevice.10.bc` may lie, besides CUDA's toolkit. See [`provide_libdevice`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibdevicePlaces {
    /// What someone named: the file, its folder, a toolkit, or a Python environment. It comes before everything else.
    pub named: Option<PathBuf>,
    /// Python environments that are active.
    pub environments: Vec<PathBuf>,
    /// A folder of this program's: looked in as in a toolkit, last of all, and written to where a file that was found lies in
    /// no folder that is laid out as a toolkit.
    pub cache: Option<PathBuf>,
}

/// Looks for `libdevice.10.bc` and makes burn's compiler find it, by setting `CUDA_PATH` of this process where that is
/// needed. In this order: what is named, `CUDA_PATH`, beside the program, active Python environments, where toolkits are
/// usually installed, the cache.
///
/// To be called before any other thread is started: an environment must not change under one that reads it. Later it
/// changes nothing, and a device of CUDA that does not find the file does not open; the error says what to set.
/// Does nothing where this build does not contain CUDA.
pub fn provide_libdevice(places: &LibdevicePlaces) {
    if !cfg!(feature = "cuda") {
        return;
    }
    let variable = std::env::var_os(VARIABLE).map(PathBuf::from);
    let usual: Vec<PathBuf> = USUAL.iter().map(PathBuf::from).collect();
    if let Err(problem) = provide(places, variable.as_deref(), &usual, beside_program().as_deref()) {
        // Told when a device is opened; the first problem is this process's.
        let _ = PROBLEM.set(Problem { problem, named: places.named.is_some() });
    }
}

/// The file that kernels for CUDA will be linked with.
pub fn libdevice() -> Option<PathBuf> {
    let variable = std::env::var_os(VARIABLE).map(PathBuf::from);
    let usual: Vec<PathBuf> = USUAL.iter().map(PathBuf::from).collect();
    used(variable.as_deref(), &usual)
}

/// Why no kernel with math in it could be compiled, and what to do about it; `None` where the file is there.
#[cfg(feature = "cuda")]
pub(super) fn why_missing() -> Option<String> {
    let problem = PROBLEM.get();
    // Where someone named one, another in its place would not be what was asked for.
    if libdevice().is_some() && problem.is_none_or(|problem| !problem.named) {
        return None;
    }
    let problem = problem.map(|problem| format!(" ({})", problem.problem)).unwrap_or_default();
    Some(format!(
        "NVIDIA's {FILE} is not found, with which kernels for CUDA compute exp, erf and tanh{problem}; in this \
         project's source `cargo xtask setup-llvm` brings it, or install the Python package nvidia-cuda-nvcc-cu12 or \
         CUDA's toolkit, and set SEMANTIK_LIBDEVICE to the Python environment, or CUDA_PATH to the toolkit"
    ))
}

/// Why what was found, or named, could not be used.
#[derive(Debug)]
#[cfg_attr(not(feature = "cuda"), allow(dead_code))]
struct Problem {
    problem: String,
    named: bool,
}

static PROBLEM: OnceLock<Problem> = OnceLock::new();

/// As burn's compiler looks.
fn used(variable: Option<&Path>, usual: &[PathBuf]) -> Option<PathBuf> {
    let root = match variable {
        Some(root) => root,
        None => usual.iter().find(|root| root.join("nvvm/libdevice").is_dir())?,
    };
    Some(root.join(IN_TOOLKIT)).filter(|file| file.is_file())
}

fn provide(
    places: &LibdevicePlaces,
    variable: Option<&Path>,
    usual: &[PathBuf],
    beside: Option<&Path>,
) -> Result<(), String> {
    let Some(found) = find(places, variable, usual, beside)? else { return Ok(()) };
    let toolkit = match toolkit_of(&found) {
        Some(toolkit) => toolkit,
        None => laid_out(&found, places.cache.as_deref())?,
    };
    if used(variable, usual).is_some_and(|file| file == toolkit.join(IN_TOOLKIT)) {
        return Ok(());
    }
    set_variable(&toolkit)
}

/// The file, in the first place that has it.
fn find(
    places: &LibdevicePlaces,
    variable: Option<&Path>,
    usual: &[PathBuf],
    beside: Option<&Path>,
) -> Result<Option<PathBuf>, String> {
    if let Some(named) = &places.named {
        let found = in_anything(named);
        return match found {
            Some(file) => Ok(Some(file)),
            None => Err(format!("{} was named, and it is not there", named.display())),
        };
    }
    let environments = places.environments.iter().filter_map(|folder| in_environment(folder));
    let found = variable
        .into_iter()
        .chain(beside)
        .filter_map(in_toolkit)
        .chain(environments)
        .chain(usual.iter().map(PathBuf::as_path).chain(places.cache.as_deref()).filter_map(in_toolkit))
        .next();
    Ok(found)
}

fn in_anything(named: &Path) -> Option<PathBuf> {
    let direct = Some(named.to_owned()).filter(|file| file.is_file());
    let within = || Some(named.join(FILE)).filter(|file| file.is_file());
    direct.or_else(within).or_else(|| in_toolkit(named)).or_else(|| in_environment(named))
}

fn in_toolkit(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(IN_TOOLKIT)).filter(|file| file.is_file())
}

/// In a Python environment, made by Python or by conda, or in a folder of packages.
fn in_environment(folder: &Path) -> Option<PathBuf> {
    let libraries = ["lib", "lib64"].map(|name| folder.join(name));
    let versions = libraries.iter().flat_map(|library| sorted(library));
    let pythons = versions
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python")));
    let packages = pythons
        .map(|python| python.join("site-packages"))
        .chain([folder.join("Lib/site-packages"), folder.to_owned()]);
    in_toolkit(folder).or_else(|| packages.into_iter().find_map(|packages| in_packages(&packages)))
}

fn in_packages(packages: &Path) -> Option<PathBuf> {
    let of_nvidia = sorted(&packages.join("nvidia"));
    let triton = packages.join(IN_TRITON);
    of_nvidia
        .iter()
        .find_map(|package| in_toolkit(package))
        .or_else(|| Some(triton).filter(|file| file.is_file()))
}

/// What a folder holds, always in the same order; nothing of one that cannot be read.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths
}

/// The folder that is laid out as a toolkit, where the file lies in one.
fn toolkit_of(file: &Path) -> Option<PathBuf> {
    if !file.ends_with(IN_TOOLKIT) {
        return None;
    }
    // Three names up.
    file.ancestors().nth(3).map(Path::to_owned)
}

/// A copy in a folder of its content's name, laid out as a toolkit.
fn laid_out(file: &Path, cache: Option<&Path>) -> Result<PathBuf, String> {
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    let cache = cache.ok_or_else(|| format!("there is no cache folder to copy {} into", file.display()))?;
    let bytes = std::fs::read(file).map_err(told)?;
    let hash = format!("{:x}", Sha256::digest(&bytes));
    let toolkit = cache.join(&hash[..16]);
    let target = toolkit.join(IN_TOOLKIT);
    if !target.is_file() {
        let folder = target.parent().unwrap_or(&target);
        let half = folder.join(format!(".copying-{}", std::process::id()));
        let copied = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&half, &bytes))
            .and_then(|()| std::fs::rename(&half, &target));
        copied.map_err(|error| format!("{}: {error}", target.display()))?;
    }
    Ok(toolkit)
}

fn beside_program() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// Sets what burn's compiler reads, if nobody can be reading the environment now.
fn set_variable(toolkit: &Path) -> Result<(), String> {
    if !is_only_thread() {
        return Err(format!(
            "it is in {}, which was found too late; set {VARIABLE} to that folder",
            toolkit.display()
        ));
    }
    #[allow(unsafe_code)]
    // SAFETY: an environment must not change while another thread reads or writes it. On Windows the system takes care of
    // that itself. Elsewhere this is the only thread of the process: the system was just asked, and a process has no
    // threads but those that its threads start.
    unsafe {
        std::env::set_var(VARIABLE, toolkit);
    }
    Ok(())
}

/// Whether the process has no other thread, or none that could be in the way; false where that is not known.
fn is_only_thread() -> bool {
    cfg!(windows)
        || std::fs::read_dir("/proc/self/task")
            .is_ok_and(|mut threads| matches!((threads.next(), threads.next()), (Some(Ok(_)), None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files in it, each with its own path as content.
    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, file).unwrap();
        }
        folder
    }

    fn found(places: &LibdevicePlaces, variable: Option<&Path>, beside: Option<&Path>) -> Option<PathBuf> {
        find(places, variable, &[], beside).unwrap()
    }

    #[test]
    fn the_packages_that_carry_it_are_known_in_every_layout_of_an_environment() {
        for file in [
            "nvvm/libdevice/libdevice.10.bc",
            "lib/python3.12/site-packages/nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc",
            "lib/python3.13/site-packages/nvidia/cu13/nvvm/libdevice/libdevice.10.bc",
            "lib64/python3.12/site-packages/triton/backends/nvidia/lib/libdevice.10.bc",
            "Lib/site-packages/nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc",
            "nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc",
            "triton/backends/nvidia/lib/libdevice.10.bc",
        ] {
            let folder = folder_with(&[file, "lib/python3.12/site-packages/numpy/x.py", "lib/libcuda.so"]);
            let active = LibdevicePlaces {
                environments: vec![PathBuf::from("/nowhere"), folder.path().to_owned()],
                ..LibdevicePlaces::default()
            };
            let named =
                LibdevicePlaces { named: Some(folder.path().to_owned()), ..LibdevicePlaces::default() };
            for places in [active, named] {
                assert_eq!(found(&places, None, None), Some(folder.path().join(file)), "{file}");
            }
        }
        let without = folder_with(&["lib/python3.12/site-packages/nvidia/cuda_nvcc/bin/ptxas"]);
        assert_eq!(in_environment(without.path()), None);
    }

    #[test]
    fn what_is_named_comes_first_then_the_variable_then_what_lies_beside() {
        let folders: Vec<_> = (0..5).map(|_| folder_with(&[IN_TOOLKIT])).collect();
        let path = |at: usize| folders[at].path().to_owned();
        let mut places =
            LibdevicePlaces { named: Some(path(0)), environments: vec![path(3)], cache: Some(path(4)) };
        let (variable, beside) = (path(1), path(2));
        let file = |at: usize| Some(path(at).join(IN_TOOLKIT));
        assert_eq!(found(&places, Some(&variable), Some(&beside)), file(0));
        places.named = None;
        assert_eq!(found(&places, Some(&variable), Some(&beside)), file(1));
        // A variable that names a folder without it does not hide the others.
        assert_eq!(found(&places, Some(Path::new("/nowhere")), Some(&beside)), file(2));
        assert_eq!(found(&places, None, None), file(3));
        places.environments.clear();
        assert_eq!(found(&places, None, None), file(4));
        places.cache = None;
        assert_eq!(found(&places, None, None), None);
    }

    #[test]
    fn the_file_itself_and_its_folder_may_be_named_and_what_has_none_is_told() {
        let folder = folder_with(&["a/libdevice.10.bc"]);
        let named = |path: &str| LibdevicePlaces {
            named: Some(folder.path().join(path)),
            ..LibdevicePlaces::default()
        };
        let file = Some(folder.path().join("a/libdevice.10.bc"));
        assert_eq!(found(&named("a/libdevice.10.bc"), None, None), file);
        assert_eq!(found(&named("a"), None, None), file);
        let problem = find(&named("b"), None, &[], None).unwrap_err();
        assert!(problem.contains(&folder.path().join("b").display().to_string()), "{problem}");
    }

    #[test]
    fn a_file_outside_a_toolkits_layout_is_copied_into_one() {
        let folder = folder_with(&["triton/backends/nvidia/lib/libdevice.10.bc"]);
        let file = folder.path().join("triton/backends/nvidia/lib/libdevice.10.bc");
        assert_eq!(toolkit_of(&file), None);
        let cache = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let toolkit = laid_out(&file, Some(cache.path())).unwrap();
            assert_eq!(toolkit_of(&toolkit.join(IN_TOOLKIT)), Some(toolkit.clone()));
            assert_eq!(std::fs::read(toolkit.join(IN_TOOLKIT)).unwrap(), std::fs::read(&file).unwrap());
            assert_eq!(used(Some(&toolkit), &[]), Some(toolkit.join(IN_TOOLKIT)));
        }
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 1, "the same content, the same folder");
        assert!(laid_out(&file, None).unwrap_err().contains("no cache folder"));
    }

    #[test]
    fn burns_compiler_stops_at_the_first_folder_with_or_without_the_file() {
        let (with, without) = (folder_with(&[IN_TOOLKIT]), folder_with(&["nvvm/libdevice/README"]));
        let usual = [without.path().to_owned(), with.path().to_owned()];
        assert_eq!(used(None, &usual), None);
        assert_eq!(used(None, &usual[1..]), Some(with.path().join(IN_TOOLKIT)));
        assert_eq!(used(Some(without.path()), &usual[1..]), None);
        assert_eq!(used(Some(with.path()), &[]), Some(with.path().join(IN_TOOLKIT)));
    }

    #[test]
    fn with_other_threads_the_environment_is_left_alone_and_the_error_says_what_to_set() {
        let folder = folder_with(&[IN_TOOLKIT]);
        // The test's own thread and the one that waits for it are two.
        if cfg!(not(windows)) {
            std::thread::scope(|scope| {
                let (end, wait) = std::sync::mpsc::channel::<()>();
                scope.spawn(move || wait.recv());
                let problem = set_variable(folder.path()).unwrap_err();
                assert!(problem.contains("CUDA_PATH"), "{problem}");
                assert!(problem.contains(&folder.path().display().to_string()), "{problem}");
                drop(end);
            });
        }
    }

    #[test]
    fn a_found_toolkit_that_is_used_already_needs_no_change() {
        let folder = folder_with(&[IN_TOOLKIT]);
        // With this process's many threads, a change would be refused.
        provide(&LibdevicePlaces::default(), Some(folder.path()), &[], None).unwrap();
        provide(&LibdevicePlaces::default(), None, &[folder.path().to_owned()], None).unwrap();
        provide(&LibdevicePlaces::default(), None, &[], None).unwrap();
    }
}
