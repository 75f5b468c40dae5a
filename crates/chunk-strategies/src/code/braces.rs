//! Pieces from braces and semicolons, for languages whose grammar would be too large, and for what a grammar refuses.

use std::ops::Range;

use super::Language;
use super::lines::Lines;
use super::outline::{Describes, Found};
use super::signature;

/// The pieces of a file, or why its braces say nothing.
pub(super) fn pieces(language: Language, text: &str) -> Result<Vec<Found>, String> {
    let mut scan = Scan {
        text,
        language,
        at: 0,
        lines: Lines::new(text),
        found: Vec::new(),
        open: Vec::new(),
        statement: None,
        is_fresh: false,
        conditions: Vec::new(),
        comments: Vec::new(),
    };
    while scan.at < text.len() {
        scan.step()?;
    }
    if !scan.open.is_empty() {
        return Err("does not parse (a bracket is never closed)".to_owned());
    }
    // Without any block, whole statements and directives are still code, if all is; what a grammar refused has to have one.
    let is_whole = scan.statement.is_none() && super::grammar::of(language).is_none();
    if !is_whole && scan.found.iter().all(|found| found.signature.is_none()) {
        return Err("does not parse (no item is found in it)".to_owned());
    }
    scan.end_statement(text.len());
    Ok(scan.found)
}

/// One walk over a file, which knows comments, strings and brackets and nothing else.
struct Scan<'t> {
    text: &'t str,
    language: Language,
    at: usize,
    lines: Lines<'t>,
    found: Vec<Found>,
    /// Open brackets, outermost first.
    open: Vec<Open>,
    /// The statement that has begun on this level.
    statement: Option<Statement>,
    /// Whether nothing has come yet behind the last brace.
    is_fresh: bool,
    /// Where the branches of a directive began: of `#if (` and `#else (` only one is ever closed.
    conditions: Vec<(Vec<Open>, Option<Statement>)>,
    /// Where the comments are in the statement that began last.
    comments: Vec<Range<usize>>,
}

#[derive(Clone, Copy)]
struct Open {
    closer: u8,
    /// The statement that it lies in.
    around: Option<Statement>,
}

#[derive(Clone, Copy)]
struct Statement {
    start: usize,
    /// Which of what was found it is, if it begins a line.
    index: Option<usize>,
}

/// What a statement with a block begins with that has no name.
const CONTROL: [&str; 15] = [
    "if", "else", "for", "foreach", "while", "do", "switch", "try", "catch", "finally", "return", "lock",
    "case", "default", "using",
];

/// No statement has more before the block that is an item's. A table has a block for each of its rows, and all that comes
/// before it in the same statement would be looked at again for each.
const MOST_HEAD_BYTES: usize = 1024;

/// Nobody nests the conditions of directives deeper.
const MOST_CONDITIONS: usize = 256;

