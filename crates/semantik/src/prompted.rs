//! [`Prompted`]: sizes in tokens of texts that a prompt is put before.

use std::ops::Range;

use chunk_strategies::{ChunkSizer, SizeIndex, Tokens};

/// Counts the tokens of the prompt and a text together, as the model reads them.
#[derive(Clone, Debug)]
pub(crate) struct Prompted {
    tokens: Tokens,
    prompt: String,
    /// The prompt's tokens, special tokens aside.
    prompt_size: usize,
}

impl Prompted {
    pub(crate) fn new(tokens: Tokens, prompt: &str) -> Self {
        let prompt_size = tokens.bare_size(prompt);
        Prompted { tokens, prompt: prompt.to_owned(), prompt_size }
    }

    /// Where the tokenizer may look from the text into the prompt, the two are counted as one.
    fn size_with(&self, text: &str, alone: impl FnOnce() -> usize) -> usize {
        if self.tokens.adds_up(&self.prompt, text) {
            alone() + self.prompt_size
        } else {
            self.tokens.size(&[&self.prompt, text].concat())
        }
    }
}

impl ChunkSizer for Prompted {
    fn size(&self, text: &str) -> usize {
        self.size_with(text, || self.tokens.size(text))
    }

    fn index<'a>(&'a self, text: &'a str) -> Box<dyn SizeIndex + 'a> {
        self.index_excerpt(text, 0)
    }

    fn index_excerpt<'a>(&'a self, text: &'a str, offset: usize) -> Box<dyn SizeIndex + 'a> {
        Box::new(PromptedIndex { sizer: self, text, index: self.tokens.index_excerpt(text, offset) })
    }

    fn margin(&self) -> usize {
        self.tokens.margin()
    }

    fn byte_ceiling(&self, size: usize) -> usize {
        self.tokens.byte_ceiling(size)
    }
}

struct PromptedIndex<'a> {
    sizer: &'a Prompted,
    text: &'a str,
    index: Box<dyn SizeIndex + 'a>,
}

impl SizeIndex for PromptedIndex<'_> {
    fn size(&self, span: Range<usize>) -> usize {
        let text = self.text.get(span.clone()).unwrap_or_default();
        self.sizer.size_with(text, || self.index.size(span))
    }

    fn reach(&self, start: usize, size: usize) -> usize {
        self.index.reach(start, size.saturating_sub(self.sizer.prompt_size))
    }

    /// What a chunk repeats of the one before has no prompt of its own.
    fn reach_back(&self, end: usize, size: usize) -> usize {
        self.index.reach_back(end, size)
    }

    fn is_exact(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use chunk_strategies::{ChunkConfig, Recursive};
    use embed_burn::ModelFolder;
    use proptest::prelude::*;

    use super::*;
    use crate::model_cache::ModelCache;

    /// Of the real all-MiniLM-L6-v2.
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
        let named = std::env::var("SEMANTIK_MODEL").unwrap_or_else(|_| ModelCache::DEFAULT.to_owned());
        let path = ModelCache::from_env().unwrap().path(&named).unwrap();
        Tokens::new(ModelFolder::open(path).unwrap().tokenizer().unwrap()).unwrap()
    });

    #[test]
    fn sizes_are_those_of_prompt_and_text_together() {
        let tokens = &*TOKENS;
        let text = "Foxes, and dogs.\n\n漢字 prefixes: un-believable  words";
        let cuts: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
        for prompt in ["query: ", "Represent this sentence:", "pre", "漢", "x\n"] {
            let sizer = Prompted::new(tokens.clone(), prompt);
            let index = sizer.index(text);
            for &start in &cuts {
                for &end in cuts.iter().filter(|&&end| end >= start) {
                    let span = &text[start..end];
                    let want = tokens.tokenizer().encode(format!("{prompt}{span}"), true).unwrap().len();
                    assert_eq!(index.size(start..end), want, "{prompt:?} + {span:?}");
                    assert_eq!(sizer.size(span), want, "{prompt:?} + {span:?}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn no_chunk_with_its_prompt_is_too_large(
            document in "([a-zA-Z]{1,12}[ .,\n]{0,2}){0,300}",
            prompt in prop::sample::select(vec!["query: ", "pre", "Represent this:"]),
        ) {
            let (tokens, limit) = (&*TOKENS, 32);
            let sizer = Prompted::new(tokens.clone(), prompt);
            let config = ChunkConfig::new(limit).sizer(sizer);
            for chunk in Recursive::new(config.overlap(6)).unwrap().chunks(&document) {
                let chunk = chunk.unwrap();
                let size = tokens.size(&format!("{prompt}{}", chunk.text()));
                prop_assert!(size <= limit && size == chunk.size(), "{} of {:?}", size, chunk.text());
            }
        }
    }
}
