//! Where sentences end: Unicode's rules (UAX #29), tailored.
//!
//! | where | UAX #29 | here |
//! |---|---|---|
//! | `.` `!` `?` inside a word, a number, an address, code | an end behind `!` and `?`, and behind some full stops | none: a blank, or a closing mark and a blank, has to follow; between letters of Chinese and Japanese it need not |
//! | before a lower-case letter | an end behind `!` and `?` | none, so that a speech tag stays with what was said; but a list's `b)` begins something |
//! | before a clause's mark or another terminator | none | none |
//! | before a dash | none | one, if a capital follows: the next speaker's turn |
//! | `…` | no terminator | one before a blank and a capital |
//! | `;` behind Greek, `:` behind Armenian | no terminator | one |
//! | a face or a hand (an emoji) behind a mark, or before a word that sentences begin with | no terminator | an end behind it |
//! | `[...]` `(?)`, and before a number within short brackets | an end | none |
//! | a reference (`[12]`, `.12` behind a word), emphasis (`**`) behind the mark | the end lies before it | behind it |
//! | an abbreviation, an initial, an ordinal | an end before a capital | see [`super::word`] |
//! | a list's number or letter at its item's start | an end | none: it belongs to what follows |
//! | a bullet, `2)`, or `b.` behind an `a.`, within a line | none | an end before it |
//! | a line's end | always an end | none if the next line goes on in lower case, or if this one ends in a comma or `the` |
//! | within a short quotation that a sentence leads to, or goes on behind | an end | none, see [`super::quotation`] |
//! | `.` directly before a capital, where a blank was forgotten: `over.The next` | none | one, before a pronoun or in other scripts |
//! | a small letter behind a full stop in Greek; `'s` in Dutch | none | one |
//! | behind `」` and `”` before what says that it was said | an end | none |
//! | behind `?"` and `!"` before who said it in English: `"Why?" Peter asked` | an end | none, see [`super::speakers`] |
//! | before a tag of HTML that closes something or breaks a line | none | one, behind it |
//! | before a number, within round brackets that hold no sentence of their own | an end | none |
//! | `！` within `《》`, `。` within `（）` | an end | none |
//! | `。` before a particle that no sentence begins with: `モーニング娘。が出演` | an end | none |
//!
//! A rule looks [`super::super::LOOK_AHEAD_BYTES`] ahead and less than that back, and no further.

use super::View;
use super::chars::{
    ends_line, goes_on, is_armenian, is_blank, is_bracket_end, is_bullet, is_cjk, is_closer, is_dash,
    is_emoji, is_greek, is_hangul, is_hiragana, is_mark, is_opener, is_quote, joins_emoji, needs_no_blank,
};
use super::leads_on::leads_on;
use super::speakers::{SPEAKER_BYTES, names_speaker};
use super::{quotation, word};

/// The end of a sentence, with the blanks behind it, that the character at `at` gives away.
pub(super) fn end(view: View<'_>, at: usize, c: char) -> Option<usize> {
    match c {
        c if ends_line(c) => line_end(view, at, c),
        ')' => item_start(view, at).or_else(|| inline_item(view, at)).or_else(|| emoticon_end(view, at)),
        c if is_bullet(c) => bullet_start(view, at),
        '.' => inline_item(view, at).or_else(|| mark_end(view, at, c)),
        ':' | ';' if is_mark_of_script(view, at, c) => mark_end(view, at, c),
        c if is_mark(c) => mark_end(view, at, c),
        c if is_emoji(c) => emoji_end(view, at, c),
        _ => None,
    }
}

/// Whether it is a full stop of Armenian or a question mark of Greek, as keyboards have them.
fn is_mark_of_script(view: View<'_>, at: usize, c: char) -> bool {
    let is_letter = if c == ';' { is_greek } else { is_armenian };
    let mut back = view.back(at, WORD_BYTES).take_while(|&c| !ends_line(c)).filter(|c| c.is_alphabetic());
    back.next().is_some_and(is_letter) && back.next().is_some_and(is_letter)
}

const WORD_BYTES: usize = 32;

