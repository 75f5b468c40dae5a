//! `cargo xtask eval`: how well each strategy's chunks serve retrieval, and how near they begin to where a subject ends.

mod borders;
mod contrast;
mod csv;
mod data;
mod grid;
mod ranges;
mod retrieval;
mod retrieve;
mod rng;
mod score;
mod segmentation;
mod stats;
mod stitch;
mod table;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use self::data::Data;
use self::grid::{Config, Which};
use self::stitch::Layout;
use self::tool::{Answer, Piece, Tool};
use crate::error::XtaskError;
use crate::{model, process, workspace};

pub(crate) const ABOUT: &str = "measure how well each strategy's chunks serve retrieval";
pub(crate) const HELP: &str = "
Usage: cargo xtask eval [--data DIR] [--bin PATH] [--backend NAME] [-k N] [--quick] [--only PART]

Embeds the documents of DIR with each strategy at several sizes, asks its questions, and prints recall,
precision and IoU of the k nearest chunks, over character ranges; then, for documents stitched from
sections of these, how near chunks begin to where the subject changes (Pk and WindowDiff). Tables are
Markdown; all values go to eval/*.jsonl in the target folder. docs/quality.md explains both.

  --data DIR      questions.csv and documents (default: ../shared/eval beside the checkout)
  --bin PATH      a built `semantik` (default: builds it, release)
  --backend NAME  cpu (default), auto or wgpu
  -k N            chunks retrieved (default: 5)
  --quick         only the default of each strategy
  --only PART     only configurations whose names hold PART, and the default

What a `semantik` does not know is skipped and said. Outputs are kept in the target folder: a second run
of the same program on the same data only counts again.";

const STITCHED: usize = 30;
const SEED: u64 = 20_250_101;

struct Options {
    data: Option<PathBuf>,
    program: Option<PathBuf>,
    backend: String,
    k: usize,
    which: Which,
    only: Option<String>,
}

impl Options {
    fn parse(mut args: lexopt::Parser) -> Result<Self, XtaskError> {
        use lexopt::ValueExt;
        let mut options = Options {
            data: None,
            program: None,
            backend: "cpu".to_owned(),
            k: 5,
            which: Which::Full,
            only: None,
        };
        while let Some(arg) = args.next()? {
            match arg {
                lexopt::Arg::Long("data") => options.data = Some(args.value()?.into()),
                lexopt::Arg::Long("bin") => options.program = Some(args.value()?.into()),
                lexopt::Arg::Long("backend") => options.backend = args.value()?.string()?,
                lexopt::Arg::Short('k') => options.k = args.value()?.parse()?,
                lexopt::Arg::Long("quick") => options.which = Which::Quick,
                lexopt::Arg::Long("only") => options.only = Some(args.value()?.string()?),
                _ => return Err(arg.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, config: &Config) -> bool {
        let name = config.name();
        self.only.as_ref().is_none_or(|part| name.contains(part) || name == grid::BASE.name())
    }
}

pub(crate) fn run(args: lexopt::Parser) -> Result<(), XtaskError> {
    let options = Options::parse(args)?;
    // Before anything is built: what is missing is told at once.
    let data = Data::read(options.data.clone())?;
    let folder = workspace::target()?.join("eval");
    fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(&options.backend)?,
    };
    let tool = Tool::new(&program, model::bring()?, options.backend.clone(), &folder.join("kept"))?;
    let chars: usize = data.documents.iter().map(|document| document.chars).sum();
    println!(
        "{} documents of {chars} characters, {} questions; {} of {} references do not stand where they say",
        data.documents.len(),
        data.questions.len(),
        data.mismatches,
        data.references
    );
    measure_retrieval(&options, &tool, &data, &folder)?;
    for (layout, name) in [(Layout::Paragraphs, "paragraphs kept"), (Layout::Running, "as one line")] {
        measure_borders(&options, &tool, &data, &folder, layout, name)?;
    }
    println!("\nEvery value is in {}", folder.display());
    Ok(())
}

fn build(backend: &str) -> Result<PathBuf, XtaskError> {
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--package", "semantik-cli"]);
    process::run(build.args(workspace::features_for(backend)?))?;
    let name = format!("semantik{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target()?.join("release").join(name))
}

fn measure_retrieval(options: &Options, tool: &Tool, data: &Data, folder: &Path) -> Result<(), XtaskError> {
    let asked = ask(tool, data, &folder.join("questions"))?;
    let files: Vec<String> = data.documents.iter().map(data::Document::file).collect();
    let mut rows = Vec::new();
    for config in grid::retrieval(options.which).iter().filter(|config| options.wants(config)) {
        let Some(pieces) = pieces(tool, "embed", &data.folder, &files, config)? else { continue };
        let row = retrieval::Row::measure(&pieces, data, &asked, options.k, config.merge);
        rows.push(retrieval::Row { name: config.name(), words: config.words(), ..row });
    }
    write_lines(&folder.join("retrieval.jsonl"), rows.iter().map(retrieval::Row::json))?;
    table::retrieval(&rows, options.k);
    if let Some(base) = rows.iter().find(|row| row.name == grid::BASE.name()) {
        table::differences(&rows, base);
    }
    table::contrasts(&contrast::differences(&rows));
    table::by_document(&rows, data);
    Ok(())
}

/// The questions' vectors. Each question is a document of one chunk.
fn ask(tool: &Tool, data: &Data, folder: &Path) -> Result<Vec<Vec<f32>>, XtaskError> {
    let texts: Vec<&str> = data.questions.iter().map(|question| &question.text[..]).collect();
    let files = write_texts(folder, &texts)?;
    let whole = ["--strategy", "character", "--unit", "chars", "--size", "100000", "--overlap", "0"];
    let pieces = match tool.run("embed", folder, &files, &whole.map(str::to_owned))? {
        Answer::Pieces(pieces) => pieces,
        Answer::NotBuilt(reason) => return Err(XtaskError::failed(reason)),
    };
    let vectors: Option<Vec<Vec<f32>>> = pieces.into_iter().map(|piece| piece.vector).collect();
    let vectors = vectors.filter(|vectors| vectors.len() == files.len());
    vectors.ok_or_else(|| XtaskError::failed("semantik did not give one vector for each question"))
}

fn measure_borders(
    options: &Options,
    tool: &Tool,
    data: &Data,
    folder: &Path,
    layout: Layout,
    name: &str,
) -> Result<(), XtaskError> {
    let texts: Vec<&str> = data.documents.iter().map(|document| &document.text[..]).collect();
    let documents = stitch::stitch(&texts, STITCHED, layout, SEED);
    let texts: Vec<&str> = documents.iter().map(|document| &document.text[..]).collect();
    let stitched = folder.join(format!("stitched-{layout:?}").to_lowercase());
    let files = write_texts(&stitched, &texts)?;
    let segments: usize = documents.iter().map(|document| document.borders.len() + 1).sum();
    let chars: usize = documents.iter().map(|document| document.chars).sum();
    let mut rows = segmentation::Row::baselines(&documents);
    for config in grid::borders(options.which, layout).iter().filter(|config| options.wants(config)) {
        let Some(pieces) = pieces(tool, "chunk", &stitched, &files, config)? else { continue };
        rows.push(segmentation::Row::of_pieces(config.name(), &documents, &pieces));
    }
    let file = format!("borders-{layout:?}.jsonl").to_lowercase();
    write_lines(&folder.join(file), rows.iter().map(|row| row.json(name)))?;
    table::borders(&rows, name);
    println!(
        "\n{STITCHED} documents, {segments} segments of {} characters in the mean.",
        chars / segments.max(1)
    );
    Ok(())
}

/// Nothing where the tool does not know what is asked, which is said.
fn pieces(
    tool: &Tool,
    command: &str,
    folder: &Path,
    files: &[String],
    config: &Config,
) -> Result<Option<Vec<Piece>>, XtaskError> {
    let start = Instant::now();
    match tool.run(command, folder, files, &config.words())? {
        Answer::Pieces(pieces) => {
            let (count, seconds) = (pieces.len(), start.elapsed().as_secs_f64());
            eprintln!("{command} {}: {count} chunks in {seconds:.1} s", config.name());
            Ok(Some(pieces))
        }
        Answer::NotBuilt(reason) => {
            println!("skipped: {}: {reason}", config.name());
            Ok(None)
        }
    }
}

/// Writes a file for each text; their names.
fn write_texts(folder: &Path, texts: &[&str]) -> Result<Vec<String>, XtaskError> {
    fs::create_dir_all(folder).map_err(XtaskError::io(folder))?;
    let names: Vec<String> = (1..=texts.len()).map(|number| format!("{number:04}.txt")).collect();
    for (name, text) in names.iter().zip(texts) {
        let path = folder.join(name);
        fs::write(&path, text).map_err(XtaskError::io(&path))?;
    }
    Ok(names)
}

fn write_lines(path: &Path, values: impl Iterator<Item = Value>) -> Result<(), XtaskError> {
    let text: String = values.map(|value| format!("{value}\n")).collect();
    fs::write(path, text).map_err(XtaskError::io(path))
}
