//! JSON as everything here writes it: one line stays one line for every reader.

use std::io::{self, Write};

use memchr::{memchr3, memchr3_iter};
use serde::Serialize;

/// Writes a value on one line, without the line's end.
///
/// U+0085, U+2028 and U+2029 end a line for many readers of text, and DEL and the other controls from U+0080 to U+009F are
/// obeyed by terminals: they are escaped, as JSON itself has it for the controls below U+0020. What is read back is the same.
///
/// # Errors
/// `out` fails, or the value has no form in JSON. Nothing is written then that is no whole value, unless `out` fails in the
/// middle of it.
pub fn to_writer<T: Serialize + ?Sized>(mut out: impl Write, value: &T) -> io::Result<()> {
    let mut bytes = Vec::new();
    append(&mut bytes, value)?;
    out.write_all(&bytes)
}

/// The same over several lines, indented, for people to read.
///
/// # Errors
/// As [`to_writer`].
pub fn to_writer_pretty<T: Serialize + ?Sized>(mut out: impl Write, value: &T) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    escape(&mut bytes, 0);
    out.write_all(&bytes)
}

/// The same of JSON that something else wrote.
pub fn escaped(json: String) -> String {
    let mut bytes = json.into_bytes();
    escape(&mut bytes, 0);
    // What was put in is ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes a value on one line behind what a buffer has.
///
/// # Errors
/// The value has no form in JSON.
pub(super) fn append<T: Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) -> io::Result<()> {
    let start = buffer.len();
    serde_json::to_writer(&mut *buffer, value)?;
    escape(buffer, start);
    Ok(())
}

/// Escapes in finished JSON from `start` on, where such characters can only be in strings. A formatter would be asked for each
/// piece of a string between two quotes or line ends; a whole record is one look.
fn escape(json: &mut Vec<u8>, start: usize) {
    let bytes = &json[start..];
    // The bytes that such characters begin with: most texts have none of them.
    let Some(first) = memchr3(0x7f, 0xc2, 0xe2, bytes).filter(|first| needs_escape(&bytes[*first..])) else {
        return;
    };
    let mut escaped = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    let mut written = 0;
    for at in memchr3_iter(0x7f, 0xc2, 0xe2, &bytes[first..]).map(|at| first + at) {
        if let Some((code, length)) = escape_at(&bytes[at..]) {
            escaped.extend(&bytes[written..at]);
            escaped.extend(format!("\\u{code:04x}").bytes());
            written = at + length;
        }
    }
    escaped.extend(&bytes[written..]);
    json.truncate(start);
    json.append(&mut escaped);
}

/// What has to be escaped at the start of these bytes, and how many bytes it has.
fn escape_at(bytes: &[u8]) -> Option<(u16, usize)> {
    match *bytes {
        [0x7f, ..] => Some((0x7f, 1)),
        [0xc2, second @ 0x80..=0x9f, ..] => Some((second.into(), 2)),
        [0xe2, 0x80, third @ 0xa8..=0xa9, ..] => Some((0x2000 | u16::from(third & 0x3f), 3)),
        _ => None,
    }
}

/// Whether anything has to be escaped: the question of [`escape_at`] for every place, without a branch, so that it is asked
/// of many places at once. Texts with a typographic quote or a no-break space in every word are written as fast as others.
fn needs_escape(json: &[u8]) -> bool {
    // The last two places have nothing behind them but the end of a string and of the JSON.
    let last = &json[json.len().saturating_sub(2)..];
    let [second, third] = [1, 2].map(|skip| json.get(skip..).unwrap_or_default());
    let found = json.iter().zip(second).zip(third).fold(0, |found, ((&a, &b), &c)| {
        let [delete, control] = [a == 0x7f, a == 0xc2].map(u8::from);
        let separator = u8::from(a == 0xe2) & u8::from(b == 0x80) & u8::from(c & 0xfe == 0xa8);
        found | delete | (control & u8::from(b < 0xa0)) | separator
    });
    found != 0 || last.contains(&0x7f)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Strings with many of the characters in question, and of those that begin as they do.
    fn strings() -> impl Strategy<Value = String> {
        let strange = prop::sample::select(vec![
            '\u{7f}', '\u{80}', '\u{85}', '\u{9b}', '\u{9f}', '\u{a0}', '\u{bf}', '\u{2027}', '\u{2028}',
            '\u{2029}', '\u{202a}', '\u{20a8}', '’', '⨨', '"', '\\', '\n', '\r', '\u{b}', '\u{c}', '\u{1c}',
            '\u{1e}', '\0',
        ]);
        let char = prop_oneof![strange, any::<char>(), prop::char::range(' ', '~')];
        prop::collection::vec(char, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    /// Whether a reader somewhere takes it for the end of a line: Python's `str.splitlines` has the most of them.
    fn ends_a_line(c: char) -> bool {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same_and_is_one_line(key in strings(), values in prop::collection::vec(strings(), 0..4)) {
            let value = BTreeMap::from([(key, values)]);
            let mut bytes = Vec::new();
            to_writer(&mut bytes, &value).unwrap();
            let line = String::from_utf8(bytes).unwrap();
            prop_assert!(!line.contains(|c: char| ends_a_line(c) || c.is_control()), "{line:?}");
            prop_assert_eq!(&serde_json::from_str::<BTreeMap<String, Vec<String>>>(&line).unwrap(), &value);

            let mut pretty = Vec::new();
            to_writer_pretty(&mut pretty, &value).unwrap();
            let pretty = String::from_utf8(pretty).unwrap();
            prop_assert!(!pretty.contains(|c: char| c != '\n' && (ends_a_line(c) || c.is_control())), "{pretty:?}");
            prop_assert_eq!(&serde_json::from_str::<BTreeMap<String, Vec<String>>>(&pretty).unwrap(), &value);
        }

        #[test]
        fn what_needs_no_escape_is_written_as_serde_json_does(text in "[ -~é’漢😀\u{a0}\n\t\"\\\\]{0,60}") {
            let value = serde_json::json!({ "text": text, "numbers": [1, 2.5, null], "none": {}, "empty": [] });
            let mut bytes = Vec::new();
            to_writer(&mut bytes, &value).unwrap();
            prop_assert_eq!(bytes, serde_json::to_vec(&value).unwrap());
            let mut bytes = Vec::new();
            to_writer_pretty(&mut bytes, &value).unwrap();
            prop_assert_eq!(bytes, serde_json::to_vec_pretty(&value).unwrap());
        }
    }

    #[test]
    fn one_alone_is_escaped_too() {
        for c in ['\u{7f}', '\u{80}', '\u{9f}', '\u{2028}', '\u{2029}'] {
            let mut bytes = Vec::new();
            to_writer(&mut bytes, &c).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("\"\\u{:04x}\"", u32::from(c)));
        }
    }

    #[test]
    fn each_is_escaped_by_its_number() {
        let mut bytes = Vec::new();
        to_writer(&mut bytes, "a\u{7f}b\u{85}c\u{2028}d\u{2029}e\u{9b}\u{a0}\u{202a}").unwrap();
        let line = String::from_utf8(bytes).unwrap();
        assert_eq!(escaped(line.clone()), line);
        assert_eq!(line, "\"a\\u007fb\\u0085c\\u2028d\\u2029e\\u009b\u{a0}\u{202a}\"");
    }
}
