//! [`ModelCard`]: what is said of a model beside it, for people.

use std::fs;
use std::path::Path;

/// What the head of a model's `README.md` says, as hubs have it: lines of YAML between two of `---`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCard {
    /// The licence, in the writer's word; its own name where the word is `other`.
    pub licence: Option<String>,
    /// The languages, in the writer's words.
    pub languages: Vec<String>,
}

/// More than any head has.
const LONGEST: usize = 1 << 20;

impl ModelCard {
    /// Of the model in a folder. What is not there, or cannot be read, says nothing.
    pub fn of(folder: &Path) -> Self {
        let bytes = fs::read(folder.join("README.md")).unwrap_or_default();
        Self::read(&String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]))
    }

    fn read(text: &str) -> Self {
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        if lines.next().map(str::trim_end) != Some("---") {
            return ModelCard::default();
        }
        let head: Vec<&str> = lines.take_while(|line| line.trim_end() != "---").collect();
        let one = |key: &str| values(&head, key).into_iter().next();
        let licence = one("license").filter(|licence| licence != "other").or_else(|| one("license_name"));
        let licence = licence.or_else(|| one("license"));
        ModelCard { licence, languages: values(&head, "language") }
    }
}

/// The value of a key at the margin, or the values of its list, in either of YAML's forms.
fn values(head: &[&str], key: &str) -> Vec<String> {
    let after = |line: &&str| {
        line.strip_prefix(key)?.trim_start().strip_prefix(':').map(str::trim).map(str::to_owned)
    };
    let Some((at, value)) = head.iter().enumerate().find_map(|(at, line)| Some((at, after(line)?))) else {
        return Vec::new();
    };
    let value = without_comment(&value);
    if let Some(list) = value.strip_prefix('[') {
        return list.trim_end_matches(']').split(',').filter_map(plain).collect();
    }
    if !value.is_empty() {
        return plain(value).into_iter().collect();
    }
    let below = head[at + 1..].iter().map(|line| line.trim());
    below
        .map_while(|line| line.strip_prefix("- ").or((line == "-").then_some("")))
        .filter_map(plain)
        .collect()
}

/// A word, without what quotes it; none for an empty one.
fn plain(word: &str) -> Option<String> {
    let word = without_comment(word.trim());
    let quoted = ['"', '\''].iter().find_map(|&quote| word.strip_prefix(quote)?.strip_suffix(quote));
    Some(quoted.unwrap_or(word).to_owned()).filter(|word| !word.is_empty())
}

fn without_comment(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    value.find(" #").map_or(value, |at| &value[..at]).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> (Option<String>, Vec<String>) {
        let card = ModelCard::read(&format!("---\n{head}\n---\n# Title\nlicense: none of this\n"));
        (card.licence, card.languages)
    }

    #[test]
    fn the_head_is_read_in_the_forms_that_people_write() {
        let (licence, languages) =
            read("language:\n- en\n- \"de\" # German\ntags:\n- x\nlicense: apache-2.0");
        assert_eq!(
            (licence.as_deref(), &languages[..]),
            (Some("apache-2.0"), &["en".to_owned(), "de".to_owned()][..])
        );
        assert_eq!(read("language: en").1, ["en"]);
        assert_eq!(read("language: [en, 'zh' , ]").1, ["en", "zh"]);
        assert_eq!(read("  - a\nlanguage:\n  - en\n  - fr\nlicense:\n- mit").1, ["en", "fr"]);
        assert_eq!(read("license:\n- mit").0.as_deref(), Some("mit"));
        assert_eq!(read("license: other\nlicense_name: our-own").0.as_deref(), Some("our-own"));
        assert_eq!(read("license: other").0.as_deref(), Some("other"));
        assert_eq!(read("license_link: LICENSE\nlicenses: x"), (None, Vec::new()));
        assert_eq!(read("license: # to come"), (None, Vec::new()));
    }

    #[test]
    fn what_has_no_head_says_nothing() {
        for text in ["", "# Title\nlicense: mit\n", "--- x\nlicense: mit\n---\n"] {
            assert_eq!(ModelCard::read(text), ModelCard::default(), "{text}");
        }
        assert_eq!(ModelCard::of(Path::new("nowhere")), ModelCard::default());
    }
}
