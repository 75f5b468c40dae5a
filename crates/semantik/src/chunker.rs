//! [`Chunker`]: a strategy with its settings, ready for documents.

use std::io::BufRead;
use std::sync::Arc;

use chunk_strategies::{
    Character, Choice, Chunk, ChunkError, ChunkReader, Code, DocumentKind, Fallback, Hierarchical, Hybrid,
    Language, Markdown, Recursive, Semantic, Strategy,
};
use embed_burn::ModelFolder;

use crate::adaptive::AdaptiveEmbedder;
use crate::error::Error;
use crate::input::{Document, kind_of};
use crate::settings::{ChunkSettings, Resolved, Sizer, Unit};

/// Cuts documents as the settings say.
#[derive(Debug)]
pub struct Chunker {
    cut: Cut,
    settings: Resolved,
}

/// The chunks of a document.
pub type Chunks<'a> = Box<dyn Iterator<Item = Result<Chunk<'a>, ChunkError>> + 'a>;

enum Cut {
    Character(Character<Sizer>),
    /// With what source code and Markdown are cut by, if that is something else.
    Recursive {
        all: Recursive<Sizer>,
        code: Option<Recursive<Sizer>>,
        /// For the languages whose syntax is known, where the file's name decides.
        languages: Vec<Code<Sizer>>,
        markdown: Option<Markdown<Sizer>>,
    },
    Markdown(Markdown<Sizer>),
    Semantic(Semantic<Sizer, Arc<AdaptiveEmbedder>>),
    Hierarchical(Hierarchical<Sizer>),
    Hybrid(Hybrid<Sizer, Arc<AdaptiveEmbedder>>),
}

impl std::fmt::Debug for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cut::Character(_) => "Character",
            Cut::Recursive { .. } => "Recursive",
            Cut::Markdown(_) => "Markdown",
            Cut::Semantic(_) => "Semantic",
            Cut::Hierarchical(_) => "Hierarchical",
            Cut::Hybrid(_) => "Hybrid",
        })
    }
}

impl Chunker {
    /// For chunks that are not embedded. `model` counts tokens, `embedder` is for strategies that look at meaning.
    ///
    /// # Errors
    /// A setting is out of its bounds, the strategy is not built, or it needs a model that is not given.
    pub fn new(
        settings: &ChunkSettings,
        model: Option<&ModelFolder>,
        embedder: Option<Arc<AdaptiveEmbedder>>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        Chunker::build(settings.resolve(model.is_some(), None)?, model, "", embedder, fallback)
    }

    /// For chunks that `embedder` will embed: sizes that were not asked for are lowered to what it reads, beside its
    /// prompt, which counts to sizes in tokens.
    ///
    /// # Errors
    /// As for [`Chunker::new`].
    pub fn for_embedding(
        settings: &ChunkSettings,
        model: &ModelFolder,
        embedder: &Arc<AdaptiveEmbedder>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        let embeds = embedder.model();
        // In tokens the sizer counts the prompt itself.
        let beside =
            if settings.unit.is_none_or(|unit| unit == Unit::Tokens) { 0 } else { embeds.prompt_tokens() };
        let settings = settings.resolve(true, Some(model.max_tokens().saturating_sub(beside)))?;
        let prompt = embeds.prompt().map_or("", |prompt| &prompt.text);
        Chunker::build(settings, Some(model), prompt, Some(Arc::clone(embedder)), fallback)
    }

    /// Checks settings as far as that is possible without loading anything.
    ///
    /// # Errors
    /// A setting is out of its bounds, or the strategy is not built.
    pub fn check(settings: &ChunkSettings) -> Result<(), Error> {
        let mut resolved = settings.resolve(false, None)?;
        if resolved.unit == Unit::Tokens {
            // Bounds are the same in every unit, but for the special tokens that only a tokenizer knows.
            resolved.unit = Unit::Chars;
        }
        let config = resolved.config(None, "")?;
        if resolved.strategy == Strategy::Hierarchical {
            resolved.hierarchical(&config)?;
        }
        Ok(())
    }

    fn build(
        settings: Resolved,
        model: Option<&ModelFolder>,
        prompt: &str,
        embedder: Option<Arc<AdaptiveEmbedder>>,
        fallback: Fallback,
    ) -> Result<Self, Error> {
        let config = settings.config(model, prompt)?;
        let cut = match (settings.strategy, embedder) {
            (Strategy::Character, _) => {
                let character = Character::new(config)?;
                Cut::Character(if settings.anchored { character.anchored() } else { character })
            }
            (Strategy::Recursive, _) => {
                let code = Resolved::config_of(settings.code, &config)?;
                let markdown = Resolved::config_of(settings.markdown_sizes, &config)?;
                let by_name = code.as_ref().filter(|_| settings.markdown_sizes.is_some());
                let languages = by_name.map(|config| settings.languages(config)).transpose()?;
                Cut::Recursive {
                    all: settings.recursive(config)?,
                    code: code.map(|config| settings.recursive(config)).transpose()?,
                    languages: languages.unwrap_or_default(),
                    markdown: markdown.map(|config| settings.markdown(config)).transpose()?,
                }
            }
            (Strategy::Markdown, _) => Cut::Markdown(settings.markdown(config)?),
            (Strategy::Semantic, Some(embedder)) => {
                Cut::Semantic(settings.semantic(config, embedder, fallback)?)
            }
            (Strategy::Semantic, None) => return Err(Error::model_needed(Strategy::Semantic)),
            (Strategy::Hierarchical, _) => Cut::Hierarchical(settings.hierarchical(&config)?),
            (Strategy::Hybrid, embedder) => Cut::Hybrid(settings.hybrid(config, embedder, fallback)?),
            (other, _) => return Err(Error::not_built(format!("strategy {other}"))),
        };
        Ok(Chunker { cut, settings })
    }

