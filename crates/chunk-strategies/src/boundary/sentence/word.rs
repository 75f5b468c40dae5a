//! The word before a full stop, and what it says about it.
//!
//! | word | a sentence ends behind its full stop |
//! |---|---|
//! | an abbreviation | as its [kind](super::abbreviations::Abbreviation) says; never before another that stands before a number |
//! | a letter: an initial, a variable | before a word that sentences begin with and names do not |
//! | letters with full stops between them: `U.S.`, `a.m.` | before a word that sentences begin with |
//! | the number or letter of a list's item, `Step 1.` at a sentence's start | never |
//! | an ordinal: `3. Oktober`, `2. Weltkrieg`, `Ludwig XIV.` | not before a month, in English where a date is led to; in German, before a word that sentences begin with |
//! | without a vowel, in small letters: `hptst.` | before a word that sentences begin with |
//! | with a raised letter: `Dª.` | before a word that sentences begin with and names do not |
//! | in a script of India, one syllable: `ഡോ.`, `எஸ்.` | never; in the north of it, as a list says |
//! | any other | always |

use super::View;
use super::abbreviations::{Abbreviation, LONGEST_BYTES, LONGEST_FIRST_BYTES, abbreviations, never_ends};
use super::chars::{ends_line, is_blank, is_bullet, is_cjk, is_dash, is_greek, is_mark, is_opener};
use super::function_words::{Languages, is_particle, languages_in, languages_of};
use super::indic::{is_indic, is_syllable};
use super::rule::Next;
use super::word_lists::{
    CAPITALISED, DAYS, DIRECT, ENGLISH_MONTHS, FRONTING, LABELS, LEADS_TO_DATE, LETTERED, MONTHS, ORDINARY,
    TRAILING,
};

/// Whether the full stop at `at` ends a sentence before what comes next.
pub(super) fn ends(view: View<'_>, at: usize, has_bracket: bool, next: Next) -> bool {
    Word { view, at, has_bracket, next }.ends(ITEMS)
}

/// So many numbers in a row may depend on each other: `No. 5. 6.`
const ITEMS: usize = 2;

struct Word<'d> {
    view: View<'d>,
    at: usize,
    has_bracket: bool,
    next: Next,
}

