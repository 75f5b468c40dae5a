//! Display math, which looks like Markdown and is none.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

/// The text with letters in place of what display math holds, so that `=` under a line makes no heading of it and `-` no
/// list; every offset stays what it was. Then the start of the line that opens math which the text ends in.
pub(super) fn masked(text: &str) -> (Cow<'_, str>, Option<usize>) {
    let has = |opening: &str| memmem::find(text.as_bytes(), opening.as_bytes()).is_some();
    if !has("$$") && !has("\\[") && !has("\\begin{") {
        return (Cow::Borrowed(text), None);
    }
    let mut masked: Option<Vec<u8>> = None;
    // The line that opens, and what closes.
    let mut open: Option<(Range<usize>, &str)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, inner) = (at, line.trim_start_matches([' ', '\t', '>']).trim_end());
        at += line.len();
        match &open {
            Some((line, closing)) if closes(inner, closing) => {
                mask(masked.get_or_insert_with(|| text.as_bytes().to_vec()), line.end..at);
                open = None;
            }
            // Math has no blank lines and no fences in it.
            Some(_) if inner.is_empty() || inner.starts_with("```") || inner.starts_with("~~~") => {
                open = None;
            }
            Some(_) => {}
            None => {
                open = opening(inner)
                    .filter(|closing| !closes(&inner[1..], closing))
                    .map(|closing| (start..at, closing));
            }
        }
    }
    let masked = match masked.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        _ => Cow::Borrowed(text),
    };
    (masked, open.map(|(line, _)| line.start))
}

/// What closes the math that this line opens.
fn opening(line: &str) -> Option<&'static str> {
    let item = line.trim_start_matches(|c: char| {
        matches!(c, '-' | '*' | '+' | ' ') || c.is_ascii_digit() || matches!(c, '.' | ')')
    });
    match item {
        item if item.starts_with("$$") => Some("$$"),
        item if item.starts_with("\\[") => Some("\\]"),
        item if item.starts_with("\\begin{") => Some("\\end{"),
        _ => None,
    }
}

fn closes(line: &str, closing: &str) -> bool {
    match closing {
        "\\end{" => line.contains(closing),
        _ => line.trim_end_matches(['.', ',', ' ']).ends_with(closing) && line.len() >= closing.len(),
    }
}

/// Letters for all but line ends and what a line lies in.
fn mask(bytes: &mut [u8], lines: Range<usize>) {
    let mut is_start = true;
    for byte in &mut bytes[lines] {
        match byte {
            b'\n' | b'\r' => is_start = true,
            b' ' | b'\t' | b'>' if is_start => {}
            _ => {
                *byte = b'x';
                is_start = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_its_marks_is_masked() {
        assert_eq!(
            masked("a\n\n$$\nQ\n=\n- é\n$$\n\nb").0,
            "a\n\n$$\nx\nx\nx xx\nxx\n\nb".replace("x xx", "xxxx")
        );
        assert_eq!(masked("\\[\na\n---\n\\]\n").0, "\\[\nx\nxxx\nxx\n");
        assert_eq!(masked("> $$\n> =\n> $$\n").0, "> $$\n> x\n> xx\n");
        assert_eq!(masked("$$ a = b\n= c $$\n").0, "$$ a = b\nxxxxxx\n");
    }

    #[test]
    fn what_is_not_closed_is_none() {
        for text in
            ["$$\na\n\nb\n$$ x\n", "$$\n```\n$$x\n", "$$ a $$\n=\n", "\\[x\\]\n---\n", "it costs $$\n===\n"]
        {
            assert_eq!(masked(text).0, text);
        }
    }

    #[test]
    fn what_may_be_closed_later_is_told() {
        for (text, open) in [
            ("a\n$$\nb\n", Some(2)),
            ("$$\na\n$$\n", None),
            ("$$\na\n\nb\n", None),
            ("> \\[\n", Some(0)),
            ("$$", Some(0)),
        ] {
            assert_eq!(masked(text).1, open, "{text:?}");
        }
    }
}
