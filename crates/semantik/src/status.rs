//! [`Status`]: how far a file of vectors is.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Error;
use crate::meta::Meta;
use crate::sink::{Beside, writer_of};

/// How far a file of vectors is: what is finished, and what a run left or is writing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The file.
    pub file: PathBuf,
    /// The process that writes it just now, as far as it is known who that is.
    pub writer: Option<u32>,
    /// Whether a process writes it just now.
    pub is_being_written: bool,
    /// The file itself, if it is there.
    pub finished: Option<FileStatus>,
    /// `FILE.partial`, if it is there.
    pub partial: Option<FileStatus>,
}

/// What a file of records holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileStatus {
    /// The file.
    pub file: PathBuf,
    /// Whole records in it.
    pub records: usize,
    /// Bytes of these.
    pub bytes: u64,
    /// What is written beside it, if that can be read.
    pub meta: Option<Meta>,
    /// Documents that were neither finished nor failed when that was written.
    pub left: Option<usize>,
}

impl Status {
    /// Where a run keeps what it has finished of `file`.
    pub fn partial_of(file: &Path) -> PathBuf {
        Beside::new(file).partial()
    }

    /// Of `FILE`, given as itself or as `FILE.partial`.
    ///
    /// # Errors
    /// Neither is there, or one cannot be read.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let file = output_of(path);
        let partial = Beside::new(&file).partial();
        let status = |path: &Path| path.is_file().then(|| FileStatus::of(path)).transpose();
        let (finished, partial) = (status(&file)?, status(&partial)?);
        if finished.is_none() && partial.is_none() {
            return Err(Error::vectors(&file, "is not there, nor is there a run that writes it"));
        }
        let writer = writer_of(&file);
        Ok(Status {
            file,
            writer: writer.and_then(|writer| writer.pid),
            is_being_written: writer.is_some(),
            finished,
            partial,
        })
    }
}

impl FileStatus {
    fn of(path: &Path) -> Result<Self, Error> {
        let fail = |error: std::io::Error| Error::vectors(path, error.to_string());
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(fail)?);
        let (mut records, mut bytes, mut line) = (0, 0, Vec::new());
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(fail)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            records += 1;
            bytes += read as u64;
        }
        let meta = Meta::read_for(path).ok();
        let left = meta.as_ref().map(|meta| meta.run.found.saturating_sub(meta.run.finished + meta.failed));
        Ok(FileStatus { file: path.to_owned(), records, bytes, meta, left })
    }
}

/// The output that a path belongs to.
fn output_of(path: &Path) -> PathBuf {
    match (path.extension(), path.file_stem()) {
        (Some(extension), Some(stem)) if extension == "partial" => path.with_file_name(stem),
        _ => path.to_owned(),
    }
}