impl Word<'_> {
    fn ends(&self, items: usize) -> bool {
        let before = self.view.back_str(self.at, TOKEN_BYTES);
        if let Some(is_abbreviation) =
            before.chars().next_back().filter(|&c| is_indic(c)).map(|_| is_syllable(before))
        {
            return !is_abbreviation;
        }
        // No sentence begins with that.
        if self.next.c == '№' {
            return false;
        }
        if before.ends_with(['°', 'º', 'ª']) {
            return self.ends_behind_raised(before);
        }
        let mut letters = before.trim_end_matches(char::is_alphabetic);
        let mut word = &before[letters.len()..];
        // `参照はp. 5`
        if word.ends_with(|c: char| c.is_ascii())
            && let Some(other) = word.rfind(is_cjk)
        {
            let ascii = word[other..].trim_start_matches(is_cjk);
            (letters, word) = before.split_at(before.len() - ascii.len());
        }
        let start = self.at - word.len();
        let Some(c) = letters.chars().next_back() else {
            // The word may begin farther back, and so be any.
            return word.is_empty()
                || self.view.is_cut_at(start)
                || self.ends_behind_word(word, None, start, items);
        };
        if !word.is_empty() {
            return self.ends_behind_word(word, Some(c), start, items);
        }
        match c {
            c if c.is_numeric() => self.ends_behind_number(items),
            '/' => is_address(before),
            '*' | '\\' => false,
            _ => true,
        }
    }

    /// Behind a raised letter: `N°. 5`, `Dª. Ana`, and what is no abbreviation, `el 2º.`
    fn ends_behind_raised(&self, before: &str) -> bool {
        let letter = before.trim_end_matches(['°', 'º', 'ª']).chars().next_back();
        match letter {
            Some(c) if c.is_alphabetic() => !self.next.c.is_numeric() && self.next_starts(true),
            _ => !self.next.c.is_ascii_digit(),
        }
    }

    fn ends_behind_word(&self, word: &str, before: Option<char>, start: usize, items: usize) -> bool {
        let mut chars = word.chars();
        let only = chars.next().filter(|_| chars.next().is_none());
        match before {
            Some('.') => return self.ends_behind_letters(word, start, items),
            Some(c) if c.is_numeric() || matches!(c, '_' | '@' | '/' | '&' | '=' | '\\' | '°' | '%') => {
                return true;
            }
            Some('-') if self.view.char_before(start - 1) != Some('.') && only.is_none() => return true,
            _ => {}
        }
        if let Some(letter) = only {
            return self.ends_behind_letter(letter, before, start, items);
        }
        if is_roman_item(word) && (self.is_item(start, items) || self.closes_label(start)) {
            return false;
        }
        let lower = word.to_lowercase();
        if lower.len() <= 3 && self.is_pair(&lower, start) {
            return false;
        }
        if is_roman(word) && self.is_label(start, items) {
            return false;
        }
        // `50 apr. J.-C.`
        if self.next.c == 'J' && self.view.ahead_str(self.next.at, 8).starts_with("J.-C") {
            return false;
        }
        let known = abbreviations(&lower);
        if known.iter().any(|&(_, kind, _)| kind == Abbreviation::Unit) && self.follows_number(start) {
            return !self.next_is_number();
        }
        for &(_, kind, languages) in known {
            let is_capital = word.starts_with(char::is_uppercase);
            // `MM. Duval`, but 5 mm.; `Mag. Huber`, but `weil er sie mag.`
            let needs_capital = kind == Abbreviation::Title && languages == Languages::EN
                || CAPITALISED.contains(&&lower[..])
                || kind == Abbreviation::Title && ORDINARY.contains(&&lower[..]);
            let is_no_title = kind == Abbreviation::Title && self.is_no_title(word, start);
            if needs_capital && !is_capital || is_no_title || kind == Abbreviation::Unit {
                continue;
            }
            if languages != Languages::ANY {
                // Asked last, since it costs most: whether the text is in this language.
                let ends = match kind {
                    Abbreviation::Number => !self.next_is_number(),
                    Abbreviation::Other => self.next_begins(),
                    Abbreviation::Title | Abbreviation::Name | Abbreviation::Unit => false,
                };
                let may_be_untold = kind == Abbreviation::Title && is_capital;
                let applies = |nearby: Languages| {
                    nearby.has_any(languages) || (may_be_untold && nearby == Languages::NONE)
                };
                if ends || !applies(self.languages()) {
                    continue;
                }
            }
            return match kind {
                Abbreviation::Title | Abbreviation::Unit => false,
                Abbreviation::Number if self.has_bracket => true,
                Abbreviation::Number => {
                    !(self.next_is_number() || self.next_is_label() || self.next_abbreviates_number())
                }
                Abbreviation::Name => !self.next_abbreviates_number() && self.next_starts(true),
                Abbreviation::Other => self.ends_behind_abbreviation(),
            };
        }
        // `EE. UU.`, `SS. MM.`
        let is_double = word.len() == 2
            && word.as_bytes()[0] == word.as_bytes()[1]
            && word.as_bytes()[0].is_ascii_uppercase();
        let is_short = word.len() <= LONGEST_BYTES && !word.contains(is_vowel);
        if is_double
            || (is_short && is_cased_abbreviation(word) && !self.follows_number(start))
            || lower.ends_with("str")
        {
            return self.ends_behind_abbreviation();
        }
        if !is_roman(word) || !self.next.c.is_uppercase() || self.next_starts(false) {
            return true;
        }
        let nearby = self.languages();
        nearby != Languages::NONE && !nearby.has_any(ORDINALS)
    }

    /// Whether a word that is spelt as a title is a unit, `20 ms.` and `500 MW.`, or a name in capitals, `Vancouver, BC.`
    fn is_no_title(&self, word: &str, start: usize) -> bool {
        let are_capitals = |word: &str| word.len() > 1 && word.chars().all(char::is_uppercase);
        let is_cased = word.starts_with(char::is_uppercase) && is_cased_abbreviation(word);
        !is_cased && self.follows_number(start)
            || are_capitals(word)
                && !matches!(word, "MM" | "DR" | "MR" | "MRS")
                && !are_capitals(&self.next_word())
    }

    /// Behind what abbreviates a word that may be a sentence's last.
    fn ends_behind_abbreviation(&self) -> bool {
        let is_number = self.next.c.is_numeric() || leads_number(self.next.c);
        !(is_number || self.has_bracket || self.next.in_bracket || self.next_abbreviates_number())
            && self.next_starts(false)
    }

    /// Behind the last of letters with full stops between them. Names of files and of hosts are words like any other.
    fn ends_behind_letters(&self, last: &str, start: usize, items: usize) -> bool {
        if self.is_compound_label(items) {
            return false;
        }
        let before = self.view.back_str(start, TOKEN_BYTES);
        let first = before.trim_end_matches(|c: char| c.is_alphabetic() || matches!(c, '.' | '-'));
        let token = before[first.len()..].trim_start_matches('-');
        // `d.lgs.`
        let is_part = |part: &str| {
            part.len() <= 2 || part.chars().count() <= if part.contains(is_vowel) { 2 } else { 3 }
        };
        // `sig.ra`, `dott.ssa`, and `end.Mr. Smith` with a blank forgotten
        if matches!(last, "ra" | "ssa" | "ri" | "Mr" | "Mrs" | "Ms" | "Dr") {
            return false;
        }
        let letters = format!("{token}{last}").to_lowercase();
        if never_ends(&letters) {
            return false;
        }
        if !is_part(last)
            || !token.split(['.', '-']).all(is_part)
            || first.ends_with(|c: char| c.is_numeric() || c == '@')
        {
            return true;
        }
        if matches!(&letters[..], "a.m" | "p.m") {
            if self.next.c.is_uppercase() {
                return self.ends_behind_time(start - token.len());
            }
            if self.next.c.is_ascii_digit() {
                return self.next_is_time();
            }
        }
        if self.next.c.is_uppercase() && !self.has_bracket && TRAILING.contains(&&letters[..]) {
            return !self.is_fronted(start - token.len()) || self.next_starts(false);
        }
        self.ends_behind_abbreviation()
    }

    /// Behind `5 p.m.`, given what comes before `p.m.`: not where the day or the zone follows, and not where a sentence has
    /// begun with the time.
    fn ends_behind_time(&self, start: usize) -> bool {
        let day = self.next_word();
        // `EST`, `CEST`, but not `NASA`.
        let may_be_zone =
            (3..=4).contains(&day.len()) && day.ends_with('T') || matches!(&day[..], "UTC" | "MSK");
        let is_zone = may_be_zone && day.bytes().all(|byte| byte.is_ascii_uppercase());
        let names_day = is_zone || DAYS.contains(&&day[..]);
        !names_day && (!self.is_fronted(start) || self.next_starts(false))
    }

    /// Whether the sentence has begun with a time or a year that is told here: `In 44 B.C.`, `On Jan. 5, at 6 a.m.`
    fn is_fronted(&self, start: usize) -> bool {
        let head = self.view.back_str(start, FRONTED_BYTES);
        let clause = head.rsplit(|c| ends_line(c) || matches!(c, '!' | '?')).next().unwrap_or_default();
        let clause = clause.rsplit(": ").next().unwrap_or_default();
        // A full stop before a capital ends the sentence before.
        let starts_sentence =
            |at: usize| clause[at..].trim_start_matches([' ', '.']).starts_with(char::is_uppercase);
        let from =
            clause.rmatch_indices(". ").find(|&(at, _)| starts_sentence(at)).map_or(0, |(at, _)| at + 1);
        let is_whole = from > 0 || clause.len() < head.len() || head.len() < FRONTED_BYTES;
        let first = clause[from..].split(is_blank).find(|word| !word.is_empty()).unwrap_or_default();
        is_whole && FRONTING.contains(&first)
    }

    /// Whether a time of day comes next: `7 a.m.`
    fn next_is_time(&self) -> bool {
        let ahead = self.view.ahead_str(self.next.at, TOKEN_BYTES);
        let unit = ahead.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').trim_start();
        ["a.m.", "p.m.", "am ", "pm "].iter().any(|half| unit.starts_with(half))
    }

    /// Behind one letter: an initial, the letter of a list's item, a part of `z. B.`
    fn ends_behind_letter(&self, letter: char, before: Option<char>, start: usize, items: usize) -> bool {
        let is_apart = before.is_none_or(|c| {
            is_blank(c) || ends_line(c) || is_opener(c) || is_dash(c) || is_mark(c) || is_cjk(c)
        });
        // `Peter's.`
        if !is_apart || before.is_some_and(|c| matches!(c, '\'' | '’')) && letter.is_lowercase() {
            return true;
        }
        if self.next.c.is_numeric() || self.is_item(start, items) || self.closes_label(start) {
            return false;
        }
        // `Pub. L. No. 94`
        if self.next_abbreviates_number() {
            return false;
        }
        if self.is_pair(&letter.to_lowercase().to_string(), start) {
            return false;
        }
        let head = self.view.back_str(start, TOKEN_BYTES).trim_end_matches(is_blank);
        // `и т. д. Книги`
        if self.next.c.is_uppercase()
            && !self.has_bracket
            && ["т.", "н."].iter().any(|first| head.ends_with(first))
        {
            let first = head.trim_end_matches('.').chars().next_back().unwrap_or_default();
            if TRAILING.contains(&&format!("{first}.{letter}")[..]) {
                return true;
            }
        }
        // `plan B. Everyone`
        let noun = head.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        if letter.is_uppercase() && LETTERED.contains(&noun) {
            return true;
        }
        self.next_starts(letter != 'I')
    }

    /// Whether the word and the one before it are an abbreviation that never ends a sentence: `z. B.`, `p. ex.`
    fn is_pair(&self, word: &str, start: usize) -> bool {
        let head = self.view.back_str(start, TOKEN_BYTES).trim_end_matches(is_blank);
        let part = head
            .strip_suffix('.')
            .unwrap_or(head)
            .rsplit(|c: char| !c.is_alphabetic())
            .next()
            .unwrap_or_default();
        (1..=LONGEST_FIRST_BYTES).contains(&part.len())
            && never_ends(&format!("{part}.{word}").to_lowercase())
    }

    fn ends_behind_number(&self, items: usize) -> bool {
        let before = self.view.back_str(self.at, TOKEN_BYTES);
        let number =
            &before[before.trim_end_matches(|c: char| c.is_numeric() || matches!(c, '.' | ',')).len()..];
        let start = self.at - number.len();
        let is_short = number.chars().count() <= 3 || (number.len() <= 8 && number.contains('.'));
        if is_short && (self.is_item(start, items) || self.is_label(start, items))
            || self.is_compound_label(items)
        {
            return false;
        }
        // `§ 4. Abs. 2`, and `az 5. § (3)` of Hungarian
        let is_paragraph = || {
            let behind = self.view.ahead_str(self.next.at + '§'.len_utf8(), TOKEN_BYTES);
            behind.trim_start_matches(is_blank).starts_with(|c: char| !c.is_numeric())
        };
        if self.next_abbreviates_number() || (self.next.c == '§' && is_paragraph()) {
            return false;
        }
        let before = self.view.char_before(start);
        let is_ordinal = number.len() <= 2
            && before.is_none_or(|c| is_blank(c) || ends_line(c) || is_opener(c) || is_dash(c));
        if is_ordinal && self.closes_label(start) {
            // `2.)`
            return false;
        }
        if is_ordinal && self.next.c.is_ascii_digit() {
            // `am 1. 2. 2020`
            let next = self.view.ahead_str(self.next.at, 4).trim_start_matches(|c: char| c.is_ascii_digit());
            let head = self.view.back_str(start, TOKEN_BYTES).trim_end_matches(is_blank).strip_suffix('.');
            return !next.starts_with('.') && !head.is_some_and(|head| head.ends_with(char::is_numeric));
        }
        if !is_ordinal || !self.next.c.is_uppercase() {
            return true;
        }
        let nearby = self.languages();
        // English has some of the months, and writes no full stop there.
        let is_month = MONTHS.contains(&&self.next_word()[..]) && nearby != Languages::EN;
        !is_month && !self.is_day(number, start) && (!nearby.has_any(ORDINALS) || self.next_starts(false))
    }

    /// Whether the number is the day of a month of English that comes next: behind what leads to a date, `due on 1. March`,
    /// or before its year, `1. March 2024`.
    fn is_day(&self, number: &str, start: usize) -> bool {
        let month = self.next_word();
        if !ENGLISH_MONTHS.contains(&&month[..])
            || number.parse().is_ok_and(|day: u8| !(1..=31).contains(&day))
        {
            return false;
        }
        let behind = self.view.ahead_str(self.next.at + month.len(), TOKEN_BYTES);
        let year = behind.trim_start_matches(|c| is_blank(c) || c == ',');
        let figures = year.bytes().take_while(u8::is_ascii_digit).count();
        let head = self.view.back_str(start, TOKEN_BYTES).trim_end_matches(is_blank);
        let before = &head[head.trim_end_matches(char::is_alphabetic).len()..];
        figures == 4 && year.len() < behind.len()
            || LEADS_TO_DATE.contains(&before)
            || matches!(before, "and" | "to") && ENGLISH_MONTHS.iter().any(|month| head.contains(month))
    }

    /// Whether letters and numbers are together what an item begins with: `1.a.`, `A.1.`, `Q1.`
    fn is_compound_label(&self, items: usize) -> bool {
        let before = self.view.back_str(self.at, TOKEN_BYTES);
        let head = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        let label = &before[head.len()..];
        let is_part = |part: &str| {
            let figures = part.trim_start_matches(|c: char| c.is_ascii_uppercase());
            let letters = part.len() - figures.len();
            let is_numbered =
                letters <= 2 && figures.len() <= 3 && figures.bytes().all(|byte| byte.is_ascii_digit());
            part.len() == 1 || (is_numbered && !figures.is_empty())
        };
        label.len() <= LONGEST_LABEL
            && label.contains(|c: char| c.is_ascii_digit())
            && label.split('.').all(is_part)
            && self.is_item(self.at - label.len(), items)
    }

    /// Whether a bracket closes here that was not opened: `b.) The second item`.
    fn closes_label(&self, start: usize) -> bool {
        let before = self.view.back_str(start, NEARBY_BYTES);
        let is_open = before.rfind('(').is_some_and(|open| !before[open..].contains(')'));
        self.has_bracket
            && self.view.char_at(self.at + 1) == Some(')')
            && before.ends_with(is_blank)
            && !is_open
    }

    /// Whether a number stands behind what it numbers, and that at a sentence's start: `Step 1.`
    fn is_label(&self, start: usize, items: usize) -> bool {
        let head = self.view.back_str(start, TOKEN_BYTES);
        let noun = head.trim_end_matches(is_blank);
        let word = &noun[noun.trim_end_matches(char::is_alphabetic).len()..];
        noun.len() < head.len()
            && LABELS.contains(&word)
            && self.is_item(start - (head.len() - noun.len()) - word.len(), items)
    }

    /// Whether a number or a letter stands where an item of a list begins.
    fn is_item(&self, start: usize, items: usize) -> bool {
        let head = self.view.back_str(start, TOKEN_BYTES);
        let trimmed = head.trim_end_matches(|c| is_blank(c) || matches!(c, '(' | '*' | '_'));
        let Some(c) = trimmed.chars().next_back() else {
            return head.len() < TOKEN_BYTES && !self.view.is_cut_at(start - head.len());
        };
        let at = start - (head.len() - trimmed.len()) - c.len_utf8();
        match c {
            c if ends_line(c) || is_bullet(c) || matches!(c, '>' | '#' | '|') => true,
            '-' | '+' | '*' | '–' => {
                let before = self.view.back_str(at, TOKEN_BYTES).trim_end_matches(is_blank);
                before.is_empty() || before.ends_with(ends_line)
            }
            '.' if items > 0 && trimmed.len() < head.len() => {
                let next = Next { at: start, c: self.view.char_at(start).unwrap_or('0'), in_bracket: false };
                Word { view: self.view, at, has_bracket: false, next }.ends(items - 1)
            }
            '!' | '?' | '…' => trimmed.len() < head.len(),
            '。' | '！' | '？' => true,
            // `§ 1. Scope`
            '§' => self.is_item(at, items),
            // `Items: 1. Oil`
            ':' => trimmed.len() < head.len() && matches!(self.view.char_at(start), Some('1' | 'a' | 'i')),
            _ => false,
        }
    }

    /// Whether what comes next begins sentences: a function word in capitals, or nothing that is a word at all. `of_name`:
    /// and does not begin a name.
    fn next_starts(&self, of_name: bool) -> bool {
        if !self.next.c.is_alphabetic() {
            return !self.next.c.is_numeric() && !of_name && !self.next.in_bracket;
        }
        let word = self.next_word();
        let behind = self.view.char_at(self.next.at + word.len());
        // `A. B. Smith`
        if word.chars().nth(1).is_none() && behind == Some('.') {
            return false;
        }
        let lower = word.to_lowercase();
        if matches!(behind, Some('\'' | '’')) && is_elided(&lower, of_name) {
            return true;
        }
        let languages = languages_of(&lower);
        if languages == Languages::NONE
            || word.chars().nth(1).is_some_and(char::is_uppercase)
            || (of_name && is_particle(&lower))
        {
            return false;
        }
        let nearby = self.languages();
        nearby == Languages::NONE || languages.has_any(nearby)
    }

    /// Whether the next word is one that sentences of some language begin with.
    fn next_begins(&self) -> bool {
        self.next.c.is_uppercase() && languages_of(&self.next_word().to_lowercase()) != Languages::NONE
    }

    fn next_word(&self) -> String {
        let word = self.view.ahead_str(self.next.at, TOKEN_BYTES);
        word.chars().take_while(|c| c.is_alphabetic()).collect()
    }

    fn next_is_number(&self) -> bool {
        let word = self.next_word();
        let is_roman = word.len() > 1 && word.bytes().all(|byte| b"IVXLC".contains(&byte));
        self.next.c.is_numeric() || is_roman || matches!(self.next.c, '§' | '#' | '№')
    }

    /// Whether letters come next that number something: `Fig. S1`, `Exh. B is`, `lit. b)`.
    fn next_is_label(&self) -> bool {
        let ahead = self.view.ahead_str(self.next.at, TOKEN_BYTES);
        let behind = ahead.trim_start_matches(|c: char| c.is_ascii_uppercase());
        match ahead.len() - behind.len() {
            0 => is_item_letter(self.view, self.next.at),
            1 | 2 if behind.starts_with(|c: char| c.is_ascii_digit()) => true,
            // Words of one letter begin sentences, and initials names.
            1 => {
                !self.next.in_bracket
                    && !matches!(self.next.c, 'A' | 'E' | 'I' | 'O' | 'U' | 'Y')
                    && !behind.starts_with(['.', '\'', '’', '-'])
                    && !behind.starts_with(char::is_alphabetic)
            }
            _ => false,
        }
    }

    /// Whether an abbreviation comes next that itself stands before a number: `Tues. Dec. 3`, `Abs. Nr. 4`.
    fn next_abbreviates_number(&self) -> bool {
        let word = self.next_word();
        let mut behind = self.view.ahead_str(self.next.at + word.len(), TOKEN_BYTES).chars();
        let is_number =
            behind.next() == Some('.') && behind.find(|&c| !is_blank(c)).is_some_and(char::is_numeric);
        let known = abbreviations(&word.to_lowercase());
        is_number && known.iter().any(|&(_, kind, _)| kind == Abbreviation::Number)
    }

    fn follows_number(&self, start: usize) -> bool {
        self.view.back_str(start, TOKEN_BYTES).trim_end_matches(is_blank).ends_with(char::is_numeric)
    }

    fn writes_ordinals(&self) -> bool {
        self.languages().has_any(ORDINALS)
    }

    /// The languages of the text nearby.
    fn languages(&self) -> Languages {
        let before = self.view.back_str(self.at, NEARBY_BYTES);
        let behind = self.view.ahead_str(self.at, NEARBY_BYTES);
        let start = self.at - before.len();
        languages_in(self.view.between(start, self.at + behind.len()))
    }
}

