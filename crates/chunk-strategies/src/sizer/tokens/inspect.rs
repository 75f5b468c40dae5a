//! Which seams a tokenizer has, found from what it is made of.
//!
//! A tokenizer looks for added tokens, normalizes what lies between them, looks for added tokens again, splits the rest
//! into pieces, and hands each piece to the model. The model sees one piece and nothing else (but for BPE's dropout,
//! which is chance), and the post-processor adds a fixed number of tokens, which [`Tokens::new`](super::Tokens::new)
//! checks. So counts add up at a cut if none of the steps before the model looks across it:
//!
//! - *Added tokens* are found by their text, which must not contain a character that makes a seam; then none spans one.
//!   One that must be a single word sees the same whether white space or the end of the text follows. One that swallows
//!   the white space beside it moves no count where white space is dropped; where it begins the next piece, swallowing
//!   leftwards stays behind the seam before that white space, and swallowing rightwards would not.
//! - *Normalizers* that are let through work char by char, or on a character with the marks behind it
//!   (decomposition, composition, dropped marks). White space of ASCII is never part of such a group, and stays.
//! - *Pre-tokenizers* either drop white space first, and what they do afterwards they do to each piece; or are patterns
//!   of which no match has white space behind anything else, read from left to right without looking back.

use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::split::SplitPattern;
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{AddedToken, ModelWrapper, NormalizedString, Normalizer, Tokenizer};

use crate::sizer::tokenised::{Seams, WIDE_PUNCTUATION, is_ideograph};

impl Seams {
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        if let ModelWrapper::BPE(model) = tokenizer.get_model()
            && model.dropout.is_some_and(|share| share > 0.0)
        {
            return Seams::Nowhere;
        }
        let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() else { return Seams::Nowhere };
        let Some(added) = Added::of(tokenizer) else { return Seams::Nowhere };
        let normalizer = tokenizer.get_normalizer();
        if drops_space(pre_tokenizer) && normalizer.is_none_or(keeps_space) {
            return around_space(pre_tokenizer, normalizer, &added);
        }
        if normalizer.is_none_or(keeps_letters) && !added.swallows_behind {
            return before_space(pre_tokenizer, &added);
        }
        Seams::Nowhere
    }
}

/// What matters of the added tokens.
struct Added {
    /// The texts that are looked for, one behind the other.
    contents: String,
    single_word: bool,
    swallows_behind: bool,
}

impl Added {
    /// `None` where one of them holds white space.
    fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let mut added = Added { contents: String::new(), single_word: false, swallows_behind: false };
        for token in tokenizer.get_added_vocabulary().get_added_tokens_decoder().values() {
            let AddedToken { content, single_word, rstrip, .. } = token;
            added.contents.push_str(content);
            if let Some(normalizer) = tokenizer.get_normalizer() {
                let mut normalized = NormalizedString::from(content.as_str());
                normalizer.normalize(&mut normalized).ok()?;
                added.contents.push_str(normalized.get());
            }
            added.single_word |= single_word;
            added.swallows_behind |= rstrip;
        }
        (!added.contents.contains(char::is_whitespace)).then_some(added)
    }
}

/// Whether white space goes before anything else happens, and what follows looks at each piece alone.
fn drops_space(pre_tokenizer: &PreTokenizerWrapper) -> bool {
    use PreTokenizerWrapper as P;
    match pre_tokenizer {
        P::BertPreTokenizer(_) | P::Whitespace(_) | P::WhitespaceSplit(_) => true,
        P::Sequence(sequence) => match sequence.as_ref() {
            [first, rest @ ..] => {
                drops_space(first)
                    && rest.iter().all(|part| {
                        drops_space(part)
                            || matches!(part, P::Punctuation(_) | P::Digits(_) | P::ByteLevel(_))
                    })
            }
            [] => false,
        },
        _ => false,
    }
}

/// Whether white space of ASCII stays white space and keeps apart what it stands between.
fn keeps_space(normalizer: &NormalizerWrapper) -> bool {
    use NormalizerWrapper as N;
    match normalizer {
        N::BertNormalizer(_)
        | N::StripAccents(_)
        | N::Lowercase(_)
        | N::NFC(_)
        | N::NFD(_)
        | N::NFKC(_)
        | N::NFKD(_) => true,
        N::Sequence(sequence) => sequence.as_ref().iter().all(keeps_space),
        _ => false,
    }
}

/// Whether, besides, a letter, a digit or punctuation stays something that is not white space.
fn keeps_letters(normalizer: &NormalizerWrapper) -> bool {
    use NormalizerWrapper as N;
    match normalizer {
        N::Lowercase(_) | N::NFC(_) | N::NFD(_) => true,
        N::Sequence(sequence) => sequence.as_ref().iter().all(keeps_letters),
        _ => false,
    }
}

fn around_space(
    pre_tokenizer: &PreTokenizerWrapper,
    normalizer: Option<&NormalizerWrapper>,
    added: &Added,
) -> Seams {
    let bert = match normalizer {
        Some(NormalizerWrapper::BertNormalizer(bert)) => Some(bert),
        _ => None,
    };
    // A token that must be a single word sees a difference between the end of the text and an ideograph.
    let ideographs = bert.is_some_and(|bert| bert.handle_chinese_chars)
        && !added.single_word
        && !added.contents.contains(is_ideograph);
    // Of other normalizers, some compose punctuation with the marks behind it.
    let isolates = matches!(pre_tokenizer, PreTokenizerWrapper::BertPreTokenizer(_))
        && (bert.is_some() || normalizer.is_none())
        && !added.single_word
        && !added.contents.contains(WIDE_PUNCTUATION);
    let punctuation = (0..128_u8)
        .filter(|&c| isolates && c.is_ascii_punctuation() && !added.contents.contains(char::from(c)))
        .fold(0, |bits, c| bits | 1_u128 << c);
    Seams::AroundSpace { punctuation, ideographs }
}

fn before_space(pre_tokenizer: &PreTokenizerWrapper, added: &Added) -> Seams {
    use PreTokenizerWrapper as P;
    match pre_tokenizer {
        // It prepends a space to what begins with none, such as a line end.
        P::ByteLevel(bytes) if bytes.use_regex => Seams::BeforeSpace { all: !bytes.add_prefix_space },
        P::Metaspace(meta) if meta.split && !added.contents.contains(meta.get_replacement()) => {
            // The prefix that it may prepend goes to what does not begin with a space.
            Seams::BeforeSpace { all: false }
        }
        P::Sequence(sequence) => match sequence.as_ref() {
            [P::Split(split), P::ByteLevel(bytes)]
                if !bytes.use_regex
                    && !split.invert
                    && split.behavior == SplitDelimiterBehavior::Isolated
                    && matches!(&split.pattern, SplitPattern::Regex(regex) if PATTERNS.contains(&&**regex)) =>
            {
                // In these patterns line ends may end a match, behind punctuation.
                Seams::BeforeSpace { all: false }
            }
            _ => Seams::Nowhere,
        },
        _ => Seams::Nowhere,
    }
}

/// Patterns of which no match has a space behind anything that is not white space: those of GPT-2, of Llama 3 (and
/// GPT-4), and of Qwen 2.
const PATTERNS: [&str; 3] = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
];
