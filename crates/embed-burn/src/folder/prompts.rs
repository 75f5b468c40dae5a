//! [`Prompts`]: what a model wants to stand before a text.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::read;
use crate::error::EmbedError;

/// The prompts that a model declares in `config_sentence_transformers.json`.
///
/// A prompt is put before a text as it is: what is to stand between the two belongs to it. Which one applies is what
/// sentence-transformers does: the one that is named, else one that is declared for what the text is, else the default.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prompts {
    /// Each prompt's text by its name; one without text is none.
    pub declared: BTreeMap<String, String>,
    /// The name of the one that applies where no other does.
    pub default: Option<String>,
    /// Whether a prompt's tokens count in the pooling of token vectors.
    pub pooled: bool,
}

/// What stands before a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prompt {
    /// The name that the model knows it by, if it is one of the model's.
    pub name: Option<String>,
    /// The text, never empty.
    pub text: String,
}

/// What sentence-transformers looks for in `encode_document` and `encode_query`. (Its documentation names `passage` and
/// `corpus` as well; it has a `document` without text in every model, and comes to neither.)
const DOCUMENT_NAME: &str = "document";
const QUERY_NAME: &str = "query";

#[derive(Deserialize)]
struct Raw {
    prompts: Option<BTreeMap<String, Option<String>>>,
    default_prompt_name: Option<String>,
}

impl Default for Prompts {
    fn default() -> Self {
        Prompts { declared: BTreeMap::new(), default: None, pooled: true }
    }
}

impl Prompt {
    /// A prompt of one's own; `None` for an empty one.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Prompt { name: None, text })
    }
}

impl Prompts {
    pub(super) fn read(folder: &Path) -> Result<Self, EmbedError> {
        let file = folder.join("config_sentence_transformers.json");
        let Some(raw) = read::json::<Raw>(&file)? else { return Ok(Prompts::default()) };
        let declared = raw.prompts.unwrap_or_default();
        let declared = declared.into_iter().map(|(name, text)| (name, text.unwrap_or_default())).collect();
        let prompts = Prompts { declared, default: raw.default_prompt_name, pooled: true };
        match &prompts.default {
            Some(name) if !prompts.names().contains(&name.as_str()) => {
                let names = prompts.known();
                let message = format!("default_prompt_name is {name:?}, but the prompts are {names}");
                Err(EmbedError::config(&file, message))
            }
            _ => Ok(prompts),
        }
    }

    /// What stands before a document's texts, where no prompt is named: `document`, if it has a text, else the default.
    pub fn for_documents(&self) -> Option<Prompt> {
        self.declared(DOCUMENT_NAME).or_else(|| self.by_default())
    }

    /// What stands before a question, where no prompt is named: `query`, if it has a text, else the default.
    pub fn for_queries(&self) -> Option<Prompt> {
        self.declared(QUERY_NAME).or_else(|| self.by_default())
    }

    /// The prompt of this name; `None` for one without text. Every model has `query` and `document`, if without text.
    ///
    /// # Errors
    /// The model declares no such prompt.
    pub fn named(&self, name: &str) -> Result<Option<Prompt>, EmbedError> {
        if self.names().contains(&name) {
            Ok(self.declared(name))
        } else {
            Err(EmbedError::prompt(format!("the model has no prompt {name:?}; it has {}", self.known())))
        }
    }

    /// Whether texts get the same prompts as with the other, and pool them alike.
    pub fn are_those_of(&self, other: &Prompts) -> bool {
        let texts = |prompts: &Prompts| {
            let declared = prompts.declared.iter().filter(|(_, text)| !text.is_empty());
            declared.map(|(name, text)| (name.clone(), text.clone())).collect::<Vec<_>>()
        };
        let default = |prompts: &Prompts| prompts.by_default().map(|prompt| prompt.text);
        (texts(self), default(self), self.pooled) == (texts(other), default(other), other.pooled)
    }

    /// Whether there is no prompt with a text.
    pub fn is_empty(&self) -> bool {
        self.declared.values().all(String::is_empty)
    }

    fn declared(&self, name: &str) -> Option<Prompt> {
        let text = self.declared.get(name).filter(|text| !text.is_empty())?;
        Some(Prompt { name: Some(name.to_owned()), text: text.clone() })
    }

    fn by_default(&self) -> Option<Prompt> {
        self.declared(self.default.as_deref()?)
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.declared.keys().map(String::as_str).collect();
        names.extend([DOCUMENT_NAME, QUERY_NAME]);
        names.sort_unstable();
        names.dedup();
        names
    }

    fn known(&self) -> String {
        self.names().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(declared: &[(&str, &str)], default: Option<&str>) -> Prompts {
        let declared = declared.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Prompts { declared, default: default.map(str::to_owned), pooled: true }
    }

    /// The texts for a document and for a question.
    fn both(prompts: &Prompts) -> [String; 2] {
        [prompts.for_documents(), prompts.for_queries()]
            .map(|prompt| prompt.map_or_else(String::new, |prompt| prompt.text))
    }

    #[test]
    fn which_prompt_applies() {
        let e5 = [("query", "query: "), ("passage", "passage: ")];
        let named = [("query", "q: "), ("document", "d: "), ("passage", "p: ")];
        let saved = [("query", ""), ("document", ""), ("sts", "sts: ")];
        for (declared, default, want) in [
            (&e5[..], None, ["", "query: "]),
            (&e5, Some("passage"), ["passage: ", "query: "]),
            (&named, None, ["d: ", "q: "]),
            (&named, Some("passage"), ["d: ", "q: "]),
            (&named[..1], None, ["", "q: "]),
            (&named[..1], Some("query"), ["q: ", "q: "]),
            (&saved, None, ["", ""]),
            (&saved, Some("sts"), ["sts: ", "sts: "]),
            (&[], None, ["", ""]),
        ] {
            assert_eq!(both(&prompts(declared, default)), want, "{declared:?}, default {default:?}");
        }
    }

    #[test]
    fn names_are_known_or_refused_with_those_that_are() {
        let prompts = prompts(&[("passage", "passage: "), ("none", "")], None);
        let text = |name| prompts.named(name).unwrap().map(|prompt| prompt.text);
        assert_eq!(text("passage").as_deref(), Some("passage: "));
        assert_eq!((text("none"), text("query"), text("document")), (None, None, None));
        let error = prompts.named("clustering").unwrap_err().to_string();
        assert!(error.contains("clustering") && error.contains("document, none, passage, query"), "{error}");
    }

    #[test]
    fn prompts_without_text_make_no_difference() {
        assert!(prompts(&[("query", ""), ("document", "")], None).are_those_of(&Prompts::default()));
        assert!(prompts(&[], None).is_empty() && prompts(&[("query", "")], None).is_empty());
        let one = prompts(&[("query", "q: ")], None);
        assert!(!one.are_those_of(&Prompts::default()) && !one.is_empty());
        assert!(!one.are_those_of(&prompts(&[("query", "q: ")], Some("query"))));
        assert!(!one.are_those_of(&Prompts { pooled: false, ..one.clone() }));
    }
}