/// Languages that write a full stop behind an ordinal.
const ORDINALS: Languages = Languages::DE
    .or(Languages::NORTH)
    .or(Languages::SLAVIC)
    .or(Languages::PL)
    .or(Languages::FINNIC)
    .or(Languages::HU)
    .or(Languages::TR);

/// Whether it stands before a number, and no sentence begins with it.
fn leads_number(c: char) -> bool {
    matches!(c, '§' | '#' | '№' | '$' | '€' | '£' | '¥' | '±' | '~' | '≈' | '<' | '≤' | '≥' | '+' | '−')
}

/// Whether what comes next, behind what ends at `at`, is a word that sentences begin with.
pub(super) fn begins(view: View<'_>, at: usize, next: Next) -> bool {
    Word { view, at, has_bracket: false, next }.next_starts(false)
}

/// Whether a sentence may begin directly behind the full stop at `at`, with no blank between: behind a word or a number,
/// with a pronoun, an article or a title; and behind a word that is not in Latin letters, with any word or number in
/// Roman numerals.
pub(super) fn begins_directly(view: View<'_>, at: usize, next: Next) -> bool {
    let before = view.back_str(at, TOKEN_BYTES);
    let word = &before[before.trim_end_matches(|c: char| c.is_lowercase()).len()..];
    let ahead = view.ahead_str(next.at, TOKEN_BYTES);
    let behind = ahead.trim_start_matches(char::is_alphabetic);
    let first = &ahead[..ahead.len() - behind.len()];
    if word.chars().nth(2).is_some() && !word.contains(|c: char| c.is_ascii()) && is_unlike_latin(word) {
        return is_unlike_latin(first) || (behind.starts_with(is_blank) && is_roman(first));
    }
    let is_figure = before.ends_with(|c: char| c.is_ascii_digit());
    let is_word = word.len() > 1 && !before[..before.len() - word.len()].ends_with(['.', '/', '@', '_', ':']);
    (is_figure || is_word)
        && (DIRECT.contains(&first) && behind.starts_with(is_blank)
            || matches!(first, "Mr" | "Mrs" | "Ms" | "Dr" | "Hr" | "Prof") && behind.starts_with(". "))
}