/// The same of `:)` and `;-)`, where the bracket is at `at`.
fn emoticon_end(view: View<'_>, at: usize) -> Option<usize> {
    let before = view.back_str(at, RUN_BYTES);
    let words = before.trim_end_matches('-').strip_suffix([':', ';'])?;
    let blanks = view.skip(at + 1, is_blank);
    let follows_words = words.ends_with(is_blank) && words.trim_end().ends_with(char::is_alphanumeric);
    if blanks == at + 1 || !follows_words {
        return None;
    }
    let next = view.opened(blanks)?;
    (next.c.is_uppercase() && word::begins(view, at + 1, next)).then_some(blanks)
}

/// Of an emoji behind words: where its sentence ends, if the next begins with a word that sentences begin with.
fn emoji_end(view: View<'_>, at: usize, c: char) -> Option<usize> {
    let end = view.skip(at + c.len_utf8(), joins_emoji);
    let blanks = view.skip(end, is_blank);
    let before = view.back(at, WORD_BYTES).find(|&c| !(is_emoji(c) || joins_emoji(c) || is_blank(c)))?;
    if blanks == end || !before.is_alphanumeric() {
        return None;
    }
    let next = view.opened(blanks)?;
    (next.c.is_uppercase() && word::begins(view, end, next)).then_some(blanks)
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
    if matches!(c, '．' | '։') && view.char_at(run.end).is_some_and(char::is_numeric) {
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
            if !within_cjk && !needs_no_blank(c) && !run.ends_block {
                return run.forgets_blank(view, c, next).then_some(blanks);
            }
            (blanks, blanks)
        }
    };
    if run.is_in_title(view, c)
        || run.is_in_brackets(view)
        || run.is_quoted_before(view, next_at)
        || run.is_in_name(view, c)
    {
        return None;
    }
    let is_end =
        decide(view, &run, c, next_at) && (is_cjk_mark(c) || !quotation::holds(view, run.start, run.closed));
    is_end.then_some(end)
}

fn is_cjk_mark(c: char) -> bool {
    matches!(c, '。' | '！' | '？')
}

