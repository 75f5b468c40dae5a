//! Where clauses end: one rule for all strategies and both modes.

use std::ops::Range;

use super::space::is_blank;

/// Offsets in `(window.start, window.end]` at which a clause ends, with the blanks behind it, descending.
pub(super) fn ends_back<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let (start, end) = (window.start, window.end);
    // What comes behind, and where. Blanks that go on behind the window end no clause within it.
    let mut behind = text[end..].chars().next();
    let mut blanks_end = end + behind.filter(|&c| is_blank(c)).map_or(0, char::len_utf8);
    text[window.clone()].char_indices().rev().filter_map(move |(at, c)| {
        if is_blank(c) {
            return None;
        }
        let mark_end = start + at + c.len_utf8();
        let found = is_end(c, mark_end < blanks_end, text[start..start + at].chars().next_back(), behind)
            .then_some(blanks_end);
        (blanks_end, behind) = (start + at, Some(c));
        found.filter(|&found| found <= end)
    })
}

/// The same, ascending.
pub(super) fn ends<'d>(text: &'d str, window: &Range<usize>) -> impl Iterator<Item = usize> + use<'d> {
    let Range { start, end } = *window;
    // Blanks that go on behind the window end no clause within it.
    let within = &text[start..text.ceil_char_boundary(text.len().min(end + 1))];
    text[start..end]
        .char_indices()
        .filter_map(move |(at, c)| end_behind(within, at, c))
        .map(move |at| start + at)
        .filter(move |&at| at <= end)
}

/// The end in this excerpt, with the blanks behind it, of the clause that the character at `at` ends.
pub(crate) fn end_behind(excerpt: &str, at: usize, c: char) -> Option<usize> {
    if !is_mark(c) {
        return None;
    }
    let mark_end = at + c.len_utf8();
    let blanks = excerpt[mark_end..].chars().take_while(|&c| is_blank(c)).map(char::len_utf8).sum::<usize>();
    let end = mark_end + blanks;
    is_end(c, blanks > 0, excerpt[..at].chars().next_back(), excerpt[end..].chars().next()).then_some(end)
}

/// Whether a clause ends with this character.
fn is_end(c: char, has_blanks: bool, before: Option<char>, behind: Option<char>) -> bool {
    let is_number = || before.is_some_and(char::is_numeric) && behind.is_some_and(char::is_numeric);
    match c {
        ',' | ';' | ':' | '،' | '؛' => has_blanks,
        // East Asia writes no blanks; `１，０００` is a number.
        c if is_wide(c) => has_blanks || !is_number(),
        _ => false,
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '،' | '؛') || is_wide(c)
}

/// Whether it is a mark of a clause behind which no blank is written.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '，' | '、' | '；' | '：' | '､' | '﹐' | '﹑' | '﹔' | '﹕' | '︐' | '︑')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_the_same_from_either_end(text in "[a1, 漢，、 \n;:\u{200b}１]{0,40}", from in 0..20_usize, to in 0..60_usize) {
            let start = text.floor_char_boundary(from.min(text.len()));
            let end = text.floor_char_boundary(to.clamp(start, text.len()).max(start));
            let forward: Vec<usize> = ends(&text, &(start..end)).collect();
            let mut back: Vec<usize> = ends_back(&text, &(start..end)).collect();
            back.reverse();
            prop_assert_eq!(back, forward);
        }
    }

    #[test]
    fn a_mark_of_east_asia_needs_no_blank() {
        let text = "设定值，计算、输出，执行 a,b, c １，０";
        let found: Vec<&str> = ends(text, &(0..text.len())).map(|at| &text[at..]).collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found[3], "c １，０");
    }
}
