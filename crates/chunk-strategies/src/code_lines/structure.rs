//! Where a line of code or data that is longer than a chunk may be parted: minified JSON, XML, styles, statements of SQL.

use std::ops::Range;

/// The last place within a range, behind a comma, a semicolon or what closes, that lies in the fewest brackets and
/// elements, and in no string.
pub(super) fn last_place(text: &str, within: Range<usize>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut scan = Scan::of(bytes);
    let mut best: Option<(isize, usize)> = None;
    for at in 0..within.end {
        if !scan.parts_behind(at) {
            continue;
        }
        // Blanks belong to what comes before them.
        let blanks = bytes[at + 1..].iter().take_while(|&&byte| byte == b' ').count();
        let place = at + 1 + blanks;
        let is_better = best.is_none_or(|(depth, _)| scan.depth() <= depth);
        if is_better && place > within.start && place <= within.end && place < bytes.len() {
            best = Some((scan.depth(), place));
        }
    }
    best.map(|(_, place)| place)
}

/// What is open.
#[derive(Clone, Copy)]
enum Open<'t> {
    Bracket,
    /// The element's name.
    Element(&'t [u8]),
}

/// What a walk along a line is in.
struct Scan<'t> {
    bytes: &'t [u8],
    /// The mark that closes the string.
    quote: Option<u8>,
    /// Whether the last byte closed one.
    was_quote: bool,
    /// The outermost first. What never closes (a comparison, `<p>`) is forgotten with what it stands in.
    open: Vec<Open<'t>>,
    /// How many of these are brackets.
    brackets: usize,
    /// How many have closed that were open before the text.
    closed: usize,
    /// Where the tag begins that is not closed yet.
    tag: Option<usize>,
    /// Whether elements close in the text; where none does, tags are comparisons and parameters of types.
    has_elements: bool,
}

impl<'t> Scan<'t> {
    fn of(bytes: &'t [u8]) -> Self {
        Scan {
            bytes,
            quote: opened_before(bytes),
            was_quote: false,
            open: Vec::new(),
            brackets: 0,
            closed: 0,
            tag: None,
            has_elements: memchr::memmem::find(bytes, b"</").is_some(),
        }
    }

    fn depth(&self) -> isize {
        self.open.len().cast_signed() - self.closed.cast_signed()
    }

