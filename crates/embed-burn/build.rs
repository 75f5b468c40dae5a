//! Says what the backends `cuda` and `rocm` need, before burn's own build script fails for want of it.

use std::env;
use std::path::PathBuf;

/// The folder of burn's `tracel-llvm-bundler` of this version, and what is in it when it is whole; `cargo xtask setup-llvm`
/// knows the same, and marks what it brought.
const BUNDLE: &str = "tracel/tracel-llvm-23.1.0-4";
const WHOLE: &str = ".tracel-llvm-installed";
const OURS: &str = ".brought-by-semantik";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let has = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    if env::var_os("DOCS_RS").is_some() || !(has("CUDA") || has("ROCM")) {
        return;
    }
    let Some(llvm) = data().map(|data| data.join(BUNDLE)) else { return };
    println!("cargo::rerun-if-changed={}", llvm.join(WHOLE).display());
    if has("CUDA") && !llvm.join(WHOLE).exists() {
        println!(
            "cargo::warning=building `cuda` needs LLVM 23 in {}: burn's build script downloads it now, and fails where it \
             cannot; `cargo xtask setup-llvm` brings it as a Python package",
            llvm.display()
        );
    }
    if has("ROCM") && llvm.join(OURS).exists() {
        println!(
            "cargo::error=`rocm` links LLD, which the LLVM that `cargo xtask setup-llvm` brought lacks; delete {}, and \
             burn's build script downloads its own, over the internet",
            llvm.display()
        );
    }
}

/// The user's data folder, as burn finds it.
fn data() -> Option<PathBuf> {
    let var = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        var("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(var("HOME")?.join("Library/Application Support"))
    } else {
        let named = var("XDG_DATA_HOME").filter(|path| path.is_absolute());
        named.or_else(|| Some(var("HOME")?.join(".local/share")))
    }
}