/// Marks in a row, as `?!` and `...`, with what closes behind them.
// Each is seen for itself.
#[allow(clippy::struct_excessive_bools)]
struct Run {
    start: usize,
    end: usize,
    /// Behind quotation marks, brackets, emphasis and references.
    closed: usize,
    /// The character before.
    before: Option<char>,
    has_bracket: bool,
    has_quote: bool,
    /// Whether figures stand directly behind it that may be raised.
    has_figures: bool,
    /// Whether a tag of HTML behind it ends a line or more.
    ends_block: bool,
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
        let mut run = Run {
            start,
            end,
            closed: end,
            before,
            has_bracket: false,
            has_quote: false,
            has_figures: false,
            ends_block: false,
            is_dots,
        };
        while let Some(c) = view.char_at(run.closed) {
            let blanks = view.skip(run.closed, is_blank);
            if blanks > run.closed && (is_spaced_closer(view, blanks) || closes_apart(view, blanks)) {
                run.closed = blanks;
            } else if let Some(end) = emoji_behind(view, blanks) {
                run.closed = end;
            } else if is_closer(c) && !opens_directly(view, run.closed, c) {
                run.has_bracket |= is_bracket_end(c);
                run.has_quote |= is_quote(c);
                run.closed += c.len_utf8();
            } else if let Some(tag) = tag_behind(view, run.closed) {
                run.closed += tag.length;
                run.ends_block |= tag.ends_block;
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
        if c == '.'
            && let Some(behind) = figures_behind(view, &run)
        {
            (run.closed, run.has_figures) = (behind, true);
        }
        Some(run)
    }

    /// Whether it stands in brackets of East Asia, and the sentence goes on behind them.
    fn is_in_brackets(&self, view: View<'_>) -> bool {
        if view.ahead_str(self.end, BRACKET_BYTES).is_ascii() {
            return false;
        }
        let is_bracket = |c| matches!(c, '（' | '）' | '\n');
        let mut ahead = view.ahead(self.end, BRACKET_BYTES).skip_while(|&c| !is_bracket(c));
        if ahead.next() != Some('）') || ahead.next().is_none_or(|c| !is_cjk(c) && !is_mark(c)) {
            return false;
        }
        let mut back = view.back(self.start, BRACKET_BYTES).skip_while(|&c| !is_bracket(c));
        back.next() == Some('（') && back.next().is_some_and(is_cjk)
    }

    /// Whether `。` is of a name, before a particle that no sentence begins with: `モーニング娘。が出演した`.
    fn is_in_name(&self, view: View<'_>, c: char) -> bool {
        if c != '。' || self.closed != self.end {
            return false;
        }
        let mut ahead = view.ahead(self.end, 8);
        match ahead.next() {
            Some('を') => true,
            // With a comma, or as a syllable of a word, they do begin sentences.
            Some('が' | 'は' | 'の' | 'に' | 'も' | 'と' | 'へ') => {
                ahead.next().is_some_and(|c| is_cjk(c) && !is_hiragana(c) || c.is_ascii_alphanumeric())
            }
            _ => false,
        }
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
        if !self.has_quote {
            return false;
        }
        if next != self.closed {
            return view.char_at(next).is_some_and(is_hangul)
                && says_in_korean(view.ahead_str(next, 2 * SAID_BYTES));
        }
        view.char_at(next).is_some_and(is_hiragana) || says(view.ahead_str(next, SAID_BYTES))
    }
}

/// Whether a sentence that goes on behind a quotation is over with a verb of speech: `他说。`, `小明笑着问：`.
fn says(behind: &str) -> bool {
    let end = behind.find(|c| !is_cjk(c)).unwrap_or(behind.len());
    let (clause, mark) = behind.split_at(end);
    let clause = clause.trim_end_matches(['了', '着', '我', '你', '他', '她']);
    let is_over = mark.chars().next().is_none_or(|c| is_mark(c) || goes_on(c));
    let is_said = clause.ends_with(['说', '說', '道', '问', '問', '喊', '叫', '答'])
        || ["言った", "叫んだ", "尋ねた", "聞いた", "答えた", "つぶやいた"]
            .iter()
            .any(|said| clause.ends_with(said));
    // Whom nobody answers, and what is known, is not said.
    is_over && is_said && !clause.contains(['没', '沒', '不', '无', '無', '知'])
}

/// The same of Korean, which writes blanks: `그가 물었다.`
fn says_in_korean(behind: &str) -> bool {
    let clause = behind.split(is_mark).next().unwrap_or_default();
    clause.len() < behind.len()
        && ["말했다", "물었다", "대답했다", "외쳤다", "소리쳤다", "말했습니다", "물었습니다", "말했어요"]
            .iter()
            .any(|said| clause.ends_with(said))
}

/// So much is read of what is said of a quotation.
const SAID_BYTES: usize = 27;

/// Where faces and hands end that begin here, if nothing is written behind them.
fn emoji_behind(view: View<'_>, at: usize) -> Option<usize> {
    view.char_at(at).filter(|&c| is_emoji(c))?;
    let end = view.skip(at, |c| is_emoji(c) || joins_emoji(c));
    view.char_at(end).is_none_or(|c| is_blank(c) || ends_line(c)).then_some(end)
}

/// Whether it opens the next quotation, without a blank before it: `“好。”“不好。”`; German closes with what others open with,
/// but before no letter.
fn opens_directly(view: View<'_>, at: usize, c: char) -> bool {
    let is_open = matches!(c, '「' | '『' | '“' | '‘' | '«' | '‹');
    is_open && view.char_at(at + c.len_utf8()).is_some_and(char::is_alphanumeric)
}

/// What is known of a tag of HTML behind a mark.
struct Tag {
    length: usize,
    ends_block: bool,
}

/// The tag that closes something here, or breaks the line: `</b>`, `<br />`.
fn tag_behind(view: View<'_>, at: usize) -> Option<Tag> {
    let text = view.ahead_str(at, TAG_BYTES);
    let inside = &text.strip_prefix('<')?[..text.find('>')? - 1];
    let name = inside.strip_prefix('/').unwrap_or(inside).trim_end_matches(['/', ' ']).to_ascii_lowercase();
    let is_break = name == "br";
    let closes = inside.starts_with('/') && name.starts_with(|c: char| c.is_ascii_lowercase());
    if !(is_break || closes) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let is_inline = matches!(
        &name[..],
        "a" | "abbr"
            | "b"
            | "cite"
            | "code"
            | "del"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "tt"
            | "u"
    );
    Some(Tag { length: inside.len() + 2, ends_block: is_break || !is_inline })
}

/// No tag that closes something is longer, but for the names that programs make up.
const TAG_BYTES: usize = 16;

/// Whether `'` or `''` with blanks around it closes what another has opened, as texts that were cut into tokens have it.
fn closes_apart(view: View<'_>, at: usize) -> bool {
    let end = view.skip(at, |c| c == '\'');
    let behind = view.skip(end, is_blank);
    if !(1..=2).contains(&(end - at)) || (behind == end && view.char_at(end).is_some_and(|c| !ends_line(c))) {
        return false;
    }
    match view.char_at(behind) {
        Some(c) if !(is_mark(c) || goes_on(c) || ends_line(c) || c.is_lowercase()) => {
            let before = view.back_str(at, QUOTED_BYTES);
            let quote = view.between(at, end);
            before.match_indices(quote).fold(false, |is_open, (place, _)| {
                let is_behind_blank = before[..place].chars().next_back().is_none_or(is_blank);
                let is_before_blank = before[place + quote.len()..].starts_with(is_blank);
                match (is_behind_blank, is_before_blank) {
                    (true, true) => !is_open,
                    (true, false) => true,
                    (false, true) => false,
                    // An apostrophe.
                    (false, false) => is_open,
                }
            })
        }
        _ => true,
    }
}

/// So far back the mark is looked for that opened a quotation.
const QUOTED_BYTES: usize = 160;

/// Where figures end that may be raised, behind the full stop of a word or of brackets: `consultation.11 12`.
fn figures_behind(view: View<'_>, run: &Run) -> Option<usize> {
    view.char_at(run.closed).filter(char::is_ascii_digit)?;
    let before = view.back_str(run.start, WORD_BYTES);
    let head = before.trim_end_matches(|c: char| c.is_lowercase());
    let is_word = head.len() + 3 < before.len() && head.chars().next_back().is_none_or(is_blank);
    if run.closed != run.end || run.end - run.start > 1 || !(is_word || before.ends_with(')')) {
        return None;
    }
    let mut end = run.closed;
    loop {
        let number = view.skip(end, |c| c.is_ascii_digit() || matches!(c, ',' | '–'));
        let next = view.char_at(number);
        if number > end + 3 || !next.is_some_and(|c| is_blank(c) || ends_line(c)) {
            return None;
        }
        end = number;
        if !view.char_at(number + 1).is_some_and(|c| c.is_ascii_digit()) {
            return Some(end);
        }
        end += 1;
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
/// So far brackets are looked for.
pub(super) const BRACKET_BYTES: usize = 96;

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
/// So far a note's brackets are from what stands in them.
const NOTE_BYTES: usize = 24;

/// Whether a sentence ends at these marks, before what follows them.
fn decide(view: View<'_>, run: &Run, c: char, next_at: usize) -> bool {
    let Some(first) = view.char_at(next_at) else { return false };
    // `5! = 120`
    if goes_on(first) || is_bracket_end(first) || matches!(first, '/' | '=' | '≠' | '≈' | '≤' | '≥') {
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
        // What is quoted goes on behind who said it.
        if view.back(run.start, QUOTED_BYTES).find(|c| matches!(c, '«' | '»' | '\n')) == Some('«')
            && !run.has_quote
        {
            return false;
        }
        // The next turn of a dialogue, or a list's next item.
        let behind = view.opened(view.skip(next_at, |c| is_dash(c) || is_blank(c)));
        return behind.is_some_and(|behind| {
            behind.c.is_uppercase()
                && (!run.is_full_stop(c) || word::ends(view, run.start, run.has_bracket, behind))
        });
    }
    if next.c.is_lowercase() && !word::is_item_letter(view, next.at) {
        let begins = run.is_full_stop(c) && !run.has_quote && word::begins_small(view, run.start, next);
        return begins || word::is_clitic(view, next.at);
    }
    if next.c.is_numeric() && (run.is_in_short_brackets(view) || run.is_in_aside(view)) {
        return false;
    }
    if run.has_quote
        && matches!(c, '!' | '?')
        && next.at == next_at
        && names_speaker(view.ahead_str(next_at, SPEAKER_BYTES))
    {
        return false;
    }
    if run.has_figures {
        // `fig.10` is a number.
        let number = Next { at: run.end, c: '1', in_bracket: false };
        // Several numbers in a row, and one behind brackets, are no part of a name.
        let are_notes = view.between(run.end, run.closed).contains(' ') || run.follows_brackets(view);
        return next.c.is_uppercase()
            && word::ends(view, run.start, run.has_bracket, number)
            && (are_notes || word::begins(view, run.closed, next));
    }
    if run.is_full_stop(c) {
        // Armenian writes it before what is quoted, where others write a colon.
        let leads_to_quote = first == '«' && run.before.is_some_and(is_armenian);
        return !leads_to_quote && word::ends(view, run.start, run.has_bracket, next);
    }
    if c == '!' && word::is_name_with_mark(view.back_str(run.start, WORD_BYTES)) {
        return word::begins(view, run.closed, next);
    }
    if run.is_dots && (run.end - run.start > 2 || c == '…') {
        // English writes its `I` in capitals wherever it stands.
        let is_i = next.c == 'I' && !view.char_at(next.at + 1).is_some_and(char::is_alphanumeric);
        let is_three = run.end - run.start == 3;
        let is_i = is_i && word::is_english_i(view, run.start, next);
        return !(next.c.is_ascii_digit() || (is_i && is_three && !run.has_quote));
    }
    if c == '.' && run.end - run.start == 1 && run.before.is_some_and(is_blank) {
        if let Some(dots) = spaced_ellipsis(view, run.start) {
            return dots > 3 || next.c != 'I';
        }
        // `Mr . Robinson`, in a text that was cut into tokens
        let blanks = view.back(run.start, RUN_BYTES).take_while(|&c| is_blank(c)).map(char::len_utf8);
        return word::ends(view, run.start - blanks.sum::<usize>(), run.has_bracket, next);
    }
    true
}

impl Run {
    /// Whether brackets hold it that hold no more than a note: `[page. 42]`.
    fn is_in_short_brackets(&self, view: View<'_>) -> bool {
        let is_bracket = |c: &char| matches!(c, '[' | ']') || ends_line(*c);
        view.back(self.start, NOTE_BYTES).find(is_bracket) == Some('[')
            && view.ahead(self.closed, NOTE_BYTES).find(is_bracket) == Some(']')
    }

    /// Whether round brackets hold it that hold no sentence of their own: `(see sched. 5, at the end)`.
    fn is_in_aside(&self, view: View<'_>) -> bool {
        let is_bracket = |c: char| matches!(c, '(' | ')') || ends_line(c);
        let before = view.back_str(self.start, BRACKET_BYTES);
        let Some(open) = before.rfind(is_bracket) else { return false };
        let Some(inside) = before[open..].strip_prefix('(') else { return false };
        let ahead = view.ahead_str(self.closed, BRACKET_BYTES);
        let is_closed = ahead
            .find(is_bracket)
            .is_some_and(|close| ahead[close..].starts_with(')') && !ahead[..close].ends_with(is_mark));
        is_closed && inside.starts_with(|c: char| c.is_lowercase() || c.is_numeric())
    }

    /// Whether it stands behind brackets that were opened behind a blank.
    fn follows_brackets(&self, view: View<'_>) -> bool {
        let before = view.back_str(self.start, WORD_BYTES);
        let inside = before.strip_suffix(')').and_then(|before| before.rfind('('));
        inside.is_some_and(|open| before[..open].ends_with(is_blank))
    }

    /// Whether a sentence begins directly behind a full stop, where the blank was forgotten: `over.The next`. Code and
    /// addresses are written so, too, but not in other scripts, and not with a pronoun.
    fn forgets_blank(&self, view: View<'_>, c: char, next: char) -> bool {
        if c != '.' || self.closed != self.start + 1 || !next.is_uppercase() {
            return false;
        }
        let next = Next { at: self.closed, c: next, in_bracket: false };
        word::begins_directly(view, self.start, next) && word::ends(view, self.start, false, next)
    }

    /// Whether it is one full stop, behind something.
    fn is_full_stop(&self, c: char) -> bool {
        (matches!(c, '.' | '\u{2024}' | '\u{fe52}')
            // `１．ドア`
            || c == '．' && self.before.is_some_and(char::is_numeric))
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
    if goes_over(view, at, last) && view.opened(next).is_some_and(|next| next.c.is_alphabetic()) {
        return None;
    }
    if last.is_alphanumeric() && opens_aside(view, next) {
        return None;
    }
    let is_open = !matches!(last, ':' | ';' | '{' | '}' | '|' | '>' | '=' | '#');
    let is_lower = view.opened(next).is_some_and(|next| next.c.is_lowercase());
    // Japanese particles and a comma of East Asia leave a line open, too.
    let is_cjk_open = matches!(last, '，' | '、' | 'の' | 'は' | 'が' | 'を' | 'に' | 'で' | 'と' | 'も')
        && view.char_at(next).is_some_and(is_cjk);
    if (is_open && is_lower) || is_cjk_open { None } else { Some(behind) }
}

/// Whether a line begins with brackets behind which the sentence is over or goes on: `(365 m).`
fn opens_aside(view: View<'_>, next: usize) -> bool {
    let Some(inside) = view.ahead_str(next, LINE_BYTES).strip_prefix('(') else { return false };
    let end = inside.find(['(', ')', '\n']).filter(|&end| inside[end..].starts_with(')'));
    end.is_some_and(|end| inside[end + 1..].starts_with(|c| is_mark(c) || goes_on(c)))
}

/// Whether a line that ends with this character has to go on: behind a comma, an article, a preposition.
fn goes_over(view: View<'_>, at: usize, last: char) -> bool {
    let before = view.back_str(at, WORD_BYTES).trim_end_matches(|c| is_blank(c) || c == '\r');
    last == ',' || (last.is_lowercase() && leads_on(before.as_bytes()))
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

/// The start of the number or letter of an item within a line, where `at` is the full stop or the bracket behind it, if the
/// one before it begins an item too: `1. Oil 2. Water`, `a) oil b) water`.
fn inline_item(view: View<'_>, at: usize) -> Option<usize> {
    // Most words are longer than a label.
    let near = view.back_str(at, LABEL_BYTES + 2);
    let mark = match view.char_at(at)? {
        '.' => ". ",
        _ if near.ends_with('.') => ".) ",
        _ => ") ",
    };
    let label_end = at + 2 - mark.len();
    let near = view.back_str(label_end, LABEL_BYTES + 1);
    let length = near.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    // Most that is as short stands behind no blank, or is no label.
    let is_apart = |c: char| c.is_whitespace() && !ends_line(c);
    if !(1..=LABEL_BYTES).contains(&length) || !view.char_before(label_end - length).is_some_and(is_apart) {
        return None;
    }
    let before = labels_before(&near[near.len() - length..]);
    let behind = view.skip(at + 1, is_blank);
    let next = view.opened(behind)?.c;
    if before.is_empty() || behind == at + 1 || !next.is_alphanumeric() {
        return None;
    }
    let line = view.back_str(label_end, ITEM_BYTES).rsplit(ends_line).next().unwrap_or_default();
    let (head, label) = line.split_at(line.len() - length);
    if !head.trim_end().ends_with(|c: char| c.is_alphanumeric() || is_closer(c)) {
        return None;
    }
    let is_first = |before: &str| matches!(before, "1" | "a" | "i");
    let place_of = |before: &str| {
        let label = [before, mark].concat();
        let mut found = head.rmatch_indices(&label).map(|(found, _)| found);
        found.find(|&found| head[..found].is_empty() || head[..found].ends_with(is_blank))
    };
    let begins_list = |found| word::starts_at_item(view, label_end - line.len() + found);
    // Before a capital it is enough that an item stands before it; else the list has to begin in sight.
    let is_begun = || ["1", "a", "i"].into_iter().any(|first| place_of(first).is_some_and(begins_list));
    let stands = |before: &String| {
        let found = place_of(before)?;
        let leads = if is_first(before) { begins_list(found) } else { next.is_uppercase() || is_begun() };
        leads.then_some(())
    };
    before.iter().find_map(stands)?;
    (mark != ". " || !word::writes_ordinals_near(view, at)).then_some(label_end - label.len())
}

/// What the item before an item with this label may have as its own.
fn labels_before(label: &str) -> Vec<String> {
    if let Ok(number) = label.parse::<u8>() {
        return number.checked_sub(1).map(|number| number.to_string()).into_iter().collect();
    }
    let letter = label.as_bytes().first().filter(|letter| letter.is_ascii_lowercase() && **letter > b'a');
    let letter = letter.filter(|_| label.len() == 1).map(|letter| char::from(letter - 1).to_string());
    let place = ROMAN.iter().position(|&numeral| numeral == label).filter(|&place| place > 0);
    letter.into_iter().chain(place.map(|place| ROMAN[place - 1].to_owned())).collect()
}

const ROMAN: [&str; 12] = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"];

/// No number and no letter of an item is longer.
const LABEL_BYTES: usize = 4;
/// So far back the item before is looked for.
const ITEM_BYTES: usize = 200;
