//! `cargo xtask eval`: how well each strategy's chunks serve retrieval, and how near they begin to where a subject ends.

mod borders;
mod contrast;
mod csv;
mod data;
mod dependencies;
mod grid;
mod options;
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
use self::grid::Config;
use self::options::{Options, Set};
use self::retrieval::Row;
use self::stitch::Layout;
use self::tool::{Answer, Piece, Tool};
use crate::error::XtaskError;
use crate::{model, process, workspace};

pub(crate) const ABOUT: &str = "measure how well each strategy's chunks serve retrieval";
pub(crate) const HELP: &str = "
Usage: cargo xtask eval [--set NAME] [--data DIR] [--bin PATH] [--backend NAME] [--dtype NAME[,NAME…]] [-k N]
                        [--quick] [--only PART]

Embeds the documents of a set with each strategy at several sizes, asks its questions, and prints recall,
precision and IoU of the k nearest chunks, over character ranges; then, for documents stitched from
sections of the given ones, how near chunks begin to where the subject changes (Pk and WindowDiff). Tables
are Markdown; all values go to eval/*.jsonl in the target folder. docs/quality.md explains both.

  --set NAME      given (default): what DIR has; dependencies: Markdown and code of crates that this project
                  depends on, found where cargo put them, with the questions of xtask/data/dependencies.csv;
                  all: both, each alone and then together
  --data DIR      questions.csv and documents (default: ../shared/eval beside the checkout)
  --bin PATH      a built `semantik` (default: builds it, release)
  --backend NAME  cpu (default), auto or wgpu
  --dtype NAMES   what the model computes in, as `semantik embed` has it: f32, bf16, int8. Of several, each
                  is compared with the first, and borders are left out
  -k N            chunks retrieved (default: 5)
  --quick         only the default of each strategy
  --only PART     only configurations whose names hold PART, and recursive's default; as often as wanted

What a `semantik` does not know is skipped and said. Outputs are kept in the target folder: a second run
of the same program on the same data only counts again.";

const STITCHED: usize = 30;
const SEED: u64 = 20_250_101;

pub(crate) fn run(args: lexopt::Parser) -> Result<(), XtaskError> {
    let options = Options::parse(args)?;
    let folder = workspace::target()?.join("eval");
    fs::create_dir_all(&folder).map_err(XtaskError::io(&folder))?;
    // Before anything is built: what is missing is told at once.
    let sets = read(&options, &folder)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(&options.backend)?,
    };
    let tool = Tool::new(&program, model::bring()?, options.backend.clone(), &folder.join("kept"))?;
    let mut measured = Vec::new();
    for data in &sets {
        let chars: usize = data.documents.iter().map(|document| document.chars).sum();
        println!(
            "\n## The {} set\n\n{} documents of {chars} characters, {} questions; {} of {} references do not stand where they say",
            data.name,
            data.documents.len(),
            data.questions.len(),
            data.mismatches,
            data.references
        );
        measured.push(measure_retrieval(&options, &tool, data, &folder)?);
    }
    if let [one, other] = &measured[..] {
        let both =
            one.iter().filter_map(|row| Some(row.and(other.iter().find(|other| other.name == row.name)?)));
        let both: Vec<Row> = both.collect();
        println!("\n## Both together");
        tell(&both, "both sets", options.k);
    }
    if let Some(given) = sets.iter().find(|data| data.name == "given" && options.dtypes.len() < 2) {
        for (layout, name) in [(Layout::Paragraphs, "paragraphs kept"), (Layout::Running, "as one line")] {
            measure_borders(&options, &tool, given, &folder, layout, name)?;
        }
    }
    println!("\nEvery value is in {}", folder.display());
    Ok(())
}

fn read(options: &Options, folder: &Path) -> Result<Vec<Data>, XtaskError> {
    let given = || Data::read(options.data.clone());
    let dependencies = || dependencies::read(&folder.join("dependencies"));
    Ok(match options.set {
        Set::Given => vec![given()?],
        Set::Dependencies => vec![dependencies()?],
        Set::All => vec![given()?, dependencies()?],
    })
}

fn build(backend: &str) -> Result<PathBuf, XtaskError> {
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--locked", "--package", "semantik-cli"]);
    process::run(build.args(workspace::features_for(backend)?))?;
    let name = format!("semantik{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target()?.join("release").join(name))
}

fn measure_retrieval(
    options: &Options,
    tool: &Tool,
    data: &Data,
    folder: &Path,
) -> Result<Vec<Row>, XtaskError> {
    let grid =
        if data.name == "given" { grid::retrieval(options.which) } else { grid::dependencies(options.which) };
    let files: Vec<String> = data.documents.iter().map(|document| document.file.clone()).collect();
    let mut rows = Vec::new();
    let dtypes: Vec<Option<&str>> = match &options.dtypes[..] {
        [] => vec![None],
        several => several.iter().map(|dtype| Some(&dtype[..])).collect(),
    };
    for dtype in &dtypes {
        let tool = tool.computing_in(*dtype);
        let asked = ask(&tool, data, &folder.join(format!("questions-{}", data.name)))?;
        for config in grid.iter().filter(|config| options.wants(config)) {
            let Some(pieces) = pieces(&tool, "embed", &data.folder, &files, config)? else { continue };
            let row = Row::measure(&pieces, data, &asked, options.k, config.merge);
            let name = match dtype {
                Some(dtype) if dtypes.len() > 1 => in_dtype(&config.name(), dtype),
                _ => config.name(),
            };
            rows.push(Row { name, words: config.words(), ..row });
        }
    }
    write_lines(&folder.join(format!("retrieval-{}.jsonl", data.name)), rows.iter().map(Row::json))?;
    if let [Some(first), _, ..] = dtypes[..] {
        table::retrieval(&rows, data.name, options.k);
        // Each configuration with itself in the first numbers.
        for config in grid.iter().filter(|config| options.wants(config)).map(Config::name) {
            let names: Vec<String> = dtypes.iter().flatten().map(|dtype| in_dtype(&config, dtype)).collect();
            let same: Vec<Row> = rows.iter().filter(|row| names.contains(&row.name)).cloned().collect();
            table::differences(&same, data.name, &in_dtype(&config, first));
        }
        return Ok(rows);
    }
    tell(&rows, data.name, options.k);
    for (group, questions) in data.by_group() {
        let rows: Vec<Row> = rows.iter().map(|row| row.only(&questions)).collect();
        if data.name != "given" {
            table::differences(&rows, &group, &grid::BASE.name());
            table::contrasts(&contrast::differences(&rows), &group);
        }
    }
    table::by_group(&rows, &data.by_group());
    Ok(rows)
}

/// What a configuration is called where several numbers are compared.
fn in_dtype(config: &str, dtype: &str) -> String {
    format!("{config}, {dtype}")
}

fn tell(rows: &[Row], set: &str, k: usize) {
    table::retrieval(rows, set, k);
    table::differences(rows, set, &grid::BASE.name());
    table::contrasts(&contrast::differences(rows), set);
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
