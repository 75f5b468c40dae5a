//! What single lines look like.

/// What a line is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Markdown, and nothing else.
    Markup,
    /// Markdown, or a comment or an entry of data: `# …`, `- …`. Counts only beside other markup.
    Maybe,
    /// Source code or data.
    Code,
    Plain,
}

impl Line {
    /// Of a line that is not blank.
    pub(super) fn of(line: &str) -> Line {
        let trimmed = line.trim();
        if is_markup(trimmed) {
            return Line::Markup;
        }
        let entry = trimmed.strip_prefix("- ").unwrap_or(trimmed);
        if is_code(line, trimmed) || is_assignment(entry) {
            return Line::Code;
        }
        if is_hash_or_item(trimmed) { Line::Maybe } else { Line::Plain }
    }
}

/// The mark of a fence's opening or closing line.
pub(super) fn fence_mark(line: &str) -> Option<u8> {
    match line.as_bytes() {
        [mark @ (b'`' | b'~'), second, third, ..] if mark == second && mark == third => Some(*mark),
        _ => None,
    }
}

/// Whether a line is one of prose: some words, the first in capitals, and the mark of a sentence at its end, or many words.
pub(super) fn is_prose(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let ends = line.trim_end().ends_with(['.', '!', '?', ':', '。', '！', '？']);
    line.trim_start().starts_with(char::is_uppercase) && ((words >= 4 && ends) || words >= 8)
}

/// A line that only Markdown has: a quote, a table's row, a numbered item, text with links or emphasis.
fn is_markup(line: &str) -> bool {
    let bytes = line.as_bytes();
    let begins = match bytes[0] {
        b'>' => bytes.get(1).is_some_and(|&next| next == b' '),
        b'|' => line.len() > 1 && line.ends_with('|'),
        b'0'..=b'9' => {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with(['.', ')']) && rest[1..].starts_with(' ')
        }
        _ => false,
    };
    let is_underline = line.len() >= 3 && bytes.iter().all(|&byte| byte == b'=');
    begins || is_underline || has_inline_markup(line)
}

/// Links, images, emphasis and code within a line of words.
fn has_inline_markup(line: &str) -> bool {
    let is_link =
        line.match_indices("](").any(|(at, _)| line[..at].contains('[') && line[at..].contains(')'));
    let pairs = |mark: &str| {
        let mut found = line.match_indices(mark).map(|(at, _)| at);
        // With words between the marks, and none of them next to a blank.
        found.next().zip(found.next()).is_some_and(|(open, close)| {
            let inner = &line[open + mark.len()..close];
            inner.starts_with(char::is_alphabetic)
                && !inner.ends_with(' ')
                && !line.ends_with([';', '{', '}'])
        })
    };
    let is_text = line.split_whitespace().count() >= 4;
    is_link || pairs("**") || (is_text && pairs("`"))
}

/// `# …` or `- …`: a heading or a comment, an item or an entry.
fn is_hash_or_item(line: &str) -> bool {
    let after = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    match line.as_bytes()[0] {
        b'#' => {
            let text = line.trim_start_matches('#');
            line.len() - text.len() <= 6 && after(text)
        }
        b'-' | b'*' | b'+' => after(&line[1..]),
        _ => false,
    }
}