/// Whether a word is in letters of another script than Latin that has capitals.
fn is_unlike_latin(word: &str) -> bool {
    let first = word.chars().next();
    first.is_some_and(
        |c| matches!(c, '\u{370}'..='\u{58f}' | '\u{1c80}'..='\u{1cbf}' | '\u{1f00}'..='\u{1fff}'),
    )
}

/// Whether a sentence of Greek begins in small letters here: behind a word that is whole, as those with a vowel or `ς`, `ν` at
/// their end are, and with a function word.
pub(super) fn begins_small(view: View<'_>, at: usize, next: Next) -> bool {
    let before = view.back_str(at, TOKEN_BYTES);
    let word = &before[before.trim_end_matches(char::is_alphabetic).len()..];
    is_greek(next.c)
        && word.ends_with(|c| "αάεέηήιίοόυύωώςν".contains(c))
        && word.chars().count() > 3
        && abbreviations(&word.to_lowercase()).is_empty()
        && languages_of(&Word { view, at, has_bracket: false, next }.next_word()) != Languages::NONE
}

/// Whether it is a clitic of Dutch that a sentence begins with, which leaves the capital to the next word: `'s Avonds`.
pub(super) fn is_clitic(view: View<'_>, at: usize) -> bool {
    let mut ahead = view.ahead(at, 8);
    matches!(view.char_before(at), Some('\'' | '’' | '‘'))
        && ahead.next().is_some_and(|c| matches!(c, 's' | 't' | 'n' | 'k' | 'm'))
        && ahead.next() == Some(' ')
        && ahead.next().is_some_and(char::is_uppercase)
}

