//! Where sentences end: Unicode's rules (UAX #29), tailored.
//!
//! | where | UAX #29 | here |
//! |---|---|---|
//! | `.` `!` `?` inside a word, a number, an address, code | an end behind `!` and `?`, and behind some full stops | none: a blank, or a closing mark and a blank, has to follow; between letters of Chinese and Japanese it need not |
//! | before a lower-case letter | an end behind `!` and `?` | none, so that a speech tag stays with what was said; but a list's `b)` begins something |
//! | before a clause's mark or another terminator | none | none |
//! | before a dash | none | one, if a capital follows: the next speaker's turn |
//! | `…` | no terminator | one before a blank and a capital |
//! | `[...]` `(?)` | an end | none |
//! | a reference (`[12]`), emphasis (`**`) behind the mark | the end lies before it | behind it |
//! | an abbreviation, an initial, an ordinal | an end before a capital | see [`super::word`] |
//! | a list's number or letter at its item's start | an end | none: it belongs to what follows |
//! | a bullet, or `2)`, within a line | none | an end before it |
//! | a line's end | always an end | none if the next line goes on in lower case |
//! | behind `」` and `”` before what says that it was said | an end | none |
//! | `！` within `《》` | an end | none |
//!
//! A rule looks [`super::super::LOOK_AHEAD_BYTES`] ahead and less than that back, and no further.

use super::View;
use super::chars::{
    ends_line, goes_on, is_blank, is_bracket_end, is_bullet, is_cjk, is_closer, is_dash, is_hiragana,
    is_mark, is_opener, is_quote, needs_no_blank,
};
use super::word;

/// The end of a sentence, with the blanks behind it, that the character at `at` gives away.
pub(super) fn end(view: View<'_>, at: usize, c: char) -> Option<usize> {
    match c {
        c if ends_line(c) => line_end(view, at, c),
        ')' => item_start(view, at),
        c if is_bullet(c) => bullet_start(view, at),
        '.' => inline_item(view, at).or_else(|| mark_end(view, at, c)),
        c if is_mark(c) => mark_end(view, at, c),
        _ => None,
    }
}

/// What comes behind a mark and its closing marks and blanks.
#[derive(Clone, Copy)]
pub(super) struct Next {
    /// Where it starts, opening marks left out.
    pub(super) at: usize,
    pub(super) c: char,
    /// Whether a bracket was opened first.
    pub(super) in_bracket: bool,
}

/// Of a mark: where its sentence ends.
fn mark_end(view: View<'_>, at: usize, c: char) -> Option<usize> {
    let run = Run::around(view, at, c)?;
    if c == '．' && view.char_at(run.end).is_some_and(char::is_numeric) {
        return None;
    }
    let blanks = view.skip(run.closed, is_blank);
    let (end, next_at) = match view.char_at(blanks) {
        None => return None,
        Some(next) if ends_line(next) => match next_line(view, blanks) {
            Line { behind, goes_on: Some(start) } => (behind, start),
            Line { behind, goes_on: None } => return Some(behind),
        },
        Some(_) if blanks > run.closed => (blanks, blanks),
        Some(next) => {
            let within_cjk = c.is_ascii() && is_cjk(next) && run.before.is_some_and(is_cjk);
            if !within_cjk && !needs_no_blank(c) {
                return None;
            }
            (blanks, blanks)
        }
    };
    if run.is_in_title(view, c) || run.is_quoted_before(view, next_at) {
        return None;
    }
    decide(view, &run, c, next_at).then_some(end)
}

/// Marks in a row, as `?!` and `...`, with what closes behind them.
struct Run {
    start: usize,
    end: usize,
    /// Behind quotation marks, brackets, emphasis and references.
    closed: usize,
    /// The character before.
    before: Option<char>,
    has_bracket: bool,
    has_quote: bool,
    is_dots: bool,
}

