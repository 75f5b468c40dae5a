//! Quotations that are a part of a sentence: `"Wait. I am coming," she said.`

use memchr::{memchr3_iter, memrchr3_iter};

use super::View;
use super::chars::{ends_line, goes_on, is_blank, is_bracket_end, is_dash, is_mark, is_opener};

/// Whether marks from `start`, closed at `closed`, stand within a short quotation that is a part of a sentence: one that
/// goes on behind it, with who said it or where it is written, or that has led to it with a comma, a colon or a word.
///
/// A quotation that is no part of one has its own sentences, and so has a long one: a chunk may end within it.
pub(super) fn holds(view: View<'_>, start: usize, closed: usize) -> bool {
    // Most have none: all bytes are compared at once, and nothing is called.
    let near = view.text.as_bytes()[closed..].first_chunk::<QUOTED_BYTES>();
    if near.is_some_and(|near| near.iter().fold(0, |any, &b| any | u8::from(b == b'"') | b >> 7) == 0) {
        return false;
    }
    let ahead = view.ahead_str(closed, QUOTED_BYTES);
    let Some(place) = first_double(ahead) else { return false };
    let (quoted, rest) = (&ahead[..place], &ahead[place..]);
    let mut behind = rest.chars();
    let end = behind.next().unwrap_or_default();
    if !closes(end, quoted.chars().next_back(), behind.as_str()) || quoted.contains("\n\n") {
        return false;
    }
    let back = view.back_str(start, QUOTED_BYTES);
    let Some(place) = last_double(back) else { return false };
    let mut inside = back[place..].chars();
    let opener = inside.next().unwrap_or_default();
    is_pair(opener, end)
        && opens(opener, view.char_before(start - back.len() + place), inside.as_str())
        && !inside.as_str().contains("\n\n")
        && (goes_on_behind(behind.as_str()) || leads_to(&back[..place]))
}

/// So far a quotation is looked at, on either side of a mark: a line and a half.
const QUOTED_BYTES: usize = 128;

/// Where the first quotation mark is that is no apostrophe; it is looked for by its first byte.
fn first_double(text: &str) -> Option<usize> {
    memchr3_iter(b'"', 0xc2, 0xe2, text.as_bytes()).find(|&at| is_double(&text.as_bytes()[at..]))
}

fn last_double(text: &str) -> Option<usize> {
    memrchr3_iter(b'"', 0xc2, 0xe2, text.as_bytes()).find(|&at| is_double(&text.as_bytes()[at..]))
}

fn is_double(bytes: &[u8]) -> bool {
    matches!(bytes, [b'"', ..] | [0xc2, 0xab | 0xbb, ..] | [0xe2, 0x80, 0x9c..=0x9e, ..])
}

fn is_pair(opener: char, closer: char) -> bool {
    matches!(
        (opener, closer),
        ('"', '"') | ('“' | '”' | '„', '”') | ('„', '“' | '"') | ('«', '»') | ('»', '«')
    )
}

fn opens(mark: char, before: Option<char>, inside: &str) -> bool {
    let is_apart = before
        .is_none_or(|c| is_blank(c) || ends_line(c) || is_opener(c) || is_dash(c) || matches!(c, ':' | '='));
    let next = inside.chars().next();
    is_apart && next.is_some_and(|c| !ends_line(c) && (mark == '«' || !is_blank(c)))
}

fn closes(mark: char, last: Option<char>, behind: &str) -> bool {
    let is_apart = behind.chars().next().is_none_or(|c| {
        is_blank(c) || ends_line(c) || is_mark(c) || goes_on(c) || is_bracket_end(c) || is_dash(c)
    });
    is_apart && last.is_none_or(|c| mark == '»' || !(is_blank(c) || ends_line(c) || is_opener(c)))
}

/// Whether a sentence goes on behind a quotation: with a clause's mark, in small letters, also behind a dash, or with
/// brackets and a mark behind them, `(Ovid).`
fn goes_on_behind(behind: &str) -> bool {
    let (Some(first), rest) = (behind.chars().next(), behind.trim_start_matches(is_space)) else {
        return false;
    };
    if goes_on(first) {
        return true;
    }
    if let Some(source) = rest.strip_prefix('(').filter(|_| is_space(first)) {
        let end = source.find(['(', ')', '\n']).filter(|&end| source[end..].starts_with(')'));
        return end.is_some_and(|end| source[end + 1..].starts_with(is_mark));
    }
    let tag = rest.trim_start_matches(is_dash);
    let tag = if tag.len() < rest.len() { tag.trim_start_matches(is_space) } else { rest };
    rest.len() < behind.len() && tag.starts_with(char::is_lowercase)
}

/// Whether a sentence has begun before the quotation, and leads to it.
fn leads_to(before: &str) -> bool {
    let lead = before.trim_end_matches(is_space);
    lead.len() < before.len()
        && lead.ends_with(|c: char| matches!(c, ',' | ':' | '՝' | '․') || c.is_lowercase())
}

fn is_space(c: char) -> bool {
    is_blank(c) || matches!(c, '\n' | '\r')
}
