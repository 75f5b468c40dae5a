//! What a line of a transcript is: one that begins with who speaks, a heading, code.

use crate::boundary::line_end_in;

/// A label is no longer.
const LABEL_BYTES: usize = 64;

/// As much of the line from `start` as tells what it is.
pub(super) fn line_at(text: &str, start: usize) -> &str {
    let limit = text.floor_char_boundary(start.saturating_add(LABEL_BYTES + 2));
    text[start..limit].split(['\n', '\r']).next().unwrap_or_default()
}

/// The label that a line begins with, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label<'t> {
    /// As it stands there: `[00:12] **Anna:**`.
    pub(super) text: &'t str,
    /// Who speaks, without the time and the emphasis: `Anna`.
    pub(super) name: &'t str,
}

impl<'t> Label<'t> {
    /// `ANNA:`, `[00:12] Dr. Keller:`, `**Q:**`; or a line of its own, `Anna (00:12)`.
    pub(super) fn of(line: &'t str) -> Option<Self> {
        if let Some(name) = stamped_name(line) {
            return Some(Label { text: line.trim_end(), name });
        }
        if let Some(label) = voice(line) {
            return Some(label);
        }
        let line = &line[..line.floor_char_boundary(LABEL_BYTES)];
        let mut from = 0;
        // The colons of a time of day are none.
        loop {
            let colon = from + line[from..].find(':')?;
            let behind = line[colon + 1..].trim_start_matches('*');
            if !behind.is_empty() && !behind.starts_with([' ', '\t', '\r']) {
                from = colon + 1;
                continue;
            }
            let name = name_in(&line[..colon]);
            return is_name(name).then(|| Label { text: &line[..line.len() - behind.len()], name });
        }
    }

    /// Whether it is set off by emphasis, as people do who write all labels so.
    pub(super) fn is_bold(self) -> bool {
        self.text.contains("**")
    }
}

fn is_name(name: &str) -> bool {
    let words = name.split(' ').filter(|word| !word.is_empty());
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(')
            || matches!(word, "de" | "von" | "van" | "of" | "der" | "la" | "and")
    };
    let count = words.clone().count();
    name.starts_with(char::is_uppercase) && (1..=4).contains(&count) && words.clone().all(is_word)
}

/// The name on a line that has nothing but it and a time behind it: `**Anna Berg** (00:12)`.
fn stamped_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let stamp = line.rsplit([' ', '\t']).next()?;
    let time = stamp.trim_matches(['(', ')', '[', ']']);
    let are_digits =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = (2..=3).contains(&time.split(':').count()) && time.split(':').all(are_digits);
    let name = line.strip_suffix(stamp)?.trim_matches([' ', '\t', '*']);
    // Before a time that is not in brackets, a blank is not enough: `Monday 10:30` is no speaker.
    let is_apart =
        stamp.len() > time.len() || line.starts_with("**") || line.contains("  ") || line.contains('\t');
    (line.len() <= LABEL_BYTES && is_time && is_apart && is_name(name)).then_some(name)
}

/// The voice of a subtitle: `<v Anna>`, `<v.loud Anna>`.
fn voice(line: &str) -> Option<Label<'_>> {
    let (tag, _) = line.strip_prefix("<v")?.split_once('>')?;
    let (class, name) = tag.split_once(' ')?;
    let is_voice = class.is_empty() || class.starts_with('.');
    (is_voice && is_name(name)).then(|| Label { text: &line[..tag.len() + "<v>".len()], name })
}

/// The name before a colon, without the time before it and emphasis.
fn name_in(label: &str) -> &str {
    let label = label.trim_matches(|c| matches!(c, '*' | ':' | ' ' | '\t'));
    let is_time =
        |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | '-' | '[' | ']' | '(' | ')' | ' ');
    label.trim_start_matches(is_time).trim_start_matches('*')
}

/// Behind the lines of a subtitle, from `start`, that say its number and when it is shown.
pub(super) fn behind_cue(text: &str, start: usize) -> usize {
    let behind = |at: usize| {
        let limit = text.floor_char_boundary(at.saturating_add(CUE_BYTES));
        line_end_in(&text.as_bytes()[at..limit]).map(|end| at + end)
    };
    let line = line_at(text, start);
    let times = if is_number(line) { behind(start) } else { Some(start) };
    let times = times.filter(|&at| are_times(line_at(text, at)));
    times.and_then(behind).unwrap_or(start)
}

/// Whether a line of subtitles is nothing that is said.
pub(super) fn is_cue(line: &str) -> bool {
    is_number(line.trim()) || are_times(line)
}