/// Whether the `I` that comes next is English: no text nearby says otherwise, and no plural of Italian follows.
pub(super) fn is_english_i(view: View<'_>, at: usize, next: Next) -> bool {
    let nearby = Word { view, at, has_bracket: false, next }.languages();
    let behind = view.ahead_str(next.at + 1, TOKEN_BYTES).trim_start();
    let word = behind.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    nearby.has_any(Languages::EN) || (nearby == Languages::NONE && !word.ends_with('i'))
}

/// Whether the text ends with a name that has `!` behind it.
pub(super) fn is_name_with_mark(before: &str) -> bool {
    EXCLAIMED.iter().any(|name| before.ends_with(name))
}

/// Names that are written with `!`.
pub(super) const EXCLAIMED: [&str; 5] = ["Yahoo", "Jeopardy", "Joomla", "Kahoot", "Yum"];

/// Whether an item's number or letter may start here, as a line or a sentence does.
pub(super) fn starts_at_item(view: View<'_>, start: usize) -> bool {
    let next = Next { at: start, c: '1', in_bracket: false };
    Word { view, at: start, has_bracket: false, next }.is_item(start, ITEMS)
}

pub(super) fn writes_ordinals_near(view: View<'_>, at: usize) -> bool {
    let next = Next { at, c: '.', in_bracket: false };
    Word { view, at, has_bracket: false, next }.writes_ordinals()
}

