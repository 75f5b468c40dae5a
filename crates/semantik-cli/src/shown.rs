//! Text that others wrote, as it is shown to people: what a terminal would obey, or what hides or turns text, is spelled out.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// Over several lines, with its tabs and line ends; a line end of two characters becomes one.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    shown(text, Lines::Many)
}

/// Writes lines for people: whatever of them was not shown yet is.
pub(crate) fn write(out: &mut impl io::Write, lines: &str) -> io::Result<()> {
    out.write_all(text(lines).as_bytes())
}

/// On one line: line ends and tabs are spelled out too. For names, and for what is told.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    shown(text, Lines::One)
}

/// On one line, its words one blank apart. For what drivers say.
pub(crate) fn one_line(text: &str) -> String {
    line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

/// Borrowed if it is shown as it is.
fn shown(text: &str, lines: Lines) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    // Most text has few of the bytes that such characters begin with; between them nothing is decoded.
    while let Some(skipped) = text[at..].bytes().position(|byte| may_begin(byte, lines)) {
        at += skipped;
        let Some(c) = text[at..].chars().next() else { break };
        let end = at + c.len_utf8();
        let is_line_end = c == '\r' && lines == Lines::Many && text[end..].starts_with('\n');
        let stays = matches!(c, '\n' | '\t') && lines == Lines::Many;
        if !stays && (is_obeyed(c) || is_hiding(c, text[..at].chars().next_back())) {
            out.push_str(&text[copied..at]);
            if !is_line_end {
                spell(&mut out, c);
            }
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether a character that is spelled out may begin with this byte.
fn may_begin(byte: u8, lines: Lines) -> bool {
    match byte {
        b'\n' | b'\t' => lines == Lines::One,
        0..=0x1f | 0x7f => true,
        // U+0080 to U+00BF; U+061C; U+115F, U+1160, U+180E; U+2000 to U+2FFF; U+3164; U+FE00 to U+FFFF; U+E0000 and above.
        _ => matches!(byte, 0xc2 | 0xd8 | 0xe1..=0xe3 | 0xef | 0xf3..),
    }
}

/// Whether a terminal, or the rule by which text of both directions is laid out, does something on it.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        // Line and paragraph separators.
        || matches!(c, '\u{2028}' | '\u{2029}')
        // Embeddings, overrides and isolates, with which one text looks like another.
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
        // Deprecated formatting, annotations.
        || matches!(c, '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether it is invisible and has no work to do behind `before`: joiners and breaks of words are part of many scripts and of
/// emoji, and tags of the flags of regions.
fn is_hiding(c: char, before: Option<char>) -> bool {
    match c {
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}' => {
            !before.is_some_and(has_joiners)
        }
        // Fillers of Hangul, blanks that count as letters.
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => !before.is_some_and(has_joiners),
        // Selectors of a variant: one of a picture, an ideograph, or a digit on a key; many of them are a message.
        _ if is_selector(c) => before.is_none_or(|before| {
            is_selector(before) || before.is_ascii() && !matches!(before, '0'..='9' | '#' | '*')
        }),
        '\u{e0000}'..='\u{e007f}' => {
            !before.is_some_and(|before| matches!(before, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'))
        }
        _ => false,
    }
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether it is of a script in which invisible characters shape words or part them, or a picture.
fn has_joiners(c: char) -> bool {
    matches!(c,
        // Hebrew, Arabic and everything after them up to the scripts of South-East Asia.
        '\u{590}'..='\u{180d}' | '\u{180f}'..='\u{1cff}'
        // Pictures; their presentation; CJK and Hangul.
        | '\u{2190}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}' | '\u{2e80}'..='\u{fdff}'
        | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{3ffff}')
}

fn spell(out: &mut String, c: char) {
    let spelled = match c {
        '\n' | '\t' | '\r' => write!(out, "{}", c.escape_default()),
        '\0'..='\u{ff}' => write!(out, "\\x{:02x}", u32::from(c)),
        _ => write!(out, "{}", c.escape_unicode()),
    };
    // A string takes everything.
    let _ = spelled;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        let title = "\u{1b}]0;owned\u{7}";
        assert_eq!(line(title), "\\x1b]0;owned\\x07");
        assert_eq!(text(&format!("a\tb\r\n{title}\n")), "a\tb\n\\x1b]0;owned\\x07\n");
        assert_eq!(line("a\nb\tc\rd"), "a\\nb\\tc\\rd");
        assert_eq!(text("over\rwritten"), "over\\rwritten");
        assert_eq!(line("\u{9b}31m \u{7f} \u{85} \u{0}"), "\\x9b31m \\x7f \\x85 \\x00");
        for c in (0..=0x9f).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(!line(&format!("a{c}b")).contains(c), "{c:?}");
            assert_eq!(text(&format!("a{c}b")).contains(c), matches!(c, '\n' | '\t'), "{c:?}");
        }
    }

    #[test]
    fn what_turns_or_hides_text_is_spelled_out() {
        assert_eq!(line("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
        for c in
            "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{2028}\u{2029}\u{fff9}"
                .chars()
        {
            assert!(!text(&format!("a{c}b")).contains(c), "{c:?}");
        }
        assert_eq!(line("pay\u{200b}pal\u{feff}"), "pay\\u{200b}pal\\u{feff}");
        assert_eq!(text("\u{200d}a"), "\\u{200d}a");
        assert_eq!(line("read\u{e0041}me"), "read\\u{e0041}me");
        assert_eq!(line("a\u{3164}b\u{ffa0}"), "a\\u{3164}b\\u{ffa0}");
        assert_eq!(line("a\u{fe01} ❤\u{fe0f}\u{fe02}"), "a\\u{fe01} ❤\u{fe0f}\\u{fe02}");
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for written in [
            "plain, \\x1b as four letters",
            "“quotes” — dashes… and a\u{a0}no-break space",
            "日本語、漢字。 Ελληνικά, русский",
            // Persian has non-joiners, Khmer breaks of words, Hindi joiners; families and flags are joined or tagged.
            "می\u{200c}خواهم",
            "កម្ពុជា\u{200b}ជា\u{200b}ប្រទេស",
            "क्\u{200d}ष",
            "👩\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "שלום\u{200f} (hello)",
            "1\u{fe0f}\u{20e3} ©\u{fe0f} 葛\u{e0100} ひらがな、カタカナ 한글",
        ] {
            assert!(matches!(line(written), Cow::Borrowed(shown) if shown == written), "{written}");
            assert_eq!(text(written), written);
        }
    }

    #[test]
    fn what_a_driver_says_is_one_line() {
        assert_eq!(one_line("a\u{1b}[2Jb\nc\t d\r\u{9b}e"), "a\\x1b[2Jb c d \\x9be");
    }
}
