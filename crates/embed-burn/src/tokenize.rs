//! Text to token ids, nothing lost silently.

use std::borrow::Cow;
use std::sync::OnceLock;

use chunk_strategies::Tokens;
use tokenizers::{Encoding, Tokenizer, TruncationParams};
use word_piece::WordPiece;

use crate::error::EmbedError;
use crate::folder::ModelFolder;

/// A text as the model reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenizedText {
    /// The token ids, those of a prompt and special tokens included, at most the model's limit.
    pub ids: Vec<u32>,
    /// How many tokens beyond the limit were left out.
    pub dropped: usize,
}

/// A tokenizer, a limit, and what stands before each text.
///
/// A text far beyond the limit is encoded as far as it is read, and what lies behind is only counted.
#[derive(Clone, Debug)]
pub(crate) struct Tokenizing<E = Tokenizer> {
    by: By<E>,
    max_tokens: usize,
    prompt: String,
}

/// Who finds the tokens.
#[derive(Clone, Debug)]
enum By<E> {
    /// Of tokenizers of BERT's kind `word-piece` finds the same tokens many times faster, and is made in a fraction of the
    /// time.
    Words(WordPiece),
    /// Of all others the `tokenizers` crate.
    Crate(Box<ByCrate<E>>),
}

/// A text is encoded up to a place that the tokenizer does not look across and that has enough tokens before it.
#[derive(Clone, Debug)]
struct ByCrate<E> {
    /// With the limit: only the tokenizer knows which special tokens stand at the end of a text that was cut.
    encoder: E,
    /// Without it, for counting.
    whole: Tokenizer,
    /// Made when it is needed; `None` for a tokenizer that cannot be used so.
    counter: OnceLock<Option<Tokens>>,
    max_tokens: usize,
}

/// What encodes: the tokenizer, and in tests one that keeps count.
pub(crate) trait Encode: Sized {
    fn of(tokenizer: Tokenizer) -> Self;

    fn encode_text(&self, text: &str) -> Result<Encoding, EmbedError>;
}

impl Encode for Tokenizer {
    fn of(tokenizer: Tokenizer) -> Self {
        tokenizer
    }

    fn encode_text(&self, text: &str) -> Result<Encoding, EmbedError> {
        self.encode_fast(text, true).map_err(EmbedError::tokenizer)
    }
}

/// A text of fewer bytes for each token of the limit is encoded as it is: real texts have four or five, so most that are
/// shorter are read whole, and the others cost little.
const FEW_BYTES: usize = 16;
/// English has a token for every four or five bytes, and a text a few special ones; where there are more, the list grows.
const USUAL_BYTES: usize = 4;
const SPECIAL: usize = 4;

impl Tokenizing {
    /// That of a model.
    ///
    /// # Errors
    /// Its file is missing, or nothing that encodes texts.
    pub(crate) fn open(folder: &ModelFolder) -> Result<Self, EmbedError> {
        let max_tokens = folder.max_tokens();
        match folder.word_piece() {
            Some(words) => Ok(Tokenizing { by: By::Words(words), max_tokens, prompt: String::new() }),
            None => Tokenizing::new(folder.tokenizer()?, max_tokens),
        }
    }
}

impl<E: Encode> Tokenizing<E> {
    /// `tokenizer` without padding and truncation of its own.
    fn new(tokenizer: Tokenizer, max_tokens: usize) -> Result<Self, EmbedError> {
        let by = match WordPiece::from_tokenizer(&tokenizer) {
            Ok(words) => By::Words(words),
            Err(_) => By::Crate(Box::new(ByCrate::new(tokenizer, max_tokens)?)),
        };
        Ok(Tokenizing { by, max_tokens, prompt: String::new() })
    }