/// So far a word is looked at.
const TOKEN_BYTES: usize = 24;
/// So far the language of a text is looked for, on both sides: a line and a half.
const NEARBY_BYTES: usize = 120;

/// No number of an item is longer that has letters in it.
const LONGEST_LABEL: usize = 8;

/// So long a sentence may be that ends with a time it begins with.
const FRONTED_BYTES: usize = 48;

/// Whether a small letter is that of a list's item: `b) `, or `b. ` before a capital.
pub(super) fn is_item_letter(view: View<'_>, at: usize) -> bool {
    let Some(c) = view.char_at(at).filter(char::is_ascii_lowercase) else { return false };
    let behind = view.skip(at + 2, is_blank);
    match view.char_at(at + 1) {
        Some(')') => behind > at + 2,
        Some('.') => c <= 'h' && behind > at + 2 && view.char_at(behind).is_some_and(char::is_uppercase),
        _ => false,
    }
}

/// Whether a line that starts with this begins an item: `2.`, `b)`, `(iv)`.
pub(super) fn starts_item(view: View<'_>, at: usize) -> bool {
    let line = view.ahead_str(at, 8);
    let line = line.strip_prefix(['(', '[']).unwrap_or(line);
    let number = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let letters = line.len() - line.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let letter = if letters == 1 || is_roman_item(&line[..letters]) { letters } else { 0 };
    let mark = if number > 0 { number } else { letter };
    let behind = &line[mark..];
    mark > 0 && mark <= 4 && behind.starts_with(['.', ')', ']']) && behind[1..].starts_with(is_blank)
        || line.starts_with(['*', '_']) && line[1..].starts_with(is_blank)
}

