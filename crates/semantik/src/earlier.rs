//! [`Earlier`]: the records that earlier runs left of the same documents.

mod line;
mod scan;
mod tiling;
mod vectors;

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use self::scan::Records;
use self::tiling::TextHash;
pub use self::vectors::EarlierVectors;
pub(crate) use self::vectors::Reused;
use crate::error::Error;
use crate::input::Document;

/// Records of earlier runs, by document. A document is finished when its records tile its present text on every level:
/// the records are their own journal, and nothing beside them can disagree with them.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    sources: Vec<Source>,
    /// In the order of the files, and in that of each file.
    groups: Vec<Group>,
    /// Every group of a document, by its number.
    by_document: HashMap<String, Vec<usize>>,
    /// The first groups, which are those of the output, stay where they are: so many of them, and where they end. None once
    /// something else is written.
    in_place: Option<(usize, u64)>,
    /// Whether what a chunk stands under is in its vector.
    context_counts: bool,
}

#[derive(Debug)]
struct Source {
    path: PathBuf,
    file: File,
}

/// The records of a document in one of the files.
#[derive(Debug)]
struct Group {
    source: usize,
    records: Records,
    /// Whether they are in the output of this run.
    is_used: bool,
    /// Whether their document is there.
    is_noted: bool,
    /// Whether they are known to be all that a run made of their document.
    is_finished: bool,
}

/// Where records of earlier runs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the output, which is gone on with: the last document may have been cut short.
    Output,
    /// Put aside by runs that went on, each with the one that was cut short.
    Kept,
    /// In a file of which a run came to its end.
    Finished,
}

/// The records of a document that need not be made again.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// How many.
    pub(crate) chunks: usize,
    /// How many of them had more tokens than the model reads, and how many tokens that were.
    pub(crate) truncated: (usize, usize),
    group: usize,
    is_in_place: bool,
}

impl Found {
    /// Whether they are in the output already.
    pub(crate) fn is_in_place(self) -> bool {
        self.is_in_place
    }
}

impl Earlier {
    pub(crate) fn new(context_counts: bool) -> Self {
        Earlier { context_counts, ..Earlier::default() }
    }