/// Whether a line looks like source code, or like data in one of the usual forms.
fn is_code(line: &str, trimmed: &str) -> bool {
    const BEGINS: [&str; 58] = [
        "fn ",
        "pub ",
        "let ",
        "use ",
        "impl ",
        "mod ",
        "def ",
        "class ",
        "import ",
        "from ",
        "return ",
        "if (",
        "for (",
        "while (",
        "#include",
        "#define",
        "#if",
        "#endif",
        "#!",
        "const ",
        "var ",
        "function ",
        "package ",
        "struct ",
        "enum ",
        "//",
        "/*",
        "public ",
        "private ",
        "static ",
        "export ",
        "echo ",
        "sudo ",
        "elif ",
        "else:",
        "try:",
        "except ",
        "raise ",
        "print(",
        "async ",
        "await ",
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "CREATE ",
        "FROM ",
        "RUN ",
        "COPY ",
        "ENV ",
        "CMD ",
        "WORKDIR ",
        "ENTRYPOINT ",
        "@@ ",
        "diff --git ",
        "--- a/",
        "+++ b/",
        "<?xml",
        "<!DOCTYPE",
    ];
    let last = trimmed.as_bytes()[trimmed.len() - 1];
    let is_tag = trimmed.starts_with('<') && last == b'>';
    let is_json = trimmed.starts_with('"') && (trimmed.ends_with("\",") || trimmed.contains("\":"));
    let is_bracket = trimmed.bytes().all(|byte| b"[](){},;".contains(&byte));
    let is_section =
        trimmed.starts_with('[') && last == b']' && !trimmed.contains(' ') && !trimmed.starts_with("[^");
    let is_call = trimmed.ends_with(')') && is_name(trimmed.split('(').next().unwrap_or_default());
    let is_block = last == b':'
        && ["if ", "for ", "while ", "with ", "elif "].iter().any(|begin| trimmed.starts_with(begin));
    matches!(last, b'{' | b'}' | b';' | b'\\')
        || trimmed.ends_with("):")
        || is_tag
        || is_json
        || is_bracket
        || is_section
        || is_call
        || is_block
        // A recipe of a Makefile.
        || (line.starts_with('\t') && !is_prose(trimmed))
        || matches!(trimmed, "end" | "fi" | "done" | "esac" | "then" | "do" | "else" | "begin")
        || BEGINS.iter().any(|begin| trimmed.starts_with(begin))
}

/// `name = value`, `name: value`, `name := value`, `name: targets`.
fn is_assignment(line: &str) -> bool {
    let Some(mark) = line.find(['=', ':']) else { return false };
    let (name, value) =
        (line[..mark].trim_end_matches(['+', '-', '?', '|', ' ', ':']), line[mark + 1..].trim_start());
    let is_equal = line.as_bytes()[mark] == b'=';
    let is_key = is_name(name.trim_matches('"'));
    // Prose has `Note: …` and `a: b` too: keys of data are in small letters, and their values are no sentences.
    let is_small =
        !name.starts_with(char::is_uppercase) || name.bytes().all(|byte| !byte.is_ascii_lowercase());
    let is_apart =
        is_equal || line.as_bytes().get(mark + 1).is_none_or(|&next| matches!(next, b' ' | b'\t' | b'='));
    is_key && is_apart && (is_equal || (is_small && !is_prose(value) && !value.ends_with(['.', '!', '?'])))
}

/// Whether it is what code and data name things by.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '.' | '@'))
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '/' | '[' | ']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        for line in [
            "> quoted",
            "| a | b |",
            "1. one",
            "See [it](x.md).",
            "It is **bold** here.",
            "Use `x` in the loop.",
            "=====",
        ] {
            assert_eq!(Line::of(line), Line::Markup, "{line}");
        }
        for line in ["# title", "- item", "* item", "###### six"] {
            assert_eq!(Line::of(line), Line::Maybe, "{line}");
        }
        for line in [
            "x = 1",
            "name: semantik",
            "- name: build",
            "[package]",
            "key = \"value\"",
            "all: build test",
            "\tcargo build",
            "};",
            "import os",
            "\"a\": 1,",
            "<p>text</p>",
            "@@ -1,2 +1,2 @@",
            "foo(bar)",
            "PATH=/bin",
            "CC := gcc",
            "export A=b",
            "  - uses: x",
        ] {
            assert_eq!(Line::of(line), Line::Code, "{line}");
        }
        for line in [
            "Note: this is a sentence.",
            "It was late.",
            "A line with words",
            "Title: A Book",
            "#hashtag and text",
        ] {
            assert_eq!(Line::of(line), Line::Plain, "{line}");
        }
    }
}