    /// Puts a prompt before each text, and says how many tokens of a text are the prompt's: those of the prompt alone,
    /// without the special token at its end, as sentence-transformers counts them. `tokenizer`: as for
    /// [`new`](Tokenizing::new), asked for where it is not kept.
    pub(crate) fn set_prompt(
        &mut self,
        prompt: &str,
        tokenizer: impl FnOnce() -> Result<Tokenizer, EmbedError>,
    ) -> Result<usize, EmbedError> {
        self.prompt.clear();
        let (alone, counted) = match &self.by {
            By::Words(words) if !words.special_after().is_empty() => {
                let alone = words.count(prompt);
                (alone, alone - 1)
            }
            // Whether what a prompt ends with is special is known to the tokenizer alone.
            By::Words(_) => ByCrate::<E>::new(tokenizer()?, self.max_tokens)?.prompt_tokens(prompt)?,
            By::Crate(by_crate) => by_crate.prompt_tokens(prompt)?,
        };
        if alone >= self.max_tokens {
            let limit = self.max_tokens;
            let message =
                format!("the prompt alone has {alone} tokens, and the model reads {limit} of a text");
            return Err(EmbedError::prompt(message));
        }
        self.prompt.push_str(prompt);
        Ok(counted)
    }

    /// How many special tokens each text gets.
    pub(crate) fn special_tokens(&self) -> Result<usize, EmbedError> {
        match &self.by {
            By::Words(words) => Ok(words.special_tokens()),
            By::Crate(by_crate) => {
                Ok(by_crate.whole.encode_fast("", true).map_err(EmbedError::tokenizer)?.len())
            }
        }
    }

    pub(crate) fn tokenize(&self, text: &str) -> Result<TokenizedText, EmbedError> {
        let text = if self.prompt.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned([&self.prompt, text].concat())
        };
        match &self.by {
            By::Words(words) => {
                let mut ids = Vec::with_capacity(self.max_tokens.min(text.len() / USUAL_BYTES + SPECIAL));
                let dropped = words.encode_first_into(&text, self.max_tokens, &mut ids);
                Ok(TokenizedText { ids, dropped })
            }
            By::Crate(by_crate) => by_crate.tokenize(&text),
        }
    }
}

impl<E: Encode> ByCrate<E> {
    fn new(tokenizer: Tokenizer, max_tokens: usize) -> Result<Self, EmbedError> {
        let mut cut = tokenizer.clone();
        let params = TruncationParams { max_length: max_tokens, ..TruncationParams::default() };
        cut.with_truncation(Some(params)).map_err(EmbedError::tokenizer)?;
        Ok(ByCrate { encoder: E::of(cut), whole: tokenizer, counter: OnceLock::new(), max_tokens })
    }

    /// How many tokens a prompt has, and how many without the special token at its end.
    fn prompt_tokens(&self, prompt: &str) -> Result<(usize, usize), EmbedError> {
        let encoded = self.encoder.encode_text(prompt)?;
        let alone = self.whole.encode_fast(prompt, true).map_err(EmbedError::tokenizer)?.len();
        let ends_special = encoded.get_special_tokens_mask().last() == Some(&1)
            || encoded.get_ids().last().is_some_and(|id| {
                let added = self.whole.get_added_vocabulary().get_added_tokens_decoder();
                added.get(id).is_some_and(|token| token.special)
            });
        Ok((alone, encoded.len() - usize::from(ends_special)))
    }

    fn tokenize(&self, text: &str) -> Result<TokenizedText, EmbedError> {
        let (head, rest) = self.split(text);
        let encoding = self.encoder.encode_text(head)?;
        // What was cut off comes in pieces, each with special tokens of its own.
        let cut = encoding.get_overflowing().iter().flat_map(Encoding::get_special_tokens_mask);
        let dropped = cut.filter(|&&special| special == 0).count() + rest;
        Ok(TokenizedText { ids: encoding.get_ids().to_vec(), dropped })
    }

