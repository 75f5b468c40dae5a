//! Display math, which looks like Markdown and is none.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

/// The text with letters in place of what display math holds, so that `=` under a line makes no heading of it and `-` no
/// list; every offset stays what it was. Then from which line's start to which line's end math reaches, to the largest offset
/// what the text does not close.
pub(super) fn masked(text: &str) -> (Cow<'_, str>, Vec<Range<usize>>) {
    let has = |opening: &str| memmem::find(text.as_bytes(), opening.as_bytes()).is_some();
    if !has("$$") && !has("\\[") && !has("\\begin{") {
        return (Cow::Borrowed(text), Vec::new());
    }
    let mut masked: Option<Vec<u8>> = None;
    let mut found = Vec::new();
    // The line that opens, and what closes.
    let mut open: Option<(Range<usize>, Cow<'_, str>)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, inner) = (at, line.trim_start_matches([' ', '\t', '>']).trim_end());
        at += line.len();
        match &open {
            Some((line, closing)) if closes(inner, closing) => {
                mask(masked.get_or_insert_with(|| text.as_bytes().to_vec()), line.end..at);
                found.push(line.start..at);
                open = None;
            }
            // Math has no blank lines and no fences in it.
            Some(_) if inner.is_empty() || inner.starts_with("```") || inner.starts_with("~~~") => {
                open = None;
            }
            Some(_) => {}
            None => {
                open = opening(inner).map(|closing| (start..at, closing));
            }
        }
    }
    let masked = match masked.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        _ => Cow::Borrowed(text),
    };
    found.extend(open.map(|(line, _)| line.start..usize::MAX));
    (masked, found)
}

/// What closes the math that this line opens and does not close.
fn opening(line: &str) -> Option<Cow<'static, str>> {
    let item = line.trim_start_matches(|c: char| {
        matches!(c, '-' | '*' | '+' | ' ') || c.is_ascii_digit() || matches!(c, '.' | ')')
    });
    if let Some(inside) = item.strip_prefix("\\begin{") {
        // Environments lie in others, so the name counts.
        let (name, behind) = inside.split_once('}')?;
        let closing = ["\\end{", name, "}"].concat();
        return (!behind.contains(&closing)).then_some(Cow::Owned(closing));
    }
    let (mark, closing) =
        [("$$", "$$"), ("\\[", "\\]")].into_iter().find(|(mark, _)| item.starts_with(mark))?;
    (!item[mark.len()..].contains(closing)).then_some(Cow::Borrowed(closing))
}

/// Whether the line closes, whatever is said of the equation behind that: `$$ {#eq:heat}`.
fn closes(line: &str, closing: &str) -> bool {
    match closing {
        "$$" | "\\]" => {
            line.starts_with(closing) || line.trim_end_matches(['.', ',', ' ']).ends_with(closing)
        }
        _ => line.contains(closing),
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
        assert_eq!(masked("$$\na\n=\n$$ {#eq:a}\n").0, "$$\nx\nx\nxxxxxxxxxx\n");
        assert_eq!(
            masked("\\begin{a}\n\\begin{b}\nc\n\\end{b}\n=\n\\end{a}\n").0,
            "\\begin{a}\nxxxxxxxxx\nx\nxxxxxxx\nx\nxxxxxxx\n"
        );
    }

    #[test]
    fn what_is_not_closed_is_none() {
        for text in [
            "$$\na\n\nb\n$$ x\n",
            "$$ a $$ {#eq:a}\n===\n",
            "\\begin{a} b \\end{a}\n---\n",
            "$$\n```\n$$x\n",
            "$$ a $$\n=\n",
            "\\[x\\]\n---\n",
            "it costs $$\n===\n",
        ] {
            assert_eq!(masked(text).0, text);
        }
    }

    #[test]
    fn where_it_lies_is_told() {
        let open = |at: usize| at..usize::MAX;
        for (text, math) in [
            ("a\n$$\nb\n", vec![open(2)]),
            ("$$\na\n$$\n$$\n", vec![0..8, open(8)]),
            ("$$\na\n\nb\n", vec![]),
            ("> \\[\n", vec![open(0)]),
            ("a\n- $$\nb $$", std::iter::once(2..11).collect()),
        ] {
            assert_eq!(masked(text).1, math, "{text:?}");
        }
    }
}
