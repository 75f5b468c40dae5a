//! Where a line of code or data that is longer than a chunk may be parted: minified JSON, XML, styles, statements of SQL.

use std::ops::Range;

/// The last place within a range, behind a comma, a semicolon or what closes, that lies in the fewest brackets and
/// elements, and in no string.
pub(super) fn last_place(text: &str, within: Range<usize>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut scan = Scan { quote: opened_before(bytes), was_quote: false, depth: 0, tag: None };
    let mut best: Option<(i32, usize)> = None;
    for at in 0..within.end {
        if !scan.parts_behind(bytes, at) {
            continue;
        }
        // Blanks belong to what comes before them.
        let blanks = bytes[at + 1..].iter().take_while(|&&byte| byte == b' ').count();
        let place = at + 1 + blanks;
        let is_better = best.is_none_or(|(depth, _)| scan.depth <= depth);
        if is_better && place > within.start && place <= within.end && place < bytes.len() {
            best = Some((scan.depth, place));
        }
    }
    best.map(|(_, place)| place)
}

/// What a walk along a line is in.
struct Scan {
    /// The mark that closes the string.
    quote: Option<u8>,
    /// Whether the last byte closed one.
    was_quote: bool,
    depth: i32,
    /// Where the tag begins that is not closed yet.
    tag: Option<usize>,
}

impl Scan {
    /// Whether the line may be parted behind the byte that comes next, as far as that says.
    fn parts_behind(&mut self, bytes: &[u8], at: usize) -> bool {
        let byte = bytes[at];
        let was_quote = std::mem::take(&mut self.was_quote);
        if let Some(quote) = self.quote {
            if byte == quote && !is_escaped(bytes, at) {
                (self.quote, self.was_quote) = (None, true);
            }
            return false;
        }
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        match byte {
            b'"' | b'\'' if was_quote || opens_string(at.checked_sub(1).map(|before| bytes[before])) => {
                self.quote = Some(byte);
                false
            }
            b'<' if matches!(next, b'/' | b'!' | b'?') || next.is_ascii_alphabetic() => {
                self.tag = Some(at);
                false
            }
            b'>' => self.tag.take().is_some_and(|start| self.leaves_tag(bytes, start..at)),
            b'{' | b'[' | b'(' => {
                // What began was a comparison.
                self.tag = None;
                self.depth += 1;
                false
            }
            b'}' | b']' | b')' => {
                self.depth -= 1;
                byte == b'}' && !matches!(next, b',' | b';' | b')' | b']' | b'}' | b'(')
            }
            b',' | b';' => {
                self.tag = None;
                true
            }
            _ => false,
        }
    }

    /// Whether an element ends with the tag, and another begins behind it.
    fn leaves_tag(&mut self, bytes: &[u8], tag: Range<usize>) -> bool {
        let is_closing = bytes[tag.start + 1] == b'/';
        let is_alone = bytes[tag.end - 1] == b'/' || matches!(bytes[tag.start + 1], b'!' | b'?');
        self.depth += if is_closing { -1 } else { i32::from(!is_alone) };
        (is_closing || is_alone)
            && bytes.get(tag.end + 1) == Some(&b'<')
            && bytes.get(tag.end + 2) != Some(&b'/')
    }
}

/// The mark of the string that the text begins within: its first mark closes what was not opened.
fn opened_before(bytes: &[u8]) -> Option<u8> {
    let mut first = 0;
    while let Some(found) = memchr::memchr(b'"', &bytes[first..]).map(|found| first + found) {
        if !is_escaped(bytes, found) {
            let before = found.checked_sub(1).map(|before| bytes[before]);
            let closes = matches!(bytes.get(found + 1), Some(b',' | b':' | b'}' | b']' | b')' | b';'));
            return (closes && !opens_string(before)).then_some(b'"');
        }
        first = found + 1;
    }
    None
}

/// Whether a string may begin behind the byte; an apostrophe within a word begins none.
fn opens_string(before: Option<u8>) -> bool {
    before.is_none_or(|before| b"[{(,:;= ".contains(&before))
}

/// Whether an odd number of backslashes stands before the byte.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_where_a_reader_would_part_a_line() {
        for (text, parts) in [
            (
                r#"{"a":[{"b":"x, y","c":1},{"b":"z; w","c":2},{"b""#,
                r#"{"a":[{"b":"x, y","c":1},{"b":"z; w","c":2},"#,
            ),
            (r#"x, y","c":1},{"b":"z, w"}"#, r#"x, y","c":1},"#),
            (r#"{"a": 1, "b": "say \"no, no\"", "c": ["d", "e"#, r#"{"a": 1, "b": "say \"no, no\"", "#),
            ("VALUES (1,'it''s, so'),(2,'x; y'),(3,'z", "VALUES (1,'it''s, so'),(2,'x; y'),"),
            ("<a><b>x, y</b><b>Anna's</b><b>z", "<a><b>x, y</b><b>Anna's</b>"),
            (".a{color:red;margin:0 auto}.b>li{top:0}.c{left:1", ".a{color:red;margin:0 auto}.b>li{top:0}"),
            ("function a(){b(1,2);c()}function d(){e(3,", "function a(){b(1,2);c()}"),
        ] {
            let place = last_place(text, 0..text.len()).unwrap_or_default();
            assert_eq!(&text[..place], parts);
        }
        assert_eq!(last_place("QUJDREVG/QUJD+REVG", 0..18), None);
    }

    #[test]
    fn a_run_of_backslashes_takes_no_longer_than_others() {
        let text = format!("\"{}\",", "\\\\".repeat(50));
        assert_eq!(last_place(&format!("{text}\"x"), 0..text.len() + 2), Some(text.len()));
    }
}
