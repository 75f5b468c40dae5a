//! YAML or TOML at a document's start.

/// Where it ends, if the text begins with it: between lines of `---` (or up to `...`), or of `+++`, and no blank line
/// first.
///
/// Found here and not by the parser, which would take any two thematic breaks further down for it, too.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let closing: &[&str] = match first.trim_end() {
        "---" => &["---", "..."],
        "+++" => &["+++"],
        _ => return None,
    };
    let mut end = first.len();
    for (i, line) in lines.enumerate() {
        end += line.len();
        let line = line.trim_end();
        let closes = closing.contains(&line);
        if i == 0 && (closes || line.is_empty()) {
            return None;
        }
        if closes {
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_between_its_fences() {
        assert_eq!(end("---\na: b\n---\ntext"), Some(13));
        assert_eq!(end("---\r\na: b\n\nc: d\n...\n"), Some(20));
        assert_eq!(end("+++\na = 1\n+++"), Some(13));
    }

    #[test]
    fn thematic_breaks_are_none() {
        assert_eq!(end("---\n\ntext\n---\n"), None);
        assert_eq!(end("---\n---\n"), None);
        assert_eq!(end("---\nnever closed\n"), None);
        assert_eq!(end("text\n---\na\n---\n"), None);
    }
}
