//! The command line, driven as a person would, and what it wrote.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::XtaskError;
use crate::process;

/// A built command-line tool, and where its outputs are kept.
pub(super) struct Tool {
    program: PathBuf,
    model: PathBuf,
    backend: String,
    /// The numbers that the model computes in, where they were asked for.
    dtype: Option<String>,
    /// Outputs of this very program. They are named for what they were made from, so that a second run reads them.
    kept: PathBuf,
}

/// One chunk.
pub(super) struct Piece {
    /// Which of the files it is from.
    pub(super) document: usize,
    /// Its characters in it.
    pub(super) range: Range<usize>,
    /// Unique in its document.
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) vector: Option<Vec<f32>>,
    /// Tokens that the model did not read.
    pub(super) truncated: usize,
}

/// What a run gave.
pub(super) enum Answer {
    Pieces(Vec<Piece>),
    /// This version of the tool does not know what was asked; why, in its words.
    NotBuilt(String),
}

impl Tool {
    /// `folder` keeps outputs; those of other programs are removed from it.
    pub(super) fn new(
        program: &Path,
        model: PathBuf,
        backend: String,
        folder: &Path,
    ) -> Result<Self, XtaskError> {
        let program = program.canonicalize().map_err(XtaskError::io(program))?;
        let content = fs::read(&program).map_err(XtaskError::io(&program))?;
        let name = format!("{:x}", Sha256::digest(&content))[..16].to_owned();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let other = entry.file_name().to_string_lossy().into_owned();
            // Only what this function named.
            if other != name && other.len() == 16 && other.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(XtaskError::io(&path))?;
            }
        }
        let kept = folder.join(name);
        fs::create_dir_all(&kept).map_err(XtaskError::io(&kept))?;
        Ok(Tool { program, model, backend, dtype: None, kept })
    }

    /// The same program, computing in other numbers.
    pub(super) fn computing_in(&self, dtype: Option<&str>) -> Self {
        let Tool { program, model, backend, kept, .. } = self;
        Tool {
            program: program.clone(),
            model: model.clone(),
            backend: backend.clone(),
            dtype: dtype.map(str::to_owned),
            kept: kept.clone(),
        }
    }

    /// `semantik COMMAND FILES WORDS`, where the files lie in `folder`. They are named one by one, for a folder that git
    /// ignores would be walked past.
    pub(super) fn run(
        &self,
        command: &str,
        folder: &Path,
        files: &[String],
        words: &[String],
    ) -> Result<Answer, XtaskError> {
        let output = self.kept.join(format!("{}.jsonl", self.key(command, folder, files, words)?));
        if !output.is_file() {
            let mut run = Command::new(&self.program);
            run.current_dir(folder).arg(command).args(files).args(words).arg("--model").arg(&self.model);
            run.args(["--backend", &self.backend, "--no-fallback", "--output"]).arg(&output);
            match &self.dtype {
                Some(dtype) => run.args(["--dtype", dtype]),
                None => run.arg("--quiet"),
            };
            if let Some(reason) = start(&mut run)? {
                // What was made with other numbers than were asked for is not to be found by the next run.
                match fs::remove_file(&output) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(XtaskError::io(&output)(error));
                    }
                    _ => return Ok(Answer::NotBuilt(reason)),
                }
            }
        }
        let text = fs::read_to_string(&output).map_err(XtaskError::io(&output))?;
        let pieces: Result<Vec<Piece>, XtaskError> = text.lines().map(|line| piece(line, files)).collect();
        pieces.map(Answer::Pieces)
    }

    /// A name for the output: a hash of all that it depends on.
    fn key(
        &self,
        command: &str,
        folder: &Path,
        files: &[String],
        words: &[String],
    ) -> Result<String, XtaskError> {
        let mut hasher = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        add(command.as_bytes());
        add(self.backend.as_bytes());
        if let Some(dtype) = &self.dtype {
            add(dtype.as_bytes());
        }
        for word in words {
            add(word.as_bytes());
        }
        for file in files {
            let path = folder.join(file);
            add(file.as_bytes());
            add(&fs::read(&path).map_err(XtaskError::io(&path))?);
        }
        Ok(format!("{command}-{:x}", hasher.finalize())[..command.len() + 17].to_owned())
    }
}

/// Runs it; the answer is why not, where it does not know what it is asked.
fn start(command: &mut Command) -> Result<Option<String>, XtaskError> {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|source| process::start_error(command, source))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        // It computes in f32 then, and says so.
        let other = said.lines().find(|line| line.contains("has no instructions for"));
        return Ok(other.map(str::to_owned));
    }
    // An option, a value of one, or a strategy that comes with a later version.
    let unknown = ["not built", "unexpected argument", "invalid value"];
    if output.status.code() == Some(2) && unknown.iter().any(|word| said.contains(word)) {
        return Ok(Some(said.lines().next().unwrap_or_default().to_owned()));
    }
    eprint!("{said}");
    Err(XtaskError::Command { command: process::shown(command), status: output.status })
}

fn piece(line: &str, files: &[String]) -> Result<Piece, XtaskError> {
    let record: Value =
        serde_json::from_str(line).map_err(|source| XtaskError::Json { what: "semantik", source })?;
    let number = |name: &str| record[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let vector = record["embedding"].as_array();
    let vector = vector.map(|vector| vector.iter().map(|x| x.as_f64().unwrap_or_default() as f32).collect());
    let read = || {
        let document = record["document"].as_str()?;
        Some(Piece {
            document: files.iter().position(|file| file == document)?,
            range: number("char_start")?..number("char_end")?,
            id: record["id"].as_str()?.to_owned(),
            parent: record["parent"].as_str().map(str::to_owned),
            vector,
            truncated: number("truncated").unwrap_or(0),
        })
    };
    read().ok_or_else(|| XtaskError::failed("semantik wrote a record without document, id or range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_is_documented() {
        let files = ["a.md".to_owned(), "b.md".to_owned()];
        let line =
            r#"{"document":"b.md","id":"x","parent":"y","char_start":3,"char_end":9,"embedding":[1,0.5]}"#;
        let piece = piece(line, &files).unwrap();
        assert_eq!((piece.document, piece.range, piece.parent), (1, 3..9, Some("y".to_owned())));
        assert_eq!((piece.vector, piece.truncated), (Some(vec![1.0, 0.5]), 0));
        assert!(super::piece(r#"{"document":"c.md"}"#, &files).is_err());
    }
}
