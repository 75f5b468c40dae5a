//! `cargo xtask bench embed --peers`: embedding beside other programs.

mod bench;
mod environments;
mod parts;
mod prepare;
mod programs;
mod rounds;
mod table;
mod texts;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use self::bench::Bench;
use self::parts::PARTS;
use self::prepare::MiniLm;
use self::programs::Programs;
use super::{document, machine};
use crate::error::XtaskError;
use crate::{model, process, workspace};

/// What is measured, and how.
#[derive(Debug)]
pub(super) struct Options {
    /// Names of parts; none for all.
    pub(super) only: Vec<String>,
    pub(super) is_quick: bool,
    pub(super) threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { only: Vec::new(), is_quick: false, threads: 2 }
    }
}

/// Where the tables are written, each between marks of its part.
const DOCUMENT: &str = "docs/embedding-benchmarks.md";

/// A quick run says what would come of a whole one, and no more.
const QUICK_SENTENCES: usize = 250;

pub(super) fn run(options: &Options) -> Result<(), XtaskError> {
    if let Some(name) = options.only.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let known = PARTS.map(|part| part.name).join(", ");
        return Err(XtaskError::failed(format!("no part is called {name:?}; known are {known}")));
    }
    let start = Instant::now();
    let mut bench = prepare(options)?;
    eprintln!("prepared after {:.0} s", start.elapsed().as_secs_f64());
    let told = told(options.threads, &bench.programs.versions());
    let place = workspace::root().join(DOCUMENT);
    for part in PARTS {
        if !options.only.is_empty() && !options.only.iter().any(|name| name == part.name) {
            continue;
        }
        let began = Instant::now();
        // A part that fails is told as such, and costs the others nothing.
        let text = (part.run)(&mut bench).unwrap_or_else(|error| format!("Not measured: {error}"));
        let text = format!("{}\n\n{told}", text.trim_end());
        println!("\n## {}\n\n{text}", part.name);
        eprintln!("{} took {:.0} s", part.name, began.elapsed().as_secs_f64());
        if options.is_quick {
            continue;
        }
        document::write(&place, part.name, &text)?;
    }
    let written = if options.is_quick { "nothing was written into" } else { "the tables are in" };
    println!("\n{:.0} s in all; {written} {}", start.elapsed().as_secs_f64(), place.display());
    Ok(())
}

/// What a run was made on, in one line: the processor, the threads, the versions.
fn told(threads: usize, versions: &BTreeMap<String, String>) -> String {
    let versions: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!("{}, {threads} threads; {}.", machine::processor(), versions.join(", "))
}

/// Builds, brings and makes what is not there.
fn prepare(options: &Options) -> Result<Bench, XtaskError> {
    eprintln!("building this workspace's programs for release …");
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--package", "semantik-cli", "--package", "device-suite"]);
    process::run(&mut build)?;
    let target = workspace::target()?;
    let program = |name: &str| -> PathBuf {
        target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    };
    let work = target.join("xtask/peers");
    std::fs::create_dir_all(&work).map_err(XtaskError::io(&work))?;
    let model = model::bring()?;
    let measured = if options.is_quick { QUICK_SENTENCES } else { texts::SENTENCES };
    let [sentences, calibration] = texts::write_sentences(&work, measured)?;
    let programs = Programs::ensure(program("semantik-device"), options.threads, work.join("logs"))?;
    let prepared = MiniLm::ensure(&programs, &work, &model, &calibration)?;
    Ok(Bench {
        programs,
        model,
        prepared,
        sentences: (sentences, measured),
        semantik: program("semantik"),
        work,
        is_quick: options.is_quick,
        best_batch: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_marks_for_every_part() {
        let text = std::fs::read_to_string(workspace::root().join(DOCUMENT)).unwrap();
        for part in PARTS {
            assert!(document::has_marks(&text, part.name), "{}", part.name);
        }
    }
}
