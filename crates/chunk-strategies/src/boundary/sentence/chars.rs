//! What characters are to a sentence.

use unicode_segmentation::UnicodeSegmentation;

/// Whether the character ends a sentence in some context. What is most frequent is told first.
pub(super) fn is_mark(c: char) -> bool {
    match c {
        '.' | '!' | '?' | '\u{2026}' | '。' | '！' | '？' => true,
        c if c.is_ascii() || ('\u{2010}'..='\u{2023}').contains(&c) || c.is_alphanumeric() => false,
        // Asks Unicode's rules: between a terminator and a capital there is an end.
        c => {
            let mut probe = [0; 5];
            let length = c.encode_utf8(&mut probe).len();
            probe[length] = b'A';
            !ends_line(c)
                && std::str::from_utf8(&probe[..=length])
                    .is_ok_and(|probe| probe.split_sentence_bounds().count() == 2)
        }
    }
}

/// Whether a mark stands without a blank behind it in its script: all but those of Latin, Greek and Cyrillic.
pub(super) fn needs_no_blank(mark: char) -> bool {
    !mark.is_ascii()
        && !matches!(mark, '\u{2026}' | '\u{203c}' | '\u{203d}' | '\u{2047}'..='\u{2049}' | '\u{2024}')
}

/// Whether a line or a page ends behind it.
pub(super) fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A blank within a line.
pub(super) fn is_blank(c: char) -> bool {
    match c {
        ' ' | '\t' => true,
        c if c.is_ascii() => c == '\u{b}',
        c => (c.is_whitespace() && !ends_line(c)) || matches!(c, '\u{200b}' | '\u{feff}'),
    }
}

/// What closes a quotation or brackets when it stands directly behind a mark, emphasis of Markdown included.
pub(super) fn is_closer(c: char) -> bool {
    is_quote(c) || is_bracket_end(c) || matches!(c, '*' | '_' | '~' | '`')
}

pub(super) fn is_bracket_end(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '）' | '］' | '】' | '｝' | '〕' | '》' | '〉')
}

pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '\u{2018}'
            ..='\u{201f}' | '«' | '»' | '‹' | '›' | '「' | '」' | '『' | '』' | '＂' | '＇'
    )
}

/// What may stand before the first letter of a sentence.
pub(super) fn is_opener(c: char) -> bool {
    is_quote(c)
        || matches!(c, '(' | '[' | '{' | '¿' | '¡' | '*' | '_' | '~' | '`' | '（' | '《' | '〈' | '【')
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}')
}

/// Bullets that people write into a line.
pub(super) fn is_bullet(c: char) -> bool {
    matches!(
        c,
        '\u{2022}' | '\u{2023}' | '\u{2043}' | '\u{25e6}' | '\u{25aa}' | '\u{25cf}' | '\u{25cb}' | '\u{25a0}'
    )
}

/// What goes on with a sentence: a clause's mark.
pub(super) fn goes_on(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '，' | '、' | '；' | '：' | '،' | '؛')
}

/// Letters of scripts that write no blanks between words, and no capitals.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

pub(super) fn is_hiragana(c: char) -> bool {
    ('\u{3041}'..='\u{3096}').contains(&c)
}

/// Syllables of Korean.
pub(super) fn is_hangul(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}

/// Letters of Greek.
pub(super) fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

/// Letters of Armenian.
pub(super) fn is_armenian(c: char) -> bool {
    matches!(c, '\u{531}'..='\u{556}' | '\u{561}'..='\u{587}')
}

/// Faces and hands, which people set behind what they say.
pub(super) fn is_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{1f600}'..='\u{1f64f}'
            | '\u{1f440}'..='\u{1f450}'
            | '\u{1f493}'..='\u{1f49f}'
            | '\u{1f910}'..='\u{1f92f}'
            | '\u{1f970}'..='\u{1f97a}'
            | '\u{1f389}'
            | '\u{1f38a}'
            | '\u{1f4aa}'
            | '\u{1f525}'
            | '\u{2639}'..='\u{263a}'
            | '\u{2764}'
    )
}

/// What belongs to the emoji before it.
pub(super) fn joins_emoji(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{200d}' | '\u{fe0f}' | '\u{2640}' | '\u{2642}')
}