    /// Whether the line may be parted behind the byte that comes next, as far as that says.
    fn parts_behind(&mut self, at: usize) -> bool {
        let byte = self.bytes[at];
        let was_quote = std::mem::take(&mut self.was_quote);
        if let Some(quote) = self.quote {
            if byte == quote && !is_escaped(self.bytes, at) {
                (self.quote, self.was_quote) = (None, true);
            }
            return false;
        }
        let next = self.bytes.get(at + 1).copied().unwrap_or_default();
        let before = at.checked_sub(1).map(|before| self.bytes[before]);
        match byte {
            // In an element's text a mark may be an apostrophe, or stand for minutes and inches.
            b'"' | b'\'' | b'`'
                if self.tag.is_none() && matches!(self.open.last(), Some(Open::Element(_))) =>
            {
                false
            }
            b'"' | b'\'' if was_quote || opens_string(before) => {
                self.quote = Some(byte);
                false
            }
            b'`' => {
                self.quote = Some(byte);
                false
            }
            b'<' if matches!(next, b'/' | b'!' | b'?') || next.is_ascii_alphabetic() => {
                self.tag = Some(at);
                false
            }
            b'>' => self.tag.take().is_some_and(|start| self.leaves_tag(start..at)),
            b'{' | b'[' | b'(' => {
                // What began was a comparison.
                self.tag = None;
                self.open.push(Open::Bracket);
                self.brackets += 1;
                false
            }
            b'}' | b']' | b')' => {
                self.close_bracket();
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
    fn leaves_tag(&mut self, tag: Range<usize>) -> bool {
        let bytes = self.bytes;
        let is_closing = bytes[tag.start + 1] == b'/';
        let name_start = tag.start + 1 + usize::from(is_closing);
        let name = bytes[name_start..tag.end].split(|byte| matches!(byte, b' ' | b'\t' | b'/')).next();
        let name = name.unwrap_or_default();
        let is_alone = bytes[tag.end - 1] == b'/'
            || matches!(bytes[tag.start + 1], b'!' | b'?')
            || is_among(name, &WITHOUT_END);
        if is_closing {
            self.close_element(name);
        } else if self.has_elements && !is_alone && !self.follows_unclosed(name) {
            self.open.push(Open::Element(name));
        }
        (is_closing || is_alone)
            && bytes.get(tag.end + 1) == Some(&b'<')
            && bytes.get(tag.end + 2) != Some(&b'/')
    }

    /// Whether an element takes the place of one of its name, whose end is left out: `<li>one<li>two`.
    fn follows_unclosed(&self, name: &[u8]) -> bool {
        let last = self.open.last();
        matches!(last, Some(Open::Element(last)) if last.eq_ignore_ascii_case(name))
            && is_among(name, &WITH_END_LEFT_OUT)
    }

    fn close_bracket(&mut self) {
        if self.brackets > 0 {
            while matches!(self.open.pop(), Some(Open::Element(_))) {}
            self.brackets -= 1;
        } else if self.open.is_empty() {
            self.closed += 1;
        }
    }

    fn close_element(&mut self, name: &[u8]) {
        if is_among(name, &WITHOUT_END) {
            return;
        }
        let is_it = |open: &Open<'_>| matches!(open, Open::Element(open) if open.eq_ignore_ascii_case(name));
        let depth = self.open.iter().rev().take(MOST_UNCLOSED).position(is_it);
        if let Some(depth) = depth {
            let inner = self.open.drain(self.open.len() - depth - 1..);
            self.brackets -= inner.filter(|open| matches!(open, Open::Bracket)).count();
        } else if self.brackets == 0 {
            self.open.clear();
            self.closed += 1;
        }
    }
}

/// Elements of HTML that have no content.
const WITHOUT_END: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Elements of HTML that end where one of the same name begins.
const WITH_END_LEFT_OUT: [&str; 8] = ["dd", "dt", "li", "option", "p", "td", "th", "tr"];

/// So far an element's beginning is looked for.
const MOST_UNCLOSED: usize = 64;

fn is_among(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

/// The mark of the string that the text begins within.
fn opened_before(bytes: &[u8]) -> Option<u8> {
    [b'"', b'`'].into_iter().find(|&mark| is_opened_before(bytes, mark))
}

/// Whether the first such mark closes what was not opened.
fn is_opened_before(bytes: &[u8], mark: u8) -> bool {
    let Some(found) = memchr::memchr_iter(mark, bytes).find(|&found| !is_escaped(bytes, found)) else {
        return false;
    };
    let closes = matches!(bytes.get(found + 1), Some(b',' | b':' | b'}' | b']' | b')' | b';'));
    closes && (found == 0 || !opens_string(Some(bytes[found - 1])))
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

    /// What looks like an element's beginning may be none, or have no end.
    #[test]
    fn what_never_closes_is_forgotten() {
        for unit in [
            "function a(){if(x<y&&y>z)b()}",
            "int f(List<String> a){return a.size();}",
            "List<String> a=b;",
            "<p>aa bb<br>cc dd</p>",
            "<P>aa, bb<BR>cc dd</p>",
            r#"<div><img src="a.png"><p>text of it</p></div>"#,
            "<div>:) 'tis (one, 5\" wide</div>",
            "<ul><li>one<li>two, and<li>three</ul>",
        ] {
            let text = unit.repeat(60);
            for from in 0..unit.len() {
                let place = last_place(&text[from..from + 450], 100..400).unwrap_or_default();
                assert!(place + unit.len() > 400, "{place} of {:?}", &text[from..from + 450]);
            }
        }
        let list = format!("<ul>{}</ul>", "<li>one, two".repeat(90));
        assert!(last_place(&list[..450], 100..400).is_some_and(|place| place > 380));
    }

    #[test]
    fn strings_are_told_from_what_is_between_them() {
        for (text, parts) in [
            (r#"","b":["x, y","z"],"c":"u, v"#, r#"","b":["x, y","z"],"#),
            ("a(`x, y`);b(css`u;v`);c(`w, ", "a(`x, y`);b(css`u;v`);"),
            ("x, y`;a(`u, v`);b(`w, ", "x, y`;a(`u, v`);"),
            ("<a><b>x</b><b> 'tis, so</b><b>z", "<a><b>x</b><b> 'tis, so</b>"),
        ] {
            let place = last_place(text, 0..text.len()).unwrap_or_default();
            assert_eq!(&text[..place], parts);
        }
    }

    #[test]
    fn a_run_of_backslashes_takes_no_longer_than_others() {
        let text = format!("\"{}\",", "\\\\".repeat(50));
        assert_eq!(last_place(&format!("{text}\"x"), 0..text.len() + 2), Some(text.len()));
    }
}