/// Whether the text ends with an address: `https://x.org/`.
fn is_address(before: &str) -> bool {
    let last = before.rsplit(|c| is_blank(c) || ends_line(c)).next().unwrap_or_default();
    last.contains("://") || last.contains("www.") || last.trim_end_matches('/').contains(['/', '.'])
}

/// Whether it is a small number in Roman numerals.
fn is_roman_item(word: &str) -> bool {
    let all = |numerals: &[u8]| word.bytes().all(|byte| numerals.contains(&byte));
    (1..=4).contains(&word.len()) && (all(b"ivx") || all(b"IVX"))
}

/// Whether it is a number in Roman numerals, of more than one.
fn is_roman(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| b"IVXL".contains(&byte))
}

/// Whether a word of French or Italian lost its vowel before an apostrophe: `C'est`, `L'uva`. `of_name`: and begins no name, as
/// `L'Isle` and `D'Amico` do.
fn is_elided(word: &str, of_name: bool) -> bool {
    matches!(word, "c" | "j" | "n" | "qu" | "s") || (!of_name && matches!(word, "d" | "l" | "m" | "t" | "un"))
}

fn is_vowel(c: char) -> bool {
    // What is not ASCII is one with a mark, or a letter of a script that this does not know.
    matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y') || !c.is_ascii()
}

/// Whether it is written in small letters, but for the first: `Skt`, not `PDF`.
fn is_cased_abbreviation(word: &str) -> bool {
    word.chars().skip(1).all(char::is_lowercase)
}
