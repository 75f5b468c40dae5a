//! Where the items and statements of a file are.

use super::Language;
use super::{braces, grammar, parse};
use crate::chunk::ContextPart;

/// A piece of syntax that begins a line, or lies in a line too long to be one, with the comments and attributes that
/// describe it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Where its first line starts, its comments' if it has any.
    pub(super) start: usize,
    /// Where its first line starts without its comments, but with its attributes.
    pub(super) bare_start: usize,
    /// Where it starts itself.
    pub(super) text_start: usize,
    /// Where its text ends.
    pub(super) end: usize,
    /// How many pieces it lies in.
    pub(super) depth: usize,
    /// Whether it is the first of what it lies in: to cut before it leaves an opening line alone.
    pub(super) is_first: bool,
    /// Whether a blank line comes before it.
    pub(super) is_set_off: bool,
    /// Of an item: what says its name.
    pub(super) signature: Option<ContextPart>,
}

/// All pieces of a file, in order, a piece before those inside it.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) pieces: Vec<Piece>,
    /// Why there are none, if the file is cut by lines.
    pub(super) failure: Option<String>,
}

/// How large a file may be.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// Deeper, some grammars take time that grows with the square of the depth. Code that people write has less than 50,
/// minified code 200.
const MOST_DEPTH: usize = 400;

impl Outline {
    pub(super) fn of(language: Language, text: &str) -> Self {
        let found = if text.len() > MOST_BYTES {
            Err(format!("is larger than {} MiB", MOST_BYTES / 1024 / 1024))
        } else if depth(text) > MOST_DEPTH {
            Err(format!("nests brackets more than {MOST_DEPTH} deep"))
        } else {
            // A header of C++ that is called `.h` looks like C to the grammar of C for long stretches, with names of its own.
            let spoken = if language == Language::C && is_cpp(text) { Language::Cpp } else { language };
            let parsed = grammar::of(spoken).map(|grammar| parse::pieces(&grammar, text));
            match parsed {
                Some(Err(_)) | None if grammar::has_braces(spoken) => {
                    braces::pieces(spoken, text).map_err(|failure| match parsed {
                        Some(Err(parsed)) => parsed,
                        _ => failure,
                    })
                }
                Some(parsed) => parsed,
                None => Err("has no grammar".to_owned()),
            }
        };
        match found {
            Ok(pieces) => Outline { pieces: attached(text, pieces), failure: None },
            Err(failure) => Outline { pieces: Vec::new(), failure: Some(failure) },
        }
    }
}

/// Whether a line begins as only lines of C++ do.
fn is_cpp(text: &str) -> bool {
    const BEGINS: [&str; 8] = [
        "namespace ",
        "inline namespace ",
        "using namespace ",
        "template <",
        "template<",
        "public:",
        "private:",
        "protected:",
    ];
    // `class = found;` is C.
    let names_class = |line: &str| {
        let name = line.strip_prefix("class ");
        name.is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    };
    let mut is_comment = false;
    text.lines().any(|line| {
        let line = line.trim_start();
        let was_comment = is_comment;
        match (line.rfind("/*"), line.rfind("*/")) {
            (Some(opens), closes) if closes.is_none_or(|closes| closes < opens) => is_comment = true,
            (_, Some(_)) => is_comment = false,
            _ => {}
        }
        !was_comment && (names_class(line) || BEGINS.iter().any(|begin| line.starts_with(begin)))
    })
}

/// How deep brackets are nested, those in strings and comments counted too.
fn depth(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                most = most.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// What is found before it is known what belongs together.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) text_start: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
    pub(super) is_first: bool,
    pub(super) describes: Describes,
    pub(super) signature: Option<ContextPart>,
}

/// What a piece says about the one behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Describes {
    Nothing,
    /// A comment describes what follows without a blank line.
    IfAdjacent,
    /// An attribute always does.
    Always,
}

/// Comments and attributes with what they describe.
fn attached(text: &str, found: Vec<Found>) -> Vec<Piece> {
    let mut pieces: Vec<(Piece, Describes)> = Vec::with_capacity(found.len());
    for found in found {
        let end = trimmed(text, found.text_start, found.end);
        let is_described = pieces.last().is_some_and(|(before, describes)| {
            let same = before.depth == found.depth && !found.is_first;
            same && match describes {
                Describes::Nothing => false,
                Describes::IfAdjacent => lines_between(text, before.end, found.text_start) <= 1,
                Describes::Always => true,
            }
        });
        let (mut start, mut is_first, mut describes) = (found.start, found.is_first, found.describes);
        let mut bare_start = found.start;
        if is_described && let Some((before, earlier)) = pieces.pop() {
            (start, is_first) = (before.start, before.is_first);
            if earlier == Describes::Always {
                bare_start = before.bare_start;
            }
            if describes == Describes::IfAdjacent {
                describes = earlier;
            }
        }
        let is_set_off = follows_blank_line(text, start);
        let Found { text_start, depth, signature, .. } = found;
        let piece = Piece { start, bare_start, text_start, end, depth, is_first, is_set_off, signature };
        pieces.push((piece, describes));
    }
    pieces.into_iter().map(|(piece, _)| piece).collect()
}

/// The end without the blanks that some grammars count to a comment or a directive.
fn trimmed(text: &str, start: usize, end: usize) -> usize {
    let last = &text.as_bytes()[start.max(end.saturating_sub(64))..end];
    let blanks = last.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    end - blanks
}

fn lines_between(text: &str, end: usize, start: usize) -> usize {
    let between = text.as_bytes().get(end..start).unwrap_or_default();
    // More than two are as good as two.
    memchr::memchr_iter(b'\n', between).take(2).count()
}

fn follows_blank_line(text: &str, line_start: usize) -> bool {
    let mut before = text.as_bytes()[..line_start].iter().rev();
    if before.next() != Some(&b'\n') {
        return false;
    }
    let mut blanks = before.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    blanks.next() == Some(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_cpp_are_told_from_c() {
        for text in ["#pragma once\nclass sink {\n", "/* of C */\nnamespace a {\n", "struct a {\npublic:\n"] {
            assert!(is_cpp(text), "{text}");
        }
        for text in ["    class = find(1);\n", "/*\nclass Fox is told of\n*/\nint x;\n", "int private;\n"] {
            assert!(!is_cpp(text), "{text}");
        }
    }
}
