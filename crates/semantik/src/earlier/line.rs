//! [`Line`]: a record as it is read again.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// What tells whether a document's records are all there.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) document: Cow<'a, str>,
    pub(super) index: usize,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    pub(super) byte_start: usize,
    pub(super) overlap_bytes: usize,
    pub(super) level: Option<usize>,
    pub(super) truncated: Option<usize>,
    // Looked at, so that a line without end is none.
    #[serde(rename = "embedding")]
    _embedding: Option<IgnoredAny>,
}

/// What a vector was made of, and the vector.
#[derive(Debug, Deserialize)]
pub(super) struct Embedded<'a> {
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    #[serde(default)]
    pub(super) context: Vec<String>,
    pub(super) truncated: Option<usize>,
    pub(super) embedding: Option<Vec<f32>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_escapes_is_borrowed_and_text_with_them_is_decoded() {
        let line = br#"{"document":"a","index":0,"text":"x\ny","byte_start":0,"overlap_bytes":0}"#;
        let line: Line<'_> = serde_json::from_slice(line).unwrap();
        assert!(matches!(line.document, Cow::Borrowed("a")));
        assert_eq!((&*line.text, line.level), ("x\ny", None));
    }
}