impl Run {
    /// `None` if another mark follows, which is asked instead, or if a bracket holds the marks and nothing else.
    fn around(view: View<'_>, at: usize, c: char) -> Option<Run> {
        let end = at + c.len_utf8();
        if view
            .char_at(end)
            .is_some_and(|next| is_mark(next) && !(next == '!' && view.char_at(end + 1) == Some('[')))
        {
            return None;
        }
        let (mut start, mut is_dots) = (at, matches!(c, '.' | '…'));
        let mut before = view.char_before(start);
        while let Some(mark) = before.filter(|&mark| is_mark(mark) && at - start < RUN_BYTES) {
            is_dots &= matches!(mark, '.' | '…');
            start -= mark.len_utf8();
            before = view.char_before(start);
        }
        let behind = view.char_at(end);
        if matches!(
            (before, behind),
            (Some('['), Some(']')) | (Some('('), Some(')')) | (Some('（'), Some('）'))
        ) {
            return None;
        }
        let mut run = Run { start, end, closed: end, before, has_bracket: false, has_quote: false, is_dots };
        while let Some(c) = view.char_at(run.closed) {
            let blanks = view.skip(run.closed, is_blank);
            if blanks > run.closed && is_spaced_closer(view, blanks) {
                run.closed = blanks;
            } else if is_closer(c) {
                run.has_bracket |= is_bracket_end(c);
                run.has_quote |= is_quote(c);
                run.closed += c.len_utf8();
            } else if let Some(length) = reference(view, run.closed) {
                run.closed += length;
            } else if let Some(length) = reference(view, blanks).filter(|_| is_reference_apart(view, blanks))
            {
                // `[1]` with a blank before it.
                run.closed = blanks + length;
            } else {
                break;
            }
        }
        Some(run)
    }

    /// Whether marks other than a full stop stand in the title of a work: 《…！…》.
    fn is_in_title(&self, view: View<'_>, c: char) -> bool {
        let is_title = |c| matches!(c, '《' | '》' | '〈' | '〉' | '。' | '\n');
        // Behind the title the sentence goes on.
        let from = if view.char_at(self.closed).is_some_and(is_cjk) { self.end } else { self.closed };
        matches!(c, '！' | '？')
            && view
                .back(self.start, TITLE_BYTES)
                .find(|&c| is_title(c))
                .is_some_and(|c| matches!(c, '《' | '〈'))
            && view.ahead(from, TITLE_BYTES).find(|&c| is_title(c)).is_some_and(|c| matches!(c, '》' | '〉'))
    }

    /// Whether what follows a quotation tells who said it, in Chinese or Japanese.
    fn is_quoted_before(&self, view: View<'_>, next: usize) -> bool {
        if !self.has_quote || next != self.closed {
            return false;
        }
        let mut behind = view.ahead(next, 16).take(5);
        view.char_at(next).is_some_and(is_hiragana)
            || behind
                .by_ref()
                .take_while(|&c| is_cjk(c))
                .any(|c| matches!(c, '说' | '說' | '道' | '问' | '問' | '喊' | '叫' | '答'))
    }
}

/// Whether what is in brackets here is a number.
fn is_reference_apart(view: View<'_>, at: usize) -> bool {
    view.ahead(at, 8).skip(1).take_while(char::is_ascii_digit).count() > 0
}

/// Whether a quotation mark behind a blank closes: as French sets it, or as another blank behind it gives away.
fn is_spaced_closer(view: View<'_>, at: usize) -> bool {
    let is_apart =
        |behind: Option<char>| behind.is_none_or(|c| is_blank(c) || ends_line(c) || is_mark(c) || goes_on(c));
    matches!(view.char_at(at), Some('»' | '"' | '”' | ')' | ']')) && is_apart(view.ahead(at, 8).nth(1))
}

/// So many marks in a row are looked at.
const RUN_BYTES: usize = 32;
/// So far a title reaches.
const TITLE_BYTES: usize = 60;

/// How long a reference is that starts here: `[12]`, `[a, b]`, `¹`.
fn reference(view: View<'_>, at: usize) -> Option<usize> {
    let text = view.ahead_str(at, REFERENCE_BYTES);
    if let Some(c @ ('¹' | '²' | '³' | '\u{2070}' | '\u{2074}'..='\u{2079}')) = text.chars().next() {
        return Some(c.len_utf8());
    }
    let inside = text.strip_prefix('[')?;
    let length = inside.find(']')?;
    let is_reference = length > 0
        && inside[..length]
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ',' | '-' | '–' | ' ' | 'a'..='z'))
        && (length <= 3
            || inside[..length].contains(|c: char| c.is_ascii_digit())
            || inside.starts_with("citation"));
    is_reference.then_some(length + 2)
}

const REFERENCE_BYTES: usize = 20;