impl Scan<'_> {
    fn step(&mut self) -> Result<(), String> {
        let bytes = self.text.as_bytes();
        let at = self.at;
        match bytes[at] {
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => self.comment(),
            b'#' if self.begins_line() && self.language != Language::TypeScript => self.directive()?,
            b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            _ if self.text[at..].starts_with('\u{feff}') => self.at += '\u{feff}'.len_utf8(),
            b'(' => self.enter(b')'),
            b'[' => self.enter(b']'),
            b'{' => self.enter(b'}'),
            closer @ (b')' | b']' | b'}') => self.leave(closer)?,
            b';' if !self.is_in_parentheses() => {
                self.begin();
                self.at += 1;
                self.end_statement(self.at);
            }
            b':' if self.is_label() => {
                self.at += 1;
                // It is said of what follows.
                if let Some(index) = self.statement.and_then(|statement| statement.index) {
                    self.found[index].describes = Describes::Always;
                }
                self.end_statement(self.at);
            }
            quote @ (b'"' | b'\'' | b'`') => {
                self.begin();
                self.at = self.string_end(quote);
            }
            _ => {
                self.begin();
                self.word();
            }
        }
        Ok(())
    }

    /// Past a run of letters and digits, or one other character.
    fn word(&mut self) {
        let bytes = &self.text.as_bytes()[self.at..];
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        let length = bytes.iter().take_while(|byte| is_word(byte)).count();
        let (word, next) = (&bytes[..length], bytes.get(length));
        self.at += length.max(1);
        // R"x(…)x" of C++, where the marks are the writer's; digits with ' between them.
        if next == Some(&b'"') && word.ends_with(b"R") && self.language != Language::TypeScript {
            self.at = self.raw_end(self.at);
        } else if next == Some(&b'\'') && word.first().is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    /// Whether nothing but blanks comes before on the line.
    fn begins_line(&self) -> bool {
        let before = self.text.as_bytes()[..self.at].iter().rev();
        before
            .copied()
            .find(|byte| !matches!(byte, b' ' | b'\t'))
            .is_none_or(|byte| matches!(byte, b'\n' | 0xbf))
    }

    fn is_in_parentheses(&self) -> bool {
        self.open.last().is_some_and(|open| open.closer != b'}')
    }

    /// A statement begins here, if none has.
    fn begin(&mut self) {
        if self.statement.is_some() || self.is_in_parentheses() {
            return;
        }
        let is_attribute = self.text.as_bytes()[self.at] == b'[' && self.language == Language::CSharp;
        let describes = if is_attribute { Describes::Always } else { Describes::Nothing };
        self.comments.clear();
        let index = self.find(self.at, self.text.len(), describes);
        self.statement = Some(Statement { start: self.at, index });
    }

    /// Notes a piece whose end is not known yet.
    fn find(&mut self, text_start: usize, end: usize, describes: Describes) -> Option<usize> {
        let start = self.lines.cut_before(text_start)?;
        let depth = self.open.iter().filter(|open| open.closer == b'}').count();
        let is_first = std::mem::take(&mut self.is_fresh);
        self.found.push(Found { start, text_start, end, depth, is_first, describes, signature: None });
        Some(self.found.len() - 1)
    }

    fn end_statement(&mut self, end: usize) {
        if let Some(index) = self.statement.take().and_then(|statement| statement.index) {
            self.found[index].end = end;
        }
    }

    fn enter(&mut self, closer: u8) {
        self.begin();
        if closer == b'}' && !self.is_in_parentheses() {
            self.name();
            self.is_fresh = true;
        }
        self.at += 1;
        self.open.push(Open { closer, around: self.statement.take() });
    }

    fn leave(&mut self, closer: u8) -> Result<(), String> {
        let Some(open) = self.open.pop().filter(|open| open.closer == closer) else {
            return Err("does not parse (a bracket is closed that is not open)".to_owned());
        };
        self.end_statement(self.at);
        self.at += 1;
        self.statement = open.around;
        self.is_fresh = false;
        let is_attribute = closer == b']'
            && self.language == Language::CSharp
            && self.statement.is_some_and(|statement| self.text.as_bytes()[statement.start] == b'[');
        // A block ends its statement, but where that goes on: `} while (…);`, `} else {`, `} x;`, `})`.
        if is_attribute || (closer == b'}' && !self.is_in_parentheses() && !self.goes_on()) {
            self.end_statement(self.at);
        }
        Ok(())
    }

    /// Whether what follows a block belongs to the statement that it ended.
    fn goes_on(&self) -> bool {
        let behind = self.text[self.at..].trim_start_matches([' ', '\t', '\r', '\n']);
        let word: String = behind.chars().take_while(char::is_ascii_alphabetic).take(9).collect();
        let is_on_line = self.text[self.at..].trim_start_matches([' ', '\t']).len() == behind.len();
        matches!(&word[..], "else" | "catch" | "finally")
            || behind.starts_with([';', ',', ')', ']', '.', '=', '?', '(', '['])
            || (is_on_line && !word.is_empty())
    }

    /// A piece for a statement that shares its line with the opening of what it lies in, as in `namespace a { namespace b {`:
    /// it is cut where that is.
    fn on_line_of_outer(&mut self, start: usize) -> Option<usize> {
        let outer = self.open.last()?.around?.index.and_then(|index| self.found.get(index))?;
        let (cut, between) = (outer.start, self.text.get(outer.text_start..start)?);
        let is_on_line = between.len() <= MOST_HEAD_BYTES && !between.contains('\n');
        // They are in order of where they are cut: in a long line another may have been found since.
        let is_next = self.found.last().is_some_and(|last| last.start <= cut);
        if !is_on_line || !is_next || !has_keyword(self.text.get(start..self.at)?) {
            return None;
        }
        let depth = self.open.iter().filter(|open| open.closer == b'}').count();
        self.found.push(Found {
            start: cut,
            text_start: start,
            end: self.text.len(),
            depth,
            is_first: true,
            describes: Describes::Nothing,
            signature: None,
        });
        let index = self.found.len() - 1;
        self.statement = Some(Statement { start, index: Some(index) });
        Some(index)
    }

    /// Gives the statement its name, if its block is an item's.
    fn name(&mut self) {
        let Some(Statement { start, index }) = self.statement else { return };
        if self.at - start > MOST_HEAD_BYTES {
            return;
        }
        let Some(index) = index.or_else(|| self.on_line_of_outer(start)) else { return };
        let head = &signature::without(self.text, start..self.at, &self.comments)[..];
        let first = head.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let is_item = if self.language == Language::C || self.language == Language::TypeScript {
            // Here only what the grammar refused.
            !CONTROL.contains(&first) && (head.contains('(') || has_keyword(head))
        } else {
            !CONTROL.contains(&first)
                && !head.contains(" new ")
                && (has_keyword(head)
                    || head.trim_end().ends_with([')', 't', 'e', 'l'])
                    || head.contains(") :"))
        };
        if is_item && !head.trim().is_empty() && self.found[index].signature.is_none() {
            self.found[index].signature = signature::part(self.text, start, self.at, &self.comments);
        }
    }

    /// `public:`, `case x:`, `default:`.
    fn is_label(&self) -> bool {
        let Some(statement) = self.statement.filter(|_| !self.is_in_parentheses()) else { return false };
        let head = self.text[statement.start..self.at].trim_end();
        let follows = self.text.as_bytes().get(self.at + 1);
        let is_alone = matches!(head, "public" | "private" | "protected" | "default" | "signals" | "slots");
        follows != Some(&b':') && (is_alone || (head.starts_with("case ") && !head.ends_with(':')))
    }

    fn comment(&mut self) {
        let rest = &self.text[self.at..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            rest[2..].find("*/").map_or(rest.len(), |end| end + 4)
        };
        if self.statement.is_none() && !self.is_in_parentheses() {
            self.find(self.at, self.at + end, Describes::IfAdjacent);
        }
        self.comments.push(self.at..self.at + end);
        self.at += end;
    }

    /// A line of the preprocessor, with those that it goes on to.
    fn directive(&mut self) -> Result<(), String> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut end = start;
        loop {
            end = memchr::memchr(b'\n', &bytes[end..]).map_or(bytes.len(), |at| end + at);
            let before = bytes[start..end].trim_ascii_end();
            if end == bytes.len() || !before.ends_with(b"\\") {
                break;
            }
            end += 1;
        }
        if self.statement.is_none() && !self.is_in_parentheses() {
            self.find(start, end, Describes::Nothing);
        }
        let name = self.text[start + 1..end].trim_start();
        if name.starts_with("if") {
            if self.conditions.len() == MOST_CONDITIONS {
                return Err(format!("nests conditions more than {MOST_CONDITIONS} deep"));
            }
            self.conditions.push((self.open.clone(), self.statement));
        } else if name.starts_with("el") {
            if let Some((open, statement)) = self.conditions.last() {
                (self.open, self.statement) = (open.clone(), *statement);
            }
        } else if name.starts_with("endif") {
            self.conditions.pop();
        }
        self.at = end;
        Ok(())
    }

    /// Behind the string that begins here. One that ends with its line is not closed.
    fn string_end(&self, quote: u8) -> usize {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let is_csharp = self.language == Language::CSharp;
        if is_csharp && bytes[start..].starts_with(b"\"\"\"") {
            let rest = &self.text[start + 3..];
            return rest.find("\"\"\"").map_or(bytes.len(), |end| start + 3 + end + 3);
        }
        let before = &bytes[start.saturating_sub(2)..start];
        // @"…" of C# has no escapes, and ends lines.
        let is_verbatim = is_csharp
            && before.contains(&b'@')
            && before.iter().all(|byte| matches!(byte, b'@' | b'$') || !byte.is_ascii_alphanumeric());
        let mut at = start + 1;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' if !is_verbatim => at += 1,
                b'\n' if quote != b'`' && !is_verbatim => return at,
                byte if byte == quote => return at + 1,
                _ => {}
            }
            at += 1;
        }
        // An escape may have led behind the end, or into a character.
        self.text.ceil_char_boundary(at.min(bytes.len()))
    }

    /// Behind a raw string of C++, from its quotation mark.
    fn raw_end(&self, quote: usize) -> usize {
        let rest = &self.text[quote + 1..];
        let Some(mark) = rest.find('(').filter(|&mark| mark <= 16) else { return quote + 1 };
        let closer = format!("){}\"", &rest[..mark]);
        rest.find(&closer).map_or(self.text.len(), |end| quote + 1 + end + closer.len())
    }
}

fn has_keyword(head: &str) -> bool {
    let mut words = head.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_keyword = |word| {
        matches!(
            word,
            "class"
                | "struct"
                | "union"
                | "enum"
                | "namespace"
                | "interface"
                | "record"
                | "module"
                | "extern"
        )
    };
    words.any(is_keyword)
}
