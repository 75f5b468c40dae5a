//! The records of a file, grouped by document.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

use super::line::Line;
use super::tiling::{TextHash, Tiling};

/// The records of one document, one after the other in a file.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) document: String,
    /// Where its lines are.
    pub(super) bytes: Range<u64>,
    /// How many they are.
    pub(super) count: usize,
    /// How many of them had more tokens than the model reads, and how many tokens that were.
    pub(super) truncated: (usize, usize),
    /// The text that the records of all levels cover, if they cover one.
    covered: Option<TextHash>,
}

impl Records {
    pub(super) fn is_whole(&self, document: &str, text: TextHash) -> bool {
        self.document == document && self.covered == Some(text)
    }

    /// Whether they are all records of some text.
    pub(super) fn is_a_whole(&self) -> bool {
        self.covered.is_some()
    }
}

/// Reads a file once. Lines that are no record belong to nothing, and end the group before them.
pub(super) fn documents(path: &Path, levels: usize) -> std::io::Result<Vec<Records>> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes)? as u64;
        if read == 0 || bytes.last() != Some(&b'\n') {
            break;
        }
        let line: Option<Line<'_>> = serde_json::from_slice(&bytes).ok();
        let goes_on = |open: &Open, line: &Line<'_>| {
            open.end == at && open.document == line.document && open.count == line.index
        };
        match (&line, &mut open) {
            (Some(line), Some(open)) if goes_on(open, line) => open.add(line, read),
            (Some(line), _) => {
                found.extend(open.take().map(Open::close));
                let mut new = Open::at(at, line, levels);
                new.add(line, read);
                open = Some(new);
            }
            (None, _) => found.extend(open.take().map(Open::close)),
        }
        at += read;
    }
    found.extend(open.map(Open::close));
    Ok(found)
}

/// A group while it is read.
struct Open {
    document: String,
    start: u64,
    end: u64,
    count: usize,
    truncated: (usize, usize),
    levels: Vec<Tiling>,
    /// Whether it has a record of a level that there should not be, or begins in the middle.
    is_odd: bool,
}

impl Open {
    fn at(start: u64, line: &Line<'_>, levels: usize) -> Self {
        Open {
            document: line.document.clone().into_owned(),
            start,
            end: start,
            count: 0,
            truncated: (0, 0),
            levels: vec![Tiling::default(); levels.max(1)],
            is_odd: line.index != 0,
        }
    }

    fn add(&mut self, line: &Line<'_>, bytes: u64) {
        self.count += 1;
        self.end += bytes;
        let dropped = line.truncated.unwrap_or(0);
        self.truncated.0 += usize::from(dropped > 0);
        self.truncated.1 += dropped;
        match self.levels.get_mut(line.level.unwrap_or(0)) {
            Some(level) => level.add(&line.text, line.byte_start, line.overlap_bytes),
            None => self.is_odd = true,
        }
    }

    fn close(self) -> Records {
        let mut covered = self.levels.iter().map(Tiling::covered);
        let first = covered.next().flatten();
        let covered = first.filter(|_| !self.is_odd && covered.all(|level| level == first));
        let bytes = self.start..self.end;
        Records { document: self.document, bytes, count: self.count, truncated: self.truncated, covered }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn line(document: &str, index: usize, text: &str, start: usize) -> String {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "{{\"document\":\"{document}\",\"index\":{index},\"text\":{text},\"byte_start\":{start},\
             \"overlap_bytes\":0,\"embedding\":[0.5]}}\n"
        )
    }

    fn scan(lines: &str, levels: usize) -> Vec<Records> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines).unwrap();
        documents(file.path(), levels).unwrap()
    }

    #[test]
    fn records_are_grouped_by_document_and_a_half_line_counts_for_nothing() {
        let first = line("a", 0, "one\n", 0) + &line("a", 1, "two", 4);
        let second = line("b", 0, "x", 0);
        let half = &line("b", 1, "yz", 1)[..20];
        let found = scan(&format!("{first}{second}{half}"), 1);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].bytes, 0..first.len() as u64);
        assert_eq!((found[0].count, found[1].count), (2, 1));
        assert!(found[0].is_whole("a", TextHash::of("one\ntwo")));
        assert!(!found[0].is_whole("b", TextHash::of("one\ntwo")));
        assert!(!found[1].is_whole("b", TextHash::of("xyz")));
    }

    #[test]
    fn the_same_document_twice_is_two_groups_and_a_missing_record_makes_none_whole() {
        let twice = line("a", 0, "one", 0).repeat(2);
        assert_eq!(scan(&twice, 1).iter().filter(|one| one.is_whole("a", TextHash::of("one"))).count(), 2);
        let gap = line("a", 0, "one", 0) + &line("a", 2, "three", 6);
        let found = scan(&gap, 1);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.covered.is_none() || one.is_whole("a", TextHash::of("one"))));
    }

    #[test]
    fn a_line_of_something_else_is_in_no_group() {
        let mut text = line("a", 0, "one", 0);
        let _ = writeln!(text, "\0\0\0 rubbish");
        text += &line("a", 1, "two", 3);
        let found = scan(&text, 1);
        assert_eq!(found.len(), 2);
        assert!(!found[1].is_whole("a", TextHash::of("two")));
    }

    #[test]
    fn a_hierarchy_is_whole_when_every_level_is() {
        let level = |level: usize, index: usize, text: &str, start: usize| {
            line("a", index, text, start).replace("\"overlap", &format!("\"level\":{level},\"overlap"))
        };
        let roots = level(0, 0, "onetwo", 0) + &level(1, 1, "one", 0);
        assert!(!scan(&roots, 2)[0].is_whole("a", TextHash::of("onetwo")));
        let all = roots + &level(1, 2, "two", 3);
        assert!(scan(&all, 2)[0].is_whole("a", TextHash::of("onetwo")));
        assert!(!scan(&all, 1)[0].is_whole("a", TextHash::of("onetwo")));
    }
}
