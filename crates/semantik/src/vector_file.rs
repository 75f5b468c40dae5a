//! [`VectorFile`]: a file of vectors that is written, and gone on with.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::earlier::{Earlier, EarlierVectors, Found, Origin};
use crate::error::Error;
use crate::input::Document;
use crate::meta::Meta;
use crate::pipeline::Summary;
use crate::record::Record;
use crate::sink::{
    Beside, Claim, Destination, Durability, Ended, JsonLines, Sink, VectorCounts, discard, meta_of,
    whole_lines,
};

/// The right to write a file of vectors: taken before anything is loaded, so that a wrong path costs no time.
#[derive(Debug)]
pub struct VectorClaim {
    path: PathBuf,
    /// None for what is no regular file.
    claim: Option<Claim>,
}

/// What becomes of the records that earlier runs left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// What is in `FILE.partial` is kept, if the same model and configuration made it.
    #[default]
    GoOn,
    /// Nothing: `FILE.partial` is moved aside.
    Anew,
    /// As [`GoOn`](Resume::GoOn), and what is in `FILE` is kept too where its documents are as they were.
    Update,
}

/// What was there when a file of vectors was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Where `FILE.partial` went, and why it was not gone on with.
    pub moved_aside: Option<(PathBuf, String)>,
    /// The documents and the records of a `FILE.partial` that is gone on with.
    pub goes_on: Option<(usize, usize)>,
    /// The documents and the records of the `FILE` that is updated.
    pub updates: Option<(usize, usize)>,
}

/// A file of vectors while it is written, with its `FILE.meta.json`.
///
/// It stands as `FILE.partial` from the first record on, so that whatever ends the run leaves whole records that can be
/// searched and gone on with.
#[derive(Debug)]
pub struct VectorFile {
    lines: JsonLines<Destination>,
    meta: Meta,
    meta_written: Instant,
    earlier: Earlier,
    opened: Opened,
    /// The documents that failed in this run.
    failed: Vec<String>,
}

/// How often it is written how far the run came.
const META: Duration = Duration::from_secs(1);

impl VectorClaim {
    /// Claims the file at `path` for this run.
    ///
    /// # Errors
    /// Its folder is not there or cannot be written to, the path is a folder, or another run writes it.
    pub fn take(path: &Path) -> Result<Self, Error> {
        Ok(VectorClaim { path: path.to_owned(), claim: Claim::take(path)? })
    }

    /// Opens the file for a run that `meta` describes.
    ///
    /// # Errors
    /// It cannot be written; or it is to be updated, and was made by another model or with another configuration.
    pub fn open(self, meta: Meta, resume: Resume) -> Result<VectorFile, Error> {
        let Some(claim) = self.claim else {
            return VectorFile::new(&self.path, Destination::in_place(&self.path)?, meta);
        };
        let place = claim.place().to_owned();
        let partial = Beside::new(&place).partial();
        let has_partial = partial.metadata().is_ok_and(|there| there.len() > 0);
        let known = match resume {
            Resume::Anew => Err("as asked".to_owned()),
            Resume::GoOn | Resume::Update => made_by(&partial, &meta),
        };
        let levels = meta.levels.len();
        let mut earlier = Earlier::new(meta.has_context_in_vectors());
        let mut opened = Opened::default();
        let (file, meta) = match known {
            Ok(made) if has_partial => {
                let file = claim.go_on()?;
                let counts = earlier.add(&partial, levels, Origin::Output)?;
                opened.goes_on = Some(counts);
                let kept = Beside::new(&place).kept();
                if kept.exists() {
                    earlier.add(&kept, levels, Origin::Kept)?;
                }
                (file, meta.going_on(made, counts))
            }
            known => {
                let file = claim.begin(Durability::OnDisk)?;
                let moved = file.moved_aside().map(Path::to_owned);
                opened.moved_aside = moved.map(|to| (to, known.err().unwrap_or_default()));
                (file, meta)
            }
        };
        if resume == Resume::Update && place.exists() {
            let made = Meta::read_for(&place)?;
            let differs = made.differences(&meta);
            if !differs.is_empty() {
                return Err(Error::not_updatable(&place, differs.join(", ")));
            }
            opened.updates = Some(earlier.add(&place, levels, Origin::Finished)?);
        }
        let file = VectorFile::new(&self.path, Destination::of(file), meta)?;
        Ok(VectorFile { earlier, opened, ..file })
    }
}

/// What made a partial file, or why it cannot be gone on with.
fn made_by(partial: &Path, meta: &Meta) -> Result<Meta, String> {
    let made = Meta::read_for(partial).map_err(|error| format!("what made it is not known: {error}"))?;
    let mut differs = made.differences(meta);
    if made.run.version != meta.run.version {
        let (here, there) = (&meta.run.version, &made.run.version);
        differs.push(format!("version {here} of this program instead of {there}"));
    }
    if differs.is_empty() { Ok(made) } else { Err(differs.join(", ")) }
}

impl VectorFile {
    fn new(path: &Path, destination: Destination, meta: Meta) -> Result<Self, Error> {
        let opened = Opened::default();
        let lines = JsonLines::new(destination, path);
        let (earlier, failed) = (Earlier::default(), Vec::new());
        let file = VectorFile { lines, meta, meta_written: Instant::now(), earlier, opened, failed };
        // First of all: without it, records cannot be searched, nor gone on with.
        file.write_meta()?;
        Ok(file)
    }

    /// What was there before.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Counts of the vectors that are written.
    pub fn vector_counts(&self) -> VectorCounts {
        self.lines.vector_counts()
    }