    /// Takes in the records of a file, and gives how many documents and records it has. Those of the output, which is
    /// added first, stay where they are as long as the documents come in their order.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        levels: usize,
        origin: Origin,
    ) -> Result<(usize, usize), Error> {
        let fail = |error: std::io::Error| Error::vectors(path, error.to_string());
        let found = scan::documents(path, levels).map_err(fail)?;
        let counts = (found.len(), found.iter().map(|records| records.count).sum());
        let source = self.sources.len();
        self.sources.push(Source { path: path.to_owned(), file: File::open(path).map_err(fail)? });
        let last = found.len().saturating_sub(1);
        for (at, records) in found.into_iter().enumerate() {
            let is_finished = match origin {
                Origin::Output => at < last,
                Origin::Kept => false,
                Origin::Finished => true,
            };
            self.by_document.entry(records.document.clone()).or_default().push(self.groups.len());
            self.groups.push(Group { source, records, is_used: false, is_noted: false, is_finished });
        }
        if origin == Origin::Output {
            self.in_place = Some((0, 0));
        }
        Ok(counts)
    }

    /// Whether nothing stays in place any more but what was found there.
    pub(crate) fn is_settled(&self) -> bool {
        self.in_place.is_none()
    }

    /// The records of this very document, if all of them are there. Each is found once.
    pub(crate) fn find(&mut self, document: &Document) -> Option<Found> {
        let numbers = self.by_document.get(&document.name)?;
        let text = TextHash::of(&document.text);
        let is_free =
            |number: &usize| self.groups.get(*number).is_some_and(|group| group.holds(document, text));
        let next = self.in_place.filter(|&(number, end)| {
            let group = self.groups.get(number).filter(|group| group.source == 0);
            // Behind rubbish nothing is in its place.
            is_free(&number) && group.is_some_and(|group| group.records.bytes.start == end)
        });
        let number = next.map(|(number, _)| number).or_else(|| numbers.iter().copied().find(is_free))?;
        let group = &mut self.groups[number];
        group.is_used = true;
        if next.is_some() {
            self.in_place = Some((number + 1, group.records.bytes.end));
        }
        let (chunks, truncated) = (group.records.count, group.records.truncated);
        Some(Found { chunks, truncated, group: number, is_in_place: next.is_some() })
    }

    /// The records of a document as it was, whatever became of it since; if several runs left some, those of the first.
    /// Each is found once.
    pub(crate) fn find_last(&mut self, document: &str) -> Option<Found> {
        let numbers = self.by_document.get(document)?;
        let number = numbers.iter().copied().find(|&number| self.groups[number].is_left())?;
        let group = &mut self.groups[number];
        group.is_used = true;
        let (chunks, truncated) = (group.records.count, group.records.truncated);
        Some(Found { chunks, truncated, group: number, is_in_place: false })
    }

    /// Whether the output has whole records, behind those that stay in place, of a document that is there.
    pub(crate) fn has_unused(&self) -> bool {
        let first = self.in_place.map_or(self.groups.len(), |(first, _)| first);
        let behind = self.groups.iter().skip(first).filter(|group| group.source == 0);
        behind.into_iter().any(|group| group.is_noted && group.is_left())
    }

    /// The records that were found, as lines.
    pub(crate) fn read(&mut self, found: Found) -> Result<Vec<u8>, Error> {
        self.read_group(found.group)
    }

    /// The vectors that there are of a document's texts, whatever became of the document.
    pub(crate) fn vectors_of(&mut self, document: &str) -> Result<EarlierVectors, Error> {
        let mut vectors = EarlierVectors::new(self.context_counts);
        for number in self.by_document.get(document).cloned().unwrap_or_default() {
            vectors.add(&self.read_group(number)?);
        }
        Ok(vectors)
    }

    /// Notes that a document is there: what nobody notes is gone.
    pub(crate) fn note(&mut self, document: &str) {
        for &number in self.by_document.get(document).into_iter().flatten() {
            self.groups[number].is_noted = true;
        }
    }

    /// How many documents have records and were not noted.
    pub(crate) fn gone(&self) -> usize {
        let is_noted = |&number: &usize| self.groups[number].is_noted;
        self.by_document.values().filter(|numbers| !numbers.iter().any(is_noted)).count()
    }

    /// Ends what stays in place, and gives how many bytes of the output do. The records behind them are handed to `keep`
    /// and are then in the file at `path`, one after the other from where `keep` says. Does nothing the second time.
    pub(crate) fn settle(
        &mut self,
        path: &Path,
        keep: impl FnOnce(&mut dyn Iterator<Item = Result<Vec<u8>, Error>>) -> Result<u64, Error>,
    ) -> Result<Option<u64>, Error> {
        let Some((first, end)) = self.in_place else { return Ok(None) };
        let behind: Vec<usize> =
            (first..self.groups.len()).filter(|&number| self.groups[number].source == 0).collect();
        if !behind.is_empty() {
            let mut start = keep(&mut behind.iter().map(|&number| self.read_group(number)))?;
            let file = File::open(path).map_err(|error| Error::vectors(path, error.to_string()))?;
            let source = self.sources.len();
            self.sources.push(Source { path: path.to_owned(), file });
            for number in behind {
                let group = &mut self.groups[number];
                let bytes = &mut group.records.bytes;
                *bytes = start..start + (bytes.end - bytes.start);
                start = bytes.end;
                group.source = source;
            }
        }
        self.in_place = None;
        Ok(Some(end))
    }

    /// As [`settle`](Earlier::settle), where nothing is wanted of the records behind.
    pub(crate) fn end(&mut self) -> Option<u64> {
        self.in_place.take().map(|(_, end)| end)
    }

    fn read_group(&mut self, number: usize) -> Result<Vec<u8>, Error> {
        let group = &self.groups[number];
        self.sources[group.source].read(&group.records.bytes)
    }
}

impl Group {
    /// Whether they are all records of a document as it was, and in no output yet.
    fn is_left(&self) -> bool {
        self.is_finished && !self.is_used && self.records.is_a_whole()
    }

    /// Whether these are all records of a document, and not used for another one of the same name and text.
    fn holds(&self, document: &Document, text: TextHash) -> bool {
        !self.is_used && self.records.is_whole(&document.name, text)
    }
}

impl Source {
    fn read(&mut self, bytes: &Range<u64>) -> Result<Vec<u8>, Error> {
        let mut lines = vec![0; (bytes.end - bytes.start) as usize];
        let read =
            self.file.seek(SeekFrom::Start(bytes.start)).and_then(|_| self.file.read_exact(&mut lines));
        read.map_err(|error| Error::vectors(&self.path, error.to_string()))?;
        Ok(lines)
    }
}
