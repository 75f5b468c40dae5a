//! Texts: generated ones, and real ones where there are any.

use std::path::PathBuf;

use proptest::prelude::*;

/// Texts of every script that something is different about.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[abest]{1,6}",
        2 => "[abest]{12,20}",
        3 => "[A-Za-z0-9]{1,18}",
        8 => Just(" ".to_owned()),
        3 => "[ -~]{1,4}",
        2 => prop::sample::select(vec!["the", "The", "and", "a\u{0}b", "2024", "aaaaaaaaaaaaaaaaaaaab", "don\u{2019}t"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["\n", "\t", "\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{a0}", "\u{3000}", "\u{2028}", "\u{1c}", "\u{7f}", "\0", "\u{fffd}"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["é", "e\u{301}", "É", "İ", "ß", "ẞ", "ﬁ", "ŉ", "ǰ", "Å", "Å", "K", "ſ", "ñ", "ở", "≠", "≮", "\u{37e}", "Σ", "ς"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["漢", "字", "漢字", "豈", "かな", "、", "。", "각", "한국어", "\u{1100}\u{1161}\u{11a8}", "\u{302e}", "ไทย", "\u{3099}"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec!["नमस्ते", "क्ष", "مَرْحَبًا", "שָׁלוֹם", "привет", "йод", "ё", "\u{345}", "\u{327}\u{301}", "\u{301}\u{327}", "\u{344}", "\u{1d165}", "\u{1d160}"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["👨\u{200d}👩\u{200d}👧", "🇩🇪", "\u{feff}", "\u{200b}", "\u{ad}", "\u{e000}", "\u{10ffff}", "\u{600}"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["[SEP]", "[CLS]", "[sep]", "[UNK", " <a>\u{a0} ", "\u{3000}<mask>\u{b}", "{ \u{c}", "novel", "New", "the <mask> the", "漢 <mask>", "a\u{301} the", "<mask>", "<MASK>", "<Mask>", "  <mask>  ", "<m\u{301}ask>", "≮mask>", "<mas\u{212a}>", "、a", "、b", "<a>", "{"])
            .prop_map(str::to_owned),
        1 => any::<char>().prop_map(|c| c.to_string()),
        1 => prop::collection::vec(any::<u8>(), 1..12).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// `SEMANTIK_MODEL`, or where `cargo xtask model` puts it.
pub(crate) fn real_tokenizer() -> Option<String> {
    let named = std::env::var_os("SEMANTIK_MODEL").map(PathBuf::from);
    let cached =
        || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/semantik/models/all-MiniLM-L6-v2"));
    let path = named.filter(|path| path.is_dir()).or_else(cached)?.join("tokenizer.json");
    path.is_file().then(|| std::fs::read_to_string(path).unwrap())
}

/// This repository's documents and sources; with `SEMANTIK_TEST_FULL` also the readmes of the packages that it is built from.
pub(crate) fn real_texts() -> impl Iterator<Item = String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.clone(), root.join("docs"), root.join("crates/word-piece/tests/it")];
    if is_full()
        && let Some(home) = std::env::var_os("HOME")
    {
        let sources = PathBuf::from(home).join(".cargo/registry/src");
        folders.extend(entries(sources).flat_map(entries));
    }
    let is_text = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "md" || kind == "rs");
    folders
        .into_iter()
        .flat_map(entries)
        .filter(is_text)
        .filter_map(|path| std::fs::read_to_string(path).ok())
}

fn entries(folder: PathBuf) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// What takes long is done with `SEMANTIK_TEST_FULL`.
pub(crate) fn is_full() -> bool {
    std::env::var_os("SEMANTIK_TEST_FULL").is_some()
}
