//! [`Encoding`]: how a document is written, as its byte order mark says.

use std::fmt;

/// How a document is written.
///
/// Only a byte order mark tells: a document without one is UTF-8. The mark is no part of the text, and offsets refer to the
/// text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 behind a byte order mark.
    MarkedUtf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// UTF-32, the low byte first.
    Utf32Le,
    /// UTF-32, the high byte first.
    Utf32Be,
}

/// Marks, the longer before what they begin with: UTF-16 of a text whose first character is NUL is not to be expected.
const MARKS: [(Encoding, &[u8]); 5] = [
    (Encoding::Utf32Le, b"\xff\xfe\0\0"),
    (Encoding::Utf32Be, b"\0\0\xfe\xff"),
    (Encoding::Utf16Le, b"\xff\xfe"),
    (Encoding::Utf16Be, b"\xfe\xff"),
    (Encoding::MarkedUtf8, b"\xef\xbb\xbf"),
];

impl Encoding {
    /// The most bytes that a mark has.
    pub(super) const LONGEST_MARK: usize = 4;

    /// Of a document that begins so; at least [`LONGEST_MARK`](Self::LONGEST_MARK) bytes, unless it has fewer.
    pub(super) fn of(start: &[u8]) -> Self {
        let marked = MARKS.iter().find(|(_, mark)| start.starts_with(mark));
        marked.map_or(Encoding::Utf8, |(encoding, _)| *encoding)
    }

    /// The bytes of the mark that told.
    pub(super) fn mark(self) -> &'static [u8] {
        MARKS.iter().find(|(encoding, _)| *encoding == self).map_or(&[], |(_, mark)| mark)
    }

    /// Whether text has to be made of other bytes than those of the document.
    pub fn is_utf8(self) -> bool {
        matches!(self, Encoding::Utf8 | Encoding::MarkedUtf8)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Utf8 | Encoding::MarkedUtf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Utf32Le => "UTF-32LE",
            Encoding::Utf32Be => "UTF-32BE",
        }
    }

    /// Whether a document that begins so has a NUL there, which text has not.
    pub(super) fn has_nul(self, start: &[u8]) -> bool {
        let width = match self {
            Encoding::Utf8 | Encoding::MarkedUtf8 => return memchr::memchr(0, start).is_some(),
            Encoding::Utf16Le | Encoding::Utf16Be => 2,
            Encoding::Utf32Le | Encoding::Utf32Be => 4,
        };
        let text = start.get(self.mark().len()..).unwrap_or_default();
        text.chunks_exact(width).any(|unit| unit.iter().all(|byte| *byte == 0))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells() {
        for (encoding, mark) in MARKS {
            assert_eq!(Encoding::of(&[mark, b"x\0y\0"].concat()), encoding);
            assert_eq!((Encoding::of(mark), encoding.mark()), (encoding, mark));
        }
        for unmarked in [&b""[..], b"text", b"\xff", b"\xef\xbb", b"\0\0\xfe", b"\xfd\xff"] {
            assert_eq!(Encoding::of(unmarked), Encoding::Utf8);
        }
    }

    #[test]
    fn half_a_character_is_no_nul() {
        assert!(!Encoding::Utf16Le.has_nul(b"\xff\xfea\0\0\x01b\0"), "a, U+0100, b");
        assert!(Encoding::Utf16Le.has_nul(b"\xff\xfea\0\0\0"));
        assert!(!Encoding::Utf32Le.has_nul(b"\xff\xfe\0\0a\0\0\0"));
        assert!(Encoding::Utf32Be.has_nul(b"\0\0\xfe\xff\0\0\0\0"));
        assert!(Encoding::MarkedUtf8.has_nul(b"\xef\xbb\xbfa\0"));
    }
}