fn is_number(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

fn are_times(line: &str) -> bool {
    line.contains(" --> ")
}

/// A line of times is no longer, with all that says where a subtitle is shown.
pub(super) const CUE_BYTES: usize = 256;

/// Whether a heading of Markdown or HTML stands on the line, which ends a turn.
pub(super) fn is_heading(line: &str) -> bool {
    line.trim_start_matches('#').starts_with(' ') && line.starts_with('#')
        || matches!(line.as_bytes(), [b'<', b'h' | b'H', b'1'..=b'6', ..])
}

/// Whether the line makes a heading of the text above it: `=====`, `-----`. Two dashes are no line, but one that is
/// written in speech.
pub(super) fn is_underline(line: &str) -> bool {
    let line = line.trim();
    let least = if line.starts_with('=') { 2 } else { 3 };
    line.len() >= least && line.bytes().all(|byte| byte == line.as_bytes()[0]) && line.starts_with(['=', '-'])
}

/// Whether the paragraph from `start` is a heading that the line under it makes one.
pub(super) fn is_underlined(text: &str, start: usize) -> bool {
    let limit = text.floor_char_boundary(start.saturating_add(UNDERLINED_BYTES));
    let mut rest = &text[start..limit];
    let mut is_first = true;
    while let Some(end) = line_end_in(rest.as_bytes()) {
        let (line, behind) = rest.split_at(end);
        if line.trim().is_empty() {
            return false;
        }
        if !is_first && is_underline(line) {
            return true;
        }
        (rest, is_first) = (behind, false);
    }
    // Of a stream more than that is in memory, if more comes.
    let is_end = text.len() < start.saturating_add(UNDERLINED_BYTES);
    !is_first && is_end && is_underline(rest)
}

/// No heading of this kind is longer.
pub(super) const UNDERLINED_BYTES: usize = 1024;

/// Whether lines are in a fence of Markdown, where a colon is part of code and `#` begins a comment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fence {
    /// The mark that opened it.
    opened: Option<Mark>,
}

/// What opens or closes a fence.
#[derive(Clone, Copy, Debug)]
struct Mark {
    byte: u8,
    count: usize,
    /// Whether nothing stands behind it on its line.
    is_alone: bool,
}

impl Mark {
    /// The mark on the line from `start`; code between marks on one line (```` ```make``` ````) is in no fence.
    fn at(text: &str, start: usize) -> Option<Self> {
        let line = line_at(text, start);
        let start = start + line.len() - line.trim_start().len();
        let byte = *text.as_bytes().get(start).filter(|byte| matches!(byte, b'`' | b'~'))?;
        let limit = text.floor_char_boundary(start.saturating_add(FENCE_LINE_BYTES));
        let line = text[start..limit].split(['\n', '\r']).next().unwrap_or_default();
        let count = line.bytes().take_while(|&other| other == byte).count();
        let behind = &line[count..];
        let is_mark = count >= 3 && (byte == b'~' || !behind.contains('`'));
        is_mark.then(|| Mark { byte, count, is_alone: behind.trim().is_empty() })
    }

    fn closes(self, opened: Mark) -> bool {
        self.byte == opened.byte && self.count >= opened.count && self.is_alone
    }
}

/// So much of a line is looked at for the mark that closes code on it.
const FENCE_LINE_BYTES: usize = 1024;

impl Fence {
    pub(super) fn is_open(self) -> bool {
        self.opened.is_some()
    }

    /// Whether the line from `start`, which comes next, is code, or opens or closes it.
    pub(super) fn holds(&mut self, text: &str, start: usize) -> bool {
        let mark = Mark::at(text, start);
        let Some(opened) = self.opened else {
            self.opened = mark;
            return mark.is_some();
        };
        if mark.is_some_and(|mark| mark.closes(opened)) {
            self.opened = None;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_from_other_colons() {
        for (line, label) in [
            ("ANNA: Where were you?", Some("ANNA:")),
            ("Dr. Keller: At home.", Some("Dr. Keller:")),
            ("[00:12:03] Ben: Here.", Some("[00:12:03] Ben:")),
            ("**Q:** Why?", Some("**Q:**")),
            ("Speaker 1: Yes.", Some("Speaker 1:")),
            ("see this: it works", None),
            ("It was clear what came next: nothing", None),
            ("https://example.org: no", None),
            ("At 5:30 he left", None),
            ("**Anna Berg** (00:12)", Some("**Anna Berg** (00:12)")),
            ("Anna Berg  0:12:45", Some("Anna Berg  0:12:45")),
            ("Monday 10:30", None),
            ("<v Anna Berg>Where were you?", Some("<v Anna Berg>")),
            ("<v.loud Ben>Here.</v>", Some("<v.loud Ben>")),
            ("<video Anna>", None),
        ] {
            assert_eq!(Label::of(line).map(|label| label.text), label, "{line}");
        }
    }

    #[test]
    fn a_heading_is_told_by_the_line_under_it() {
        for (text, is_one) in [
            ("Title\n=====\n", true),
            ("Title\r\n---", true),
            ("Title\r===\rText", true),
            ("Two\nlines\n---\n", true),
            ("Text\n\n---\n", false),
            ("=====\n", false),
            ("Text\n--\n", false),
            ("Text\n=-=\n", false),
        ] {
            assert_eq!(is_underlined(text, 0), is_one, "{text:?}");
        }
    }

    #[test]
    fn fences_are_those_of_commonmark() {
        for (text, is_open) in [
            ("```\n", true),
            ("```python\nx\n```\n", false),
            ("```npm install```\n", false),
            ("````\n```\n", true),
            ("```\nx\n`````  \n", false),
            ("```\n```python\n", true),
            ("~~~\n```\n", true),
            ("~~~ `a`\n~~~\n", false),
            ("``\n", false),
        ] {
            let mut fence = Fence::default();
            let starts = text.split_inclusive('\n').scan(0, |at, line| {
                *at += line.len();
                Some(*at - line.len())
            });
            for start in starts {
                fence.holds(text, start);
            }
            assert_eq!(fence.is_open(), is_open, "{text:?}");
        }
        let long = format!("```{}```\n", "npm install ".repeat(20));
        assert!(!Fence::default().holds(&long, 0));
    }
}