    /// The chunks of a document. Lazy where the strategy is; an error is the last item.
    pub fn chunks<'a>(&'a self, document: &'a Document) -> Chunks<'a> {
        let text = &document.text[..];
        match &self.cut {
            Cut::Markdown(strategy) => Box::new(strategy.chunks(text)),
            Cut::Hybrid(strategy) => match Language::from_name(&document.name) {
                Some(language) => Box::new(strategy.chunks_of_code(language, text)),
                None => Box::new(strategy.chunks_as(document.kind(), text)),
            },
            Cut::Character(strategy) => Box::new(strategy.chunks(text)),
            Cut::Recursive { all, code, languages, markdown } => match (document.kind(), code, markdown) {
                (DocumentKind::Code, Some(code), _) => match of_name(languages, &document.name) {
                    Some(code) => Box::new(code.chunks(text)),
                    None => Box::new(code.chunks_as(DocumentKind::Code, text)),
                },
                (DocumentKind::Markdown, _, Some(markdown)) => Box::new(markdown.chunks(text)),
                (kind, ..) => Box::new(all.chunks_as(kind, text)),
            },
            Cut::Hierarchical(strategy) => Box::new(strategy.chunks_as(document.kind(), text)),
            Cut::Semantic(strategy) => Box::new(strategy.chunks(text)),
        }
    }

    /// What hybrid chooses for a document, and why; `None` for another strategy.
    pub fn explain(&self, document: &Document) -> Option<Vec<Choice>> {
        match &self.cut {
            Cut::Hybrid(strategy) => Some(strategy.explain_as(document.kind(), &document.text)),
            _ => None,
        }
    }

    /// The chunks of a document of this name that is read while it is cut; `None` for a strategy that needs all of it first.
    pub fn chunk_reader<R: BufRead>(&self, name: &str, reader: R) -> Option<ChunkReader<'_, R, Sizer>> {
        match &self.cut {
            Cut::Character(strategy) => Some(strategy.chunk_reader(reader)),
            Cut::Recursive { all, code, languages, markdown } => {
                Some(match (kind_of(name), code, markdown) {
                    (DocumentKind::Code, Some(code), _) => match of_name(languages, name) {
                        Some(code) => code.chunk_reader(reader),
                        None => code.chunk_reader_as(DocumentKind::Code, reader),
                    },
                    (DocumentKind::Markdown, _, Some(markdown)) => markdown.chunk_reader(reader),
                    (kind, ..) => all.chunk_reader_as(kind, reader),
                })
            }
            Cut::Markdown(strategy) => Some(strategy.chunk_reader(reader)),
            Cut::Hierarchical(_) | Cut::Semantic(_) | Cut::Hybrid(_) => None,
        }
    }

    /// Whether [`chunk_reader`](Chunker::chunk_reader) has chunks.
    pub(crate) fn can_stream(&self) -> bool {
        self.chunk_reader("-", std::io::empty()).is_some()
    }

    /// Whether a file's name says how it is cut: Markdown by markdown, code on the syntax of its language.
    pub fn knows_names(&self) -> bool {
        self.settings.markdown_sizes.is_some()
    }

    /// Whether a document of this name is cut on the syntax of its language.
    pub(crate) fn knows_syntax_of(&self, name: &str) -> bool {
        match &self.cut {
            Cut::Recursive { languages, .. } => of_name(languages, name).is_some(),
            _ => false,
        }
    }

    /// What sizes count.
    pub fn unit(&self) -> Unit {
        self.settings.unit
    }

    pub(crate) fn settings(&self) -> &Resolved {
        &self.settings
    }

    /// The strategy that was asked for.
    pub fn strategy(&self) -> Strategy {
        self.settings.strategy
    }

    /// The size that chunks should have, the most they may have, and how much they repeat at most.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.settings.size, self.settings.max, self.settings.overlap)
    }

    /// The sizes of the levels, the coarsest first; one for a strategy without levels.
    pub fn levels(&self) -> &[usize] {
        &self.settings.levels
    }

    /// The default size, where the model's limit made it smaller.
    pub fn lowered_from(&self) -> Option<usize> {
        self.settings.lowered_from
    }

    /// Whether documents may be cut on several threads at once: not where a device does part of it.
    pub(crate) fn is_parallel(&self) -> bool {
        match &self.cut {
            Cut::Semantic(_) => false,
            Cut::Hybrid(strategy) => !strategy.has_embedder(),
            _ => true,
        }
    }
}

/// What cuts a file of this name, if its language is one of these.
fn of_name<'c>(languages: &'c [Code<Sizer>], name: &str) -> Option<&'c Code<Sizer>> {
    let language = Language::from_name(name)?;
    languages.iter().find(|code| code.language() == language)
}