    /// What made it, and how far the run came.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Has the records of earlier runs in the file of documents that failed in this one: a document that cannot be read today
    /// costs nothing of what was made of it before.
    fn keep_of_failed(&mut self) -> Result<(), Error> {
        for document in std::mem::take(&mut self.failed) {
            if let Some(found) = self.earlier.find_last(&document) {
                let lines = self.earlier.read(found)?;
                self.lines.copy(&lines)?;
                self.meta.chunks += found.chunks;
                self.meta.run.stale_chunks += found.chunks;
                self.meta.run.stale_documents.push(document);
            }
        }
        Ok(())
    }

    /// Puts the file and what belongs to it in their place, and returns where that is: `FILE.partial` if the run did not
    /// come to its end.
    ///
    /// # Errors
    /// The rest cannot be written, or the file not be renamed; then it is in `FILE.partial`.
    pub fn finish(mut self, ended: Ended) -> Result<(PathBuf, Meta), Error> {
        if ended == Ended::Done {
            self.keep_of_failed()?;
        }
        self.lines.flush()?;
        let partial = self.partial();
        // Until the file is in its place, the run has not come to its end.
        self.meta.interrupted = true;
        let written = self.write_meta();
        let destination = self.lines.into_inner();
        let is_over = ended == Ended::Done;
        if is_over && partial.is_some() {
            written?;
        }
        // Where it was interrupted, what was written of it before is true as far as it goes.
        let place = destination.finish(ended)?;
        if !is_over {
            return Ok((place, self.meta));
        }
        self.meta.interrupted = false;
        if let Some(partial) = partial {
            let left = meta_of(&partial);
            match self.meta.write_for(&place) {
                Ok(()) => discard(&left),
                // On a full disk the last one that was written does, and needs no room.
                Err(error) => std::fs::rename(left, meta_of(&place)).map_err(|_| error)?,
            }
            discard(&Beside::new(&place).kept());
        }
        Ok((place, self.meta))
    }

    fn partial(&self) -> Option<PathBuf> {
        self.lines.get_ref().partial().map(|file| file.path().to_owned())
    }

    fn write_meta(&self) -> Result<(), Error> {
        self.partial().map_or(Ok(()), |partial| self.meta.write_for(&partial))
    }

    /// From here on records are written: those of earlier runs that are still to come in the file are put elsewhere.
    fn settle(&mut self) -> Result<(), Error> {
        if self.earlier.is_settled() {
            return Ok(());
        }
        let kept = self.lines.get_ref().partial().map(|file| Beside::new(file.place()).kept());
        let Some(kept) = kept else { return Ok(()) };
        match self.earlier.settle(&kept, |records| append(&kept, records))? {
            Some(stay) => self.rewind(stay),
            None => Ok(()),
        }
    }
}

/// Puts records behind what is at `path`, on the disk. Gives where they begin.
fn append(path: &Path, records: &mut dyn Iterator<Item = Result<Vec<u8>, Error>>) -> Result<u64, Error> {
    let fail = |error| Error::output(path, error);
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).open(path).map_err(fail)?;
    let start = whole_lines(&mut file).map_err(fail)?;
    file.set_len(start).and_then(|()| file.seek(SeekFrom::Start(start))).map_err(fail)?;
    let write = || {
        for lines in records {
            file.write_all(&lines?).map_err(fail)?;
        }
        file.sync_all().map_err(fail)
    };
    let written = write();
    if written.is_err() {
        // Half of them are of no use: they are still where they were.
        let _ = file.set_len(start);
    }
    written.map(|()| start)
}

impl Sink for VectorFile {
    fn write(&mut self, record: &Record<'_>) -> Result<(), Error> {
        self.settle()?;
        self.lines.write(record)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.lines.flush()
    }

    fn checkpoint(&mut self, summary: &Summary, at_once: bool) -> Result<(), Error> {
        self.lines.flush()?;
        // Before that, the file has what the run before it left, and that is told already.
        if self.earlier.is_settled() {
            self.meta.update(summary);
        }
        self.meta.run.found = summary.found;
        self.failed.clone_from(&summary.failed_documents);
        if !at_once && self.meta_written.elapsed() < META {
            return Ok(());
        }
        self.meta_written = Instant::now();
        // The one from the beginning says what has to be known; this one only how far the run came.
        let _ = self.write_meta();
        Ok(())
    }

    fn position(&self) -> Option<u64> {
        self.lines.get_ref().position()
    }

    fn rewind(&mut self, position: u64) -> Result<(), Error> {
        self.lines.rewind(position)
    }

    fn note(&mut self, document: &str) {
        self.earlier.note(document);
    }

    fn find(&mut self, document: &Document) -> Option<Found> {
        self.earlier.find(document)
    }

    fn keep(&mut self, found: &Found) -> Result<(), Error> {
        if found.is_in_place() {
            return Ok(());
        }
        self.settle()?;
        let lines = self.earlier.read(*found)?;
        self.lines.copy(&lines)
    }

    fn vectors_of(&mut self, document: &str) -> Result<EarlierVectors, Error> {
        // Who asks is going to write, and nothing that comes after can be in its place.
        self.settle()?;
        self.earlier.vectors_of(document)
    }

    fn end(&mut self) -> Result<usize, Error> {
        // Records of a document that is there, and did not come: it failed, and they may be wanted yet.
        if self.earlier.has_unused() {
            self.settle()?;
        }
        // What is still to come in the file is of no document that there is.
        if let Some(stay) = self.earlier.end() {
            self.rewind(stay)?;
        }
        Ok(self.earlier.gone())
    }
}