    /// The beginning of a text, which has the text's first tokens, and how many tokens lie behind it.
    fn split<'t>(&self, text: &'t str) -> (&'t str, usize) {
        if text.len() <= self.max_tokens.saturating_mul(FEW_BYTES) {
            return (text, 0);
        }
        let Some(counter) = self.counter.get_or_init(|| Tokens::new(self.whole.clone()).ok()) else {
            return (text, 0);
        };
        let (head, rest) = text.split_at(counter.head(text, self.max_tokens));
        (head, counter.bare_size(rest))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use device_suite::{SeededModel, Sizes};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 48;

    /// Counts the bytes that it encodes.
    struct Counting {
        tokenizer: Tokenizer,
        bytes: AtomicUsize,
    }

    impl Encode for Counting {
        fn of(tokenizer: Tokenizer) -> Self {
            Counting { tokenizer, bytes: AtomicUsize::new(0) }
        }

        fn encode_text(&self, text: &str) -> Result<Encoding, EmbedError> {
            self.bytes.fetch_add(text.len(), Ordering::Relaxed);
            self.tokenizer.encode_text(text)
        }
    }

    /// A small tokenizer of BERT's kind, left to the crate by [`counting`].
    static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| {
        let model = SeededModel::new(Sizes::TINY).unwrap();
        ModelFolder::open(model.path()).unwrap().tokenizer().unwrap()
    });

    fn counting() -> Tokenizing<Counting> {
        by_crate(LIMIT)
    }

    fn by_crate<E: Encode>(max_tokens: usize) -> Tokenizing<E> {
        let by = By::Crate(Box::new(ByCrate::new(TOKENIZER.clone(), max_tokens).unwrap()));
        Tokenizing { by, max_tokens, prompt: String::new() }
    }

    impl Tokenizing<Counting> {
        fn encoded(&self) -> &AtomicUsize {
            match &self.by {
                By::Crate(by_crate) => &by_crate.encoder.bytes,
                By::Words(_) => panic!("no tokenizer that counts"),
            }
        }
    }

    /// The same, left to `word-piece`.
    fn by_words(max_tokens: usize) -> Tokenizing {
        let tokenizing = Tokenizing::new(TOKENIZER.clone(), max_tokens).unwrap();
        assert!(matches!(tokenizing.by, By::Words(_)));
        tokenizing
    }

    /// Everything encoded, then cut: slow, and obviously right.
    fn oracle(text: &str) -> TokenizedText {
        let whole = TOKENIZER.encode(text, true).unwrap();
        let ids = whole.get_ids();
        if ids.len() <= LIMIT {
            return TokenizedText { ids: ids.to_vec(), dropped: 0 };
        }
        let (kept, last) = (&ids[..LIMIT - 1], &ids[ids.len() - 1..]);
        TokenizedText { ids: [kept, last].concat(), dropped: ids.len() - LIMIT }
    }

    #[test]
    fn a_long_text_is_encoded_as_far_as_it_is_read() {
        let tokenizing = counting();
        let text = "The lazy dogs, 漢字 and foxes are quick.\n".repeat(20_000);
        let got = tokenizing.tokenize(&text).unwrap();
        assert_eq!(got, oracle(&text));
        assert!(got.dropped > 100_000, "{}", got.dropped);
        let encoded = tokenizing.encoded().load(Ordering::Relaxed);
        assert!(encoded <= LIMIT * FEW_BYTES, "{encoded} of {} bytes were encoded", text.len());
    }

    #[test]
    fn what_has_no_place_to_cut_is_encoded_once() {
        let tokenizing = counting();
        for text in ["a".repeat(100_000), format!("{}fox", " ".repeat(100_000))] {
            tokenizing.encoded().store(0, Ordering::Relaxed);
            assert_eq!(tokenizing.tokenize(&text).unwrap(), oracle(&text));
            assert_eq!(by_words(LIMIT).tokenize(&text).unwrap(), oracle(&text));
            let encoded = tokenizing.encoded().load(Ordering::Relaxed);
            assert!(encoded <= text.len(), "{encoded} of {} bytes were encoded", text.len());
        }
    }

    #[test]
    fn a_prompt_is_read_before_the_text() {
        read_before(counting());
        read_before(by_words(LIMIT));
    }

    fn read_before<E: Encode>(mut tokenizing: Tokenizing<E>) {
        let set_prompt = |tokenizing: &mut Tokenizing<E>, prompt: &str| {
            tokenizing.set_prompt(prompt, || Ok(TOKENIZER.clone()))
        };
        assert_eq!(set_prompt(&mut tokenizing, "quick fox: ").unwrap(), 4, "[CLS] quick fox :");
        assert_eq!(tokenizing.tokenize("dogs").unwrap(), oracle("quick fox: dogs"));
        let long = "lazy ".repeat(5_000);
        assert_eq!(tokenizing.tokenize(&long).unwrap(), oracle(&format!("quick fox: {long}")));
        let error = set_prompt(&mut tokenizing, &"fox ".repeat(46)).unwrap_err().to_string();
        assert!(error.contains("48 tokens"), "{error}");
        assert!(set_prompt(&mut tokenizing, &"fox ".repeat(45)).is_ok());
    }

    /// Limits around the length of a text, down to one that leaves room for nothing.
    #[test]
    fn a_text_is_cut_where_the_crate_cuts_it() {
        let text = "The lazy dogs, 漢字 and foxes [SEP] are quick.";
        for limit in 2..40 {
            let (tokenizing, slow) = (by_words(limit), by_crate::<Tokenizer>(limit));
            for text in ["", "fox", text] {
                assert_eq!(
                    tokenizing.tokenize(text).unwrap(),
                    slow.tokenize(text).unwrap(),
                    "{limit}: {text}"
                );
            }
        }
    }

    #[test]
    fn the_folder_decides_about_case() {
        let model = SeededModel::new(Sizes::TINY).unwrap();
        let json = std::fs::read_to_string(model.file("tokenizer.json")).unwrap();
        std::fs::write(
            model.file("tokenizer.json"),
            json.replace("\"lowercase\": true", "\"lowercase\": false"),
        )
        .unwrap();
        let ids = || {
            let folder = ModelFolder::open(model.path()).unwrap();
            let bare = folder.tokenizer().unwrap().encode("FOX", false).unwrap().get_ids().to_vec();
            let tokenizing = Tokenizing::open(&folder).unwrap();
            assert!(matches!(tokenizing.by, By::Words(_)));
            let ids = tokenizing.tokenize("FOX").unwrap().ids;
            assert_eq!(ids[1..ids.len() - 1], bare);
            bare
        };
        let fox = 5;
        assert_ne!(ids(), [fox]);
        model.write("sentence_bert_config.json", &serde_json::json!({"do_lower_case": true})).unwrap();
        assert_eq!(ids(), [fox]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn long_texts_are_read_as_if_they_were_encoded_whole(
            words in prop::collection::vec(
                prop_oneof![
                    "[a-c]{1,4}", "the|fox|foxes|dog|dogs|quick|lazy", "[ \t\n]{1,40}", "[.,!?-]{1,3}",
                    "[漢字語é\u{301}İ\u{200b}]{1,3}", "\\[SEP\\]|\\[CLS\\]|\\[UNK\\]", "[a-z]{90,120}",
                ],
                1..400,
            ),
            joined in prop_oneof![Just(""), Just(" ")],
            repeats in 1_usize..6,
        ) {
            let text = words.join(joined).repeat(repeats);
            prop_assert_eq!(counting().tokenize(&text).unwrap(), oracle(&text), "{:?}", text);
            prop_assert_eq!(by_words(LIMIT).tokenize(&text).unwrap(), oracle(&text), "{:?}, by words", text);
        }
    }
}
