//! [`WordPiece`]: the tokenizer.

use std::fmt;
use std::sync::Arc;

use crate::added::Near;
use crate::builder::WordPieceBuilder;
use crate::error::WordPieceError;
use crate::exact::Exact;
use crate::forms::{Form, Forms};
use crate::json;
use crate::pass::Pass;
use crate::sink::{Count, FirstIds, Ids};
use crate::token::Encoding;
use crate::tokens::Tokens;
use crate::vocabulary::Vocabulary;

/// A tokenizer of BERT's kind.
///
/// Cheap to clone, and used by many threads at once. It cannot fail: every text has tokens.
#[derive(Clone)]
pub struct WordPiece(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) exact: Exact,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) forms: Forms,
    /// `None` where every text has to be looked at exactly.
    pub(crate) near: Option<Near>,
    /// The tokens of ASCII's punctuation marks.
    pub(crate) punctuation: [u32; 128],
    pub(crate) lowercase: bool,
    /// Special tokens before and behind each text.
    pub(crate) before: Vec<u32>,
    pub(crate) after: Vec<u32>,
}

impl WordPiece {
    /// Reads a `tokenizer.json`, as the `tokenizers` crate writes them and models bring them.
    ///
    /// Padding and truncation that the file asks for are left out: what a model reads of a text is its caller's to say. With
    /// `RobertaProcessing`, offsets are those before it trims them.
    ///
    /// # Errors
    /// The text is no such JSON; the tokenizer has parts that are not BERT's
    /// ([`OtherKind`](crate::WordPieceErrorKind::OtherKind)), which names the part; or its vocabulary lacks the token for
    /// unknown words.
    pub fn from_tokenizer_json(json: &str) -> Result<Self, WordPieceError> {
        json::builder(json)?.build()
    }

    /// Reads a `vocab.txt` with a token on each line, as BERT was published with, for texts that are made lower case:
    /// `[UNK]` stands for unknown words, `[CLS]` and `[SEP]` around each text, and these, `[PAD]` and `[MASK]` are found where
    /// they are written. [`WordPiece::builder`] is for everything else.
    ///
    /// # Errors
    /// One of the first three is missing.
    pub fn from_vocabulary(lines: &str) -> Result<Self, WordPieceError> {
        let mut builder = WordPieceBuilder::new(lines.lines().map(str::trim_end).zip(0..));
        for special in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
            if builder.id(special).is_some() {
                builder = builder.with_added_token(crate::AddedToken::special(special));
            }
        }
        let id = |token: &str| {
            builder.id(token).ok_or_else(|| WordPieceError::missing(token, "stands around each text"))
        };
        let (cls, sep) = (id("[CLS]")?, id("[SEP]")?);
        builder.with_special_tokens([cls], [sep]).build()
    }

    /// Makes one of its parts.
    pub fn builder<T: Into<String>>(vocabulary: impl IntoIterator<Item = (T, u32)>) -> WordPieceBuilder {
        WordPieceBuilder::new(vocabulary)
    }

    /// The tokens of a text with their places, special tokens included.
    pub fn encode(&self, text: &str) -> Encoding {
        let (before, after) = (&self.0.before, &self.0.after);
        // English has a token for every four or five bytes.
        let room = text.len() / 4 + before.len() + after.len();
        let mut encoding = Encoding { ids: Vec::with_capacity(room), offsets: Vec::with_capacity(room) };
        encoding.ids.extend_from_slice(before);
        encoding.offsets.resize(before.len(), 0..0);
        self.tokens(text).for_each(|token| {
            encoding.ids.push(token.id);
            encoding.offsets.push(token.byte_range());
        });
        encoding.ids.extend_from_slice(after);
        encoding.offsets.resize(encoding.ids.len(), 0..0);
        encoding
    }

    /// Appends the ids of a text, special tokens included. Allocates nothing where the list has room and the text no word
    /// that has to be looked at closely.
    pub fn encode_into(&self, text: &str, ids: &mut Vec<u32>) {
        ids.extend_from_slice(&self.0.before);
        Pass::new(&self.0, text).run(&mut Ids(ids));
        ids.extend_from_slice(&self.0.after);
    }

    /// The same with no more than `most` ids, as models read the beginning of a text: of the text's own tokens the first, and
    /// all special tokens. Says how many were left out. Memory is that of `most` ids, however long the text.
    pub fn encode_first_into(&self, text: &str, most: usize, ids: &mut Vec<u32>) -> usize {
        let room = most.saturating_sub(self.special_tokens());
        ids.extend_from_slice(&self.0.before);
        let mut first = FirstIds::new(ids, room);
        Pass::new(&self.0, text).run(&mut first);
        let left_out = first.count.saturating_sub(room);
        ids.extend_from_slice(&self.0.after);
        left_out
    }

    /// How many tokens a text has, special tokens included.
    pub fn count(&self, text: &str) -> usize {
        self.count_bare(text) + self.special_tokens()
    }

    /// How many tokens a text has, special tokens around it left out.
    pub fn count_bare(&self, text: &str) -> usize {
        let mut count = Count::default();
        Pass::new(&self.0, text).run(&mut count);
        count.0
    }

    /// The tokens of a text one after the other, special tokens around it left out.
    pub fn tokens<'a>(&'a self, text: &'a str) -> Tokens<'a> {
        Tokens::new(&self.0, text)
    }

    /// How many special tokens each text gets.
    pub fn special_tokens(&self) -> usize {
        self.0.before.len() + self.0.after.len()
    }

    /// The special tokens before each text.
    pub fn special_before(&self) -> &[u32] {
        &self.0.before
    }

    /// The special tokens behind each text.
    pub fn special_after(&self) -> &[u32] {
        &self.0.after
    }

    pub(crate) fn of(inner: Inner) -> Self {
        WordPiece(Arc::new(inner))
    }
}

impl Inner {
    /// What becomes of a character that is not plain ASCII.
    #[inline]
    pub(crate) fn form(&self, c: char) -> Form {
        self.forms.of(c, &self.exact, |piece| self.vocabulary.id_of_char(piece))
    }
}

impl fmt::Debug for WordPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordPiece")
            .field("lowercase", &self.0.lowercase)
            .field("special_tokens", &self.special_tokens())
            .finish_non_exhaustive()
    }
}
