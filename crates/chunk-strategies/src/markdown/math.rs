//! Display math, which looks like Markdown and is none.

use std::borrow::Cow;

use memchr::memmem;

/// The text with letters in place of what display math holds, so that `=` under a line makes no heading of it and `-` no
/// list. Every offset stays what it was.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let has = |opening: &str| memmem::find(text.as_bytes(), opening.as_bytes()).is_some();
    if !has("$$") && !has("\\[") && !has("\\begin{") {
        return Cow::Borrowed(text);
    }
    let mut masked: Option<Vec<u8>> = None;
    // The start of the line behind the one that opens, and what closes.
    let mut open: Option<(usize, &str)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, inner) = (at, line.trim_start_matches([' ', '\t', '>']).trim_end());
        at += line.len();
        match open {
            Some((from, closing)) if closes(inner, closing) => {
                mask(masked.get_or_insert_with(|| text.as_bytes().to_vec()), from..at);
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
                    .map(|closing| (start + line.len(), closing));
            }
        }
    }
    match masked.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        _ => Cow::Borrowed(text),
    }
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
fn mask(bytes: &mut [u8], lines: std::ops::Range<usize>) {
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
            masked("a\n\n$$\nQ\n=\n- é\n$$\n\nb"),
            "a\n\n$$\nx\nx\nx xx\nxx\n\nb".replace("x xx", "xxxx")
        );
        assert_eq!(masked("\\[\na\n---\n\\]\n"), "\\[\nx\nxxx\nxx\n");
        assert_eq!(masked("> $$\n> =\n> $$\n"), "> $$\n> x\n> xx\n");
        assert_eq!(masked("$$ a = b\n= c $$\n"), "$$ a = b\nxxxxxx\n");
    }

    #[test]
    fn what_is_not_closed_is_none() {
        for text in
            ["$$\na\n\nb\n$$ x\n", "$$\n```\n$$x\n", "$$ a $$\n=\n", "\\[x\\]\n---\n", "it costs $$\n===\n"]
        {
            assert_eq!(masked(text), text);
        }
    }
}