/// Whether a sentence ends at these marks, before what follows them.
fn decide(view: View<'_>, run: &Run, c: char, next_at: usize) -> bool {
    let Some(first) = view.char_at(next_at) else { return false };
    if goes_on(first) || is_bracket_end(first) || first == '/' {
        return false;
    }
    if is_mark(first) && !(first == '!' && view.char_at(next_at + 1) == Some('[')) {
        // `End. ...and on`: what is left out at a sentence's start.
        let dots = view.skip(next_at, |c| matches!(c, '.' | '…'));
        let leads = dots > next_at + 1 && view.char_at(dots).is_some_and(char::is_alphabetic);
        return leads && !(run.is_dots && run.end - run.start > 1) && next_at > run.closed;
    }
    let next = view.opened(next_at);
    let Some(next) = next else { return false };
    if is_dash(first) {
        // The next turn of a dialogue, or a list's next item.
        let behind = view.opened(view.skip(next_at, |c| is_dash(c) || is_blank(c)));
        return behind.is_some_and(|behind| {
            behind.c.is_uppercase()
                && (!run.is_full_stop(c) || word::ends(view, run.start, run.has_bracket, behind))
        });
    }
    if next.c.is_lowercase() && !word::is_item_letter(view, next.at) {
        return false;
    }
    if run.is_full_stop(c) {
        return word::ends(view, run.start, run.has_bracket, next);
    }
    if run.is_dots && (run.end - run.start > 2 || c == '…') {
        // English writes its `I` in capitals wherever it stands.
        let is_i = next.c == 'I' && !view.char_at(next.at + 1).is_some_and(char::is_alphanumeric);
        let is_three = run.end - run.start == 3;
        return !(next.c.is_ascii_digit() || (is_i && is_three && !run.has_quote));
    }
    if c == '.' && run.end - run.start == 1 && run.before.is_some_and(is_blank) {
        return spaced_ellipsis(view, run.start).is_none_or(|dots| dots > 3 || next.c != 'I');
    }
    true
}

impl Run {
    /// Whether it is one full stop, behind something.
    fn is_full_stop(&self, c: char) -> bool {
        matches!(c, '.' | '\u{2024}' | '\u{fe52}')
            && self.end - self.start == c.len_utf8()
            && !self.before.is_none_or(is_blank)
    }
}

/// How many full stops with blanks between them end with the one at `at`, if there are three.
fn spaced_ellipsis(view: View<'_>, at: usize) -> Option<usize> {
    let dots =
        view.back(at, RUN_BYTES).take_while(|&c| c == '.' || is_blank(c)).filter(|&c| c == '.').count() + 1;
    Some(dots).filter(|&dots| dots >= 3)
}

/// What is known of a line's end.
struct Line {
    /// Where the next line starts.
    behind: usize,
    /// Where the first character of the next line is, if that is no blank line and does not begin something of its own.
    goes_on: Option<usize>,
}

fn next_line(view: View<'_>, at: usize) -> Line {
    let behind = match (view.char_at(at), view.char_at(at + 1)) {
        (Some('\r'), Some('\n')) => at + 2,
        (Some(c), _) => at + c.len_utf8(),
        (None, _) => at,
    };
    let none = Line { behind, goes_on: None };
    if !matches!(view.char_at(at), Some('\n' | '\r')) {
        return none;
    }
    let start = view.skip(behind, is_blank);
    let is_deep = start - behind >= 4 || view.ahead(behind, start - behind).any(|c| c == '\t');
    match view.char_at(start) {
        Some(c) if !is_deep && (c.is_alphanumeric() || is_opener(c)) && !word::starts_item(view, start) => {
            Line { behind, goes_on: Some(start) }
        }
        _ => none,
    }
}

