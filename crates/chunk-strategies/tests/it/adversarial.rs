//! Texts that broke other chunkers, each with what was lost or hung.

use chunk_strategies::{Bytes, Chars, Graphemes, Words};

use crate::conformance::{Case, every_strategy};

fn holds(document: &str) {
    for (size, overlap) in [(1000, 0), (200, 20), (37, 30)] {
        let case = Case { desired: size, max: size, overlap };
        every_strategy(document, &Chars, case);
        every_strategy(document, &Bytes, case);
        #[cfg(feature = "tokenizers")]
        every_strategy(document, crate::tokens::word_piece(), case);
    }
}

#[test]
fn an_empty_document_has_no_chunk() {
    holds("");
}

#[test]
fn blanks_are_chunked_like_any_text() {
    holds(" \n\t\n  ");
    holds(&"\n".repeat(20_000));
}

/// Lost all but 3,800 of 100,000 letters elsewhere.
#[test]
fn one_word_without_end() {
    holds(&"a".repeat(20_000));
}

/// Kept 184 of 1,600 characters elsewhere.
#[test]
fn scripts_without_spaces() {
    holds(&"漢字かな交じり文".repeat(800));
    holds(&"吾輩は猫である。名前はまだ無い。\n".repeat(300));
    holds(&"ฉันรักเธอมาก".repeat(300));
}

/// Lost 44 of 2,000 words elsewhere, for want of a full stop.
#[test]
fn words_without_punctuation() {
    holds(&"word ".repeat(4_000));
}

/// Made every strategy raise an error elsewhere.
#[test]
fn text_that_looks_like_special_tokens() {
    holds(&"<|endoftext|>\u{feff}\u{200b}\0\u{7} [SEP][CLS][PAD] ".repeat(200));
}

#[test]
fn clusters_stay_whole() {
    holds(&"👨‍👩‍👧‍👦 e\u{301}\r\n".repeat(300));
    holds(&"🇩🇪🇫🇷".repeat(500));
    holds(&format!("{}x", " \u{301}\u{302}".repeat(300)));
}

/// A walk back from the end of a run of flags pairs them in another way than one from its start.
#[test]
fn flags_overlap_by_whole_flags() {
    let document = format!("x{}", "🇩🇪".repeat(4001));
    for (size, overlap) in [(10, 7), (10, 4), (200, 33)] {
        every_strategy(&document, &Graphemes, Case { desired: size, max: size, overlap });
    }
}

/// One grapheme of any length is a size of 1; its bytes have a ceiling all the same, in a stream as in memory.
#[test]
fn a_grapheme_without_end_is_refused() {
    let document = format!("ok a{} ok", "\u{301}".repeat(200_000));
    for (size, overlap) in [(10, 0), (1000, 100)] {
        every_strategy(&document, &Graphemes, Case { desired: size, max: size, overlap });
        every_strategy(&document, &Words, Case { desired: size, max: size, overlap });
        #[cfg(feature = "tokenizers")]
        every_strategy(&document, crate::tokens::word_piece(), Case { desired: size, max: size, overlap });
    }
}

#[test]
fn line_ends_of_every_kind() {
    holds(&"a line\r\nanother\rthird\n\n".repeat(300));
    holds(&"a line\u{2028}another\u{2029}third\u{85}fourth\u{b}fifth\u{c}. ".repeat(200));
}

#[test]
fn markup_nested_deep() {
    let quotes = format!("{}x\n", "> ".repeat(200));
    holds(&format!("{}{}\n{}", quotes.repeat(20), "[".repeat(5_000), "# a\n".repeat(500)));
}

#[test]
fn abbreviations_and_numbers() {
    holds(&"Dr. Smith (Ph.D.) paid $5,120.50 to J. R. R. Co. on Jan. 3. ".repeat(200));
}

/// C3's exception: an error with the place, not a chunk that is too large and not a lost character.
#[test]
fn a_grapheme_larger_than_the_maximum_is_an_error() {
    use chunk_strategies::{ChunkConfig, ChunkErrorKind, Recursive};
    let document = format!("ok e{} ok", "\u{301}".repeat(50));
    let config = ChunkConfig::new(20);
    let results: Vec<_> = Recursive::new(config)
        .unwrap()
        .chunks(&document)
        .map(|chunk| chunk.map(|c| c.byte_range()))
        .collect();
    let (last, before) = results.split_last().unwrap();
    assert_eq!(before.len(), 1, "the text before it is chunked");
    let error = last.as_ref().unwrap_err();
    assert_eq!(error.kind(), ChunkErrorKind::GraphemeTooLarge);
    assert_eq!(error.offset(), Some(3));
    assert!(error.to_string().contains("51"), "{error}");
}
