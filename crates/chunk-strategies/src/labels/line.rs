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
            let colon = from + line[from..].find([':', '：'])?;
            let is_wide = line[colon..].starts_with('：');
            let end = colon + if is_wide { '：'.len_utf8() } else { 1 };
            let behind = line[end..].trim_start_matches('*');
            let name = name_in(&line[..colon]);
            // No blank follows where a script has none.
            let is_apart = is_wide || behind.is_empty() || behind.starts_with([' ', '\t', '\r']);
            if !(is_apart || is_uncased(name) && behind.starts_with(|c: char| !c.is_ascii())) {
                from = end;
                continue;
            }
            return is_name(name).then(|| Label { text: &line[..line.len() - behind.len()], name });
        }
    }

    /// Whether it is set off by emphasis, as people do who write all labels so.
    pub(super) fn is_bold(self) -> bool {
        self.text.contains("**")
    }
}

fn is_name(name: &str) -> bool {
    if is_uncased(name) {
        // Ideographs and syllables say more than letters do.
        let most = if name.chars().any(is_east_asian) { EAST_ASIAN_CHARS } else { UNCASED_CHARS };
        return name.split(' ').count() <= 4 && name.chars().count() <= most && !name.ends_with(SAYS);
    }
    let words = name.split(' ').filter(|word| !word.is_empty());
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '(')
            || matches!(word, "de" | "von" | "van" | "of" | "der" | "la" | "and")
    };
    let count = words.clone().count();
    name.starts_with(char::is_uppercase) && (1..=4).contains(&count) && words.clone().all(is_word)
}

/// Whether it is in letters of a script that has no capitals, and of no other: `张三`, `기자 1`.
fn is_uncased(name: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase();
    name.starts_with(is_letter)
        && name
            .chars()
            .all(|c| is_letter(c) || c.is_numeric() || matches!(c, ' ' | '·' | '・' | '.') || is_joining(c))
}

/// Vowel signs and the like, which are no letters by themselves.
fn is_joining(c: char) -> bool {
    !c.is_ascii()
        && !c.is_alphanumeric()
        && !c.is_whitespace()
        && matches!(c, '\u{5b0}'..='\u{65f}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{200c}' | '\u{200d}')
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// No name of theirs is longer.
const UNCASED_CHARS: usize = 16;
const EAST_ASIAN_CHARS: usize = 8;
/// Before a colon these say in Chinese that someone speaks, in a sentence.
const SAYS: [char; 10] = ['说', '說', '道', '问', '問', '答', '曰', '喊', '叫', '想'];

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
    let label = label.trim_matches(|c| matches!(c, '*' | ':' | '：' | ' ' | '\t'));
    let is_time = |c: char| {
        c.is_ascii_digit() || matches!(c, ':' | '.' | ',' | '-' | '[' | ']' | '(' | ')' | ' ' | '【' | '】')
    };
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
            ("张三：今天天气很好。", Some("张三：")),
            ("张三:今天天气很好。", Some("张三:")),
            ("[00:12] 田中さん：はい。", Some("[00:12] 田中さん：")),
            ("**主持人：** 你好", Some("**主持人：**")),
            ("기자: 안녕하세요", Some("기자:")),
            ("المذيع: مرحبا", Some("المذيع:")),
            ("שרה: שלום", Some("שרה:")),
            ("ผู้สัมภาษณ์: สวัสดี", Some("ผู้สัมภาษณ์:")),
            ("राम: नमस्ते", Some("राम:")),
            ("他昨天对我说了这样一番很长的话：今天", None),
            ("他说，好：今天", None),
            ("小明笑着说：“好。”", None),
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