/// Whether a line's end is that of a sentence.
fn line_end(view: View<'_>, at: usize, c: char) -> Option<usize> {
    if c == '\r' && view.char_at(at + 1) == Some('\n') {
        // The line feed is asked.
        return None;
    }
    let Line { behind, goes_on: next } = next_line(view, at);
    let Some(next) = next else { return Some(behind) };
    let mut back = view.back(at, LINE_BYTES).skip_while(|&c| is_blank(c) || c == '\r');
    let Some(last) = back.next() else { return Some(behind) };
    if ends_line(last) {
        return Some(behind);
    }
    // The mark that the line ends with has decided.
    let mut mark_at = at;
    for c in view.back(at, LINE_BYTES) {
        mark_at -= c.len_utf8();
        if is_mark(c) {
            return mark_end(view, mark_at, c).map(|_| behind);
        }
        if !(is_blank(c) || c == '\r' || is_closer(c)) {
            break;
        }
    }
    let is_open = !matches!(last, ':' | ';' | '{' | '}' | '|' | '>' | '=' | '#');
    let is_lower = view.opened(next).is_some_and(|next| next.c.is_lowercase());
    // Japanese particles and a comma of East Asia leave a line open, too.
    let is_cjk_open = matches!(last, '，' | '、' | 'の' | 'は' | 'が' | 'を' | 'に' | 'で' | 'と' | 'も')
        && view.char_at(next).is_some_and(is_cjk);
    if (is_open && is_lower) || is_cjk_open { None } else { Some(behind) }
}

/// So far back the end of a line is looked at.
const LINE_BYTES: usize = 64;

/// The start of a bullet within a line: `• one • two`.
fn bullet_start(view: View<'_>, at: usize) -> Option<usize> {
    let mut back = view.back(at, LINE_BYTES);
    let is_apart = back.next().is_some_and(is_blank);
    let before = back.find(|&c| !is_blank(c))?;
    (is_apart && !ends_line(before) && !is_bullet(before)).then_some(at)
}

/// The start of `2)` within a line, if no bracket was opened and a capital follows.
fn item_start(view: View<'_>, at: usize) -> Option<usize> {
    let behind = view.skip(at + 1, is_blank);
    if behind == at + 1 || !view.opened(behind).is_some_and(|next| next.c.is_uppercase()) {
        return None;
    }
    let before = view.back_str(at, LINE_BYTES + TITLE_BYTES);
    let number = before.strip_suffix('.').unwrap_or(before);
    let line = number.trim_end_matches(|c: char| c.is_ascii_digit());
    let start = at - (before.len() - line.len());
    if !(1..=2).contains(&(number.len() - line.len())) || !line.ends_with(is_blank) {
        return None;
    }
    let line = line.rsplit(ends_line).next().unwrap_or_default().trim_end();
    let word = line.rsplit(is_blank).next().unwrap_or_default();
    // `Figure 2)` is a name, and `(see 1) and 2)` no list.
    let is_open = line.rfind('(').is_some_and(|open| !line[open..].contains(')'));
    let is_name = word.is_empty() || word.starts_with(char::is_uppercase);
    (!is_name && !is_open).then_some(start)
}

/// The start of the number or letter of an item within a line, where `at` is the full stop behind it, if the one before it
/// begins an item too: `1. Oil 2. Water`.
fn inline_item(view: View<'_>, at: usize) -> Option<usize> {
    // Most words are longer than a label.
    let near = view.back_str(at, LABEL_BYTES + 1).as_bytes();
    let length = near.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let behind = view.skip(at + 1, is_blank);
    if !(1..=LABEL_BYTES).contains(&length)
        || behind == at + 1
        || !view.opened(behind).is_some_and(|next| next.c.is_uppercase())
    {
        return None;
    }
    let line = view.back_str(at, ITEM_BYTES).rsplit(ends_line).next().unwrap_or_default();
    let head = line.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    let label = &line[head.len()..];
    let is_label = label.len() <= LABEL_BYTES
        && (label.bytes().all(|byte| byte.is_ascii_digit())
            || label.len() == 1 && label.bytes().all(|byte| byte.is_ascii_lowercase()));
    let word = head.trim_end();
    if !is_label || word.len() == head.len() || !word.ends_with(|c: char| c.is_alphanumeric() || is_closer(c))
    {
        return None;
    }
    let before = match label.parse::<u8>() {
        Ok(number) => number.checked_sub(1)?.to_string(),
        Err(_) => char::from(label.as_bytes().first()?.checked_sub(1)?).to_string(),
    };
    let marker = format!("{before}. ");
    let found = head.rfind(&marker)?;
    let is_first = matches!(&before[..], "1" | "a");
    let stands = head[..found].is_empty() || head[..found].ends_with(is_blank);
    let leads = !is_first || word::starts_at_item(view, at - line.len() + found);
    (stands && leads && !word::writes_ordinals_near(view, at)).then_some(at - label.len())
}

/// No number and no letter of an item is longer.
const LABEL_BYTES: usize = 2;
/// So far back the item before is looked for.
const ITEM_BYTES: usize = 200;
