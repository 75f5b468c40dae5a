//! Whether a document is a transcript: told by its start, or as it goes on.

use memchr::memchr2;

use super::LOOKED_AT_BYTES;
use super::line::{Fence, Label, is_cue, line_at};
use crate::boundary::line_end_in;

/// What a document's start looks like.
#[derive(Debug, PartialEq)]
pub(super) enum Beginning {
    Transcript {
        /// Whether the labels are that tell it.
        is_bold: bool,
    },
    /// As a transcript with turns so long that no label has come again.
    LongTurn,
    Other,
}

/// A transcript, if lines that begin with a label are a good part of the first, and a label comes again. Where bold labels
/// tell that by themselves, what is not bold (`Note:`) is none.
pub(super) fn beginning(text: &str) -> Beginning {
    let start = &text[..text.floor_char_boundary(LOOKED_AT_BYTES)];
    let (mut lines, mut labels, mut places): (usize, Vec<Label<'_>>, Vec<usize>) =
        (0, Vec::new(), Vec::new());
    let mut fence = Fence::default();
    let mut at = 0;
    while at < start.len() {
        let end = line_end_in(&start.as_bytes()[at..]).map_or(start.len(), |end| at + end);
        let line = start[at..end].trim_start_matches('\u{feff}');
        if !line.trim().is_empty() && !is_cue(line) && !fence.holds(start, at) {
            lines += 1;
            if let Some(label) = Label::of(line.trim_end()) {
                labels.push(label);
                places.push(at);
            }
        }
        at = end;
    }
    let bold = labels.iter().filter(|label| label.is_bold()).map(|label| label.name);
    let is_bold = tell_transcript(bold.collect(), lines);
    if is_bold || tell_transcript(labels.iter().map(|label| label.name).collect(), lines) {
        return Beginning::Transcript { is_bold };
    }
    // The labels of a letter's head stand close to each other.
    let are_apart = places.windows(2).all(|pair| pair[1] - pair[0] >= LONG_TURN_BYTES);
    let is_long = places.last().is_some_and(|&last| start.len() - last >= LONG_TURN_BYTES);
    if are_apart && is_long { Beginning::LongTurn } else { Beginning::Other }
}

fn tell_transcript(mut names: Vec<&str>, lines: usize) -> bool {
    let labels = names.len();
    names.sort_unstable();
    names.dedup();
    labels >= 3 && names.len() < labels && labels * 5 >= lines
}

/// A turn is long that is longer.
const LONG_TURN_BYTES: usize = 300;

/// What was seen of a document that may be a transcript.
#[derive(Default)]
pub(super) struct Watched {
    /// Up to where, in the text.
    at: usize,
    /// How many bytes that are.
    seen: usize,
    /// Whether `at` lies within a line.
    is_in_line: bool,
    /// Whether text comes before that line, with no blank line between.
    follows_text: bool,
    fence: Fence,
    paragraphs: usize,
    labels: usize,
    bold: usize,
    names: Vec<String>,
}

/// Where a transcript is known to be one.
pub(super) struct Found {
    /// Where the turn begins that tells it.
    pub(super) at: usize,
    pub(super) is_bold: bool,
}

impl Watched {
    /// Where the turn begins that tells the document to be a transcript, if one does before `own`: half of the
    /// paragraphs begin with labels, and one of them comes again.
    pub(super) fn turns_at(&mut self, text: &str, own: usize) -> Option<Found> {
        while self.at < own {
            if self.is_in_line {
                let end = memchr2(b'\n', b'\r', &text.as_bytes()[self.at..own]);
                self.is_in_line = end.is_none();
                self.move_to(end.map_or(own, |end| self.at + end + 1));
                continue;
            }
            if text.as_bytes()[self.at] == b'\n' && text[..self.at].ends_with('\r') {
                self.move_to(self.at + 1);
                continue;
            }
            let line = line_at(text, self.at);
            let is_blank = line.trim().is_empty();
            let begins = !std::mem::replace(&mut self.follows_text, !is_blank) && !is_blank;
            self.is_in_line = true;
            if self.fence.holds(text, self.at) || !begins {
                continue;
            }
            self.paragraphs += 1;
            let Some(label) = Label::of(line) else { continue };
            self.labels += 1;
            self.bold += usize::from(label.is_bold());
            let is_known = self.names.iter().any(|known| known == label.name);
            if is_known && self.names.len() > 1 && self.labels >= 3 && self.labels * 2 >= self.paragraphs {
                return Some(Found { at: self.at, is_bold: self.bold * 2 > self.labels });
            }
            if !is_known && self.names.len() < MOST_NAMES {
                self.names.push(label.name.to_owned());
            }
        }
        None
    }

    /// Whether nothing more is to be expected.
    pub(super) fn is_over(&self) -> bool {
        self.seen > WATCHED_BYTES
    }

    pub(super) fn shift(&mut self, bytes: usize) {
        self.at -= bytes;
    }

    fn move_to(&mut self, at: usize) {
        self.seen += at - self.at;
        self.at = at;
    }
}

/// So many speakers are told apart.
pub(super) const MOST_NAMES: usize = 32;

/// A label comes again within so much of a transcript.
const WATCHED_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letterhead_is_no_transcript() {
        let plain = Beginning::Transcript { is_bold: false };
        assert_eq!(beginning("ANNA: Hi.\nBEN: Hello.\nANNA: How are you?\n"), plain);
        assert_eq!(beginning("ANNA: Hi.\rBEN: Hello.\rANNA: How are you?\r"), plain);
        assert_eq!(
            beginning("Title: A Book\nAuthor: A Man\nDate: Today\n\nIt was late.\n"),
            Beginning::Other
        );
        assert_eq!(beginning("It was late. He said: go.\n"), Beginning::Other);
        let long = "It was late, and nobody was there to open the door for them. ".repeat(20);
        assert_eq!(beginning(&format!("ANNA: {long}\n\nBEN: {long}\n")), Beginning::LongTurn);
        assert_eq!(beginning(&format!("Title: A Book\nAuthor: A Man\n\n{long}\n")), Beginning::Other);
    }
}
