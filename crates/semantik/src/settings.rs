//! [`ChunkSettings`]: what a person asks of chunking, and the defaults for the rest.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chunk_strategies::{
    Breakpoints, Bytes, Chars, ChunkConfig, ChunkSizer, Code, Embedder, Fallback, Graphemes, Hierarchical,
    Hybrid, Language, Markdown, Recursive, Scope, Semantic, Strategy, Tokens, Words,
};
use embed_burn::ModelFolder;

use crate::error::Error;
use crate::prompted::Prompted;

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode scalar values.
    Chars,
    /// What a reader sees as one character.
    Graphemes,
    /// What lies between Unicode's word boundaries and holds a letter or digit.
    Words,
    /// What the model's tokenizer counts, special tokens included, and the prompt where texts are embedded with one.
    Tokens,
}

impl Unit {
    /// Every unit.
    pub const ALL: &'static [Unit] = &[Unit::Bytes, Unit::Chars, Unit::Graphemes, Unit::Words, Unit::Tokens];

    /// The name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Bytes => "bytes",
            Unit::Chars => "chars",
            Unit::Graphemes => "graphemes",
            Unit::Words => "words",
            Unit::Tokens => "tokens",
        }
    }

    /// How many of it stand for one token where a default is given in tokens: English has four letters to a token.
    const fn per_token(self) -> usize {
        match self {
            Unit::Bytes | Unit::Chars | Unit::Graphemes => 4,
            Unit::Words | Unit::Tokens => 1,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Unit {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Unit::ALL.iter().copied().find(|unit| unit.as_str() == name).ok_or_else(|| {
            let known: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
            Error::value("unit", format!("{name:?}"), format!("one of {}", known.join(", ")))
        })
    }
}

/// How to cut. What is `None` has a default that depends on the rest:
///
/// | strategy | size | overlap |
/// |---|---|---|
/// | character | 1000 tokens | 200 |
/// | recursive | 600 tokens; source code 400 | 100; 50 |
/// | markdown, hybrid | 1000 tokens | 0 |
/// | semantic | 1000 tokens | 0 |
/// | hierarchical | 128 tokens, in 512, in 2048 | 0 |
///
/// Four times that in bytes, chars and graphemes; the overlap never more than a fifth of the size. The unit is tokens
/// where there is a model, else chars. The maximum is the size. Hierarchical: the size is that of the finest level, and
/// the levels are 16, 4 and 1 times it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkSettings {
    /// The strategy.
    pub strategy: Strategy,
    /// Recursive: whether a file whose name says what it is is cut accordingly: Markdown by markdown, source code on the
    /// syntax of its language.
    pub names: FileNames,
    /// What sizes count.
    pub unit: Option<Unit>,
    /// The size that chunks should have.
    pub size: Option<usize>,
    /// The size that no chunk exceeds.
    pub max: Option<usize>,
    /// How much of the chunk before a chunk repeats at most.
    pub overlap: Option<usize>,
    /// Hierarchical: the sizes of the levels, the coarsest first.
    pub levels: Option<Vec<usize>>,
    /// Character and recursive: cut where the text around a cut says so, so that an edit leaves other chunks alone.
    pub anchored: bool,
    /// Semantic, and hybrid where it chooses semantic: which boundaries are cut.
    pub breakpoints: Option<Breakpoints>,
    /// Semantic: how many sentences on each side of a sentence count for its meaning.
    pub buffer: Option<usize>,
    /// Hybrid: what a strategy is chosen for.
    pub scope: Option<Scope>,
    /// Hybrid: the strategy to take whatever the text looks like.
    pub forced: Option<Strategy>,
    /// Markdown and hybrid: the context counts as part of a chunk, as it is embedded with it.
    pub context: ContextUse,
}

/// What the name of a file says about how it is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileNames {
    /// The strategy cuts every file.
    #[default]
    Ignored,
    /// Markdown by its name is cut by markdown, source code on its syntax, with the sizes and the overlap that are their own
    /// where none is asked for.
    Decide,
}

/// Whether a chunk's context (heading path and the like) is embedded with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextUse {
    /// It stands beside the text.
    #[default]
    Beside,
    /// It is embedded before the text, one line each and then a blank line, and counts to its size.
    Prefix,
    /// As [`Prefix`](ContextUse::Prefix) with source code that is cut on its syntax because of its name, and beside all else.
    Auto,
}

impl Default for ChunkSettings {
    fn default() -> Self {
        ChunkSettings {
            strategy: Strategy::Recursive,
            names: FileNames::Ignored,
            unit: None,
            size: None,
            max: None,
            overlap: None,
            levels: None,
            anchored: false,
            breakpoints: None,
            buffer: None,
            scope: None,
            forced: None,
            context: ContextUse::Beside,
        }
    }
}

/// A sizer of any unit.
pub type Sizer = Arc<dyn ChunkSizer + Send + Sync>;

/// Settings with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) strategy: Strategy,
    pub(crate) unit: Unit,
    pub(crate) size: usize,
    pub(crate) max: usize,
    pub(crate) overlap: usize,
    /// The sizes of the levels, the coarsest first; one for a strategy without levels.
    pub(crate) levels: Vec<usize>,
    pub(crate) anchored: bool,
    pub(crate) breakpoints: Option<Breakpoints>,
    pub(crate) buffer: Option<usize>,
    pub(crate) scope: Scope,
    pub(crate) forced: Option<Strategy>,
    pub(crate) context: ContextUse,
    /// Recursive: the size, the maximum and the overlap for source code.
    pub(crate) code: Option<(usize, usize, usize)>,
    /// Recursive, where names decide: the size, the maximum and the overlap for Markdown.
    pub(crate) markdown_sizes: Option<(usize, usize, usize)>,
    /// The default size, where the model's limit made it smaller.
    pub(crate) lowered_from: Option<usize>,
}

impl ChunkSettings {
    /// `limit`: the tokens that the model reads, where chunks are to be embedded.
    pub(crate) fn resolve(&self, has_model: bool, limit: Option<usize>) -> Result<Resolved, Error> {
        self.check_options()?;
        let unit = self.unit.unwrap_or(if has_model { Unit::Tokens } else { Unit::Chars });
        let (size, overlap) = match self.strategy {
            Strategy::Recursive => (600, 100),
            Strategy::Character => (1000, 200),
            Strategy::Hierarchical => (128, 0),
            _ => (1000, 0),
        };
        let default = size * unit.per_token();
        let fits = limit.map_or(usize::MAX, |limit| limit.saturating_mul(unit.per_token()));
        // A maximum alone lowers the size that was not asked for.
        let size = self.size.unwrap_or(default.min(fits).min(self.max.unwrap_or(usize::MAX)));
        // Sizes of levels say the size, too.
        let size = self.levels.as_ref().and_then(|levels| levels.last().copied()).unwrap_or(size);
        let lowered = self.size.is_none() && self.max.is_none() && self.levels.is_none() && size < default;
        let sizes = |size: usize, overlap: usize| {
            let size =
                self.size.unwrap_or((size * unit.per_token()).min(fits).min(self.max.unwrap_or(usize::MAX)));
            let overlap = self.overlap.unwrap_or((overlap * unit.per_token()).min(size / 5));
            (size, self.max.unwrap_or(size), overlap)
        };
        let is_recursive = self.strategy == Strategy::Recursive;
        // Statements are shorter than paragraphs.
        let code = is_recursive.then(|| sizes(400, 50));
        let markdown = (is_recursive && self.names == FileNames::Decide).then(|| sizes(1000, 0));
        let overlap = self.overlap.unwrap_or((overlap * unit.per_token()).min(size / 5));
        Ok(Resolved {
            strategy: self.strategy,
            unit,
            size,
            max: self.max.unwrap_or(size),
            overlap,
            levels: self.levels(size)?,
            anchored: self.anchored,
            breakpoints: self.breakpoints,
            buffer: self.buffer,
            scope: self.scope.unwrap_or_default(),
            forced: self.forced,
            context: self.context,
            code,
            markdown_sizes: markdown,
            lowered_from: lowered.then_some(default),
        })
    }

    /// An option of one strategy that is given with another is a mistake worth telling.
    fn check_options(&self) -> Result<(), Error> {
        use Strategy::{Character, Hierarchical, Hybrid, Markdown, Recursive, Semantic};
        let counts_context = self.context == ContextUse::Prefix;
        let options: [(&str, bool, &[Strategy]); 8] = [
            ("levels", self.levels.is_some(), &[Hierarchical]),
            ("anchored", self.anchored, &[Character, Recursive]),
            ("breakpoints", self.breakpoints.is_some(), &[Semantic, Hybrid]),
            ("buffer", self.buffer.is_some(), &[Semantic, Hybrid]),
            ("context", counts_context && self.names == FileNames::Ignored, &[Markdown, Hybrid]),
            // These leave no room for it, whatever names say.
            ("context", counts_context, &[Character, Recursive, Markdown, Hybrid]),
            ("hybrid-per", self.scope.is_some(), &[Hybrid]),
            ("hybrid-use", self.forced.is_some(), &[Hybrid]),
        ];
        if let Some((name, _, strategies)) =
            options.iter().find(|(_, given, strategies)| *given && !strategies.contains(&self.strategy))
        {
            let names: Vec<&str> = strategies.iter().map(|strategy| strategy.as_str()).collect();
            let bound = format!("left out: it belongs to {}", names.join(" and "));
            return Err(Error::value(*name, format!("given with strategy {}", self.strategy), bound));
        }
        match self.forced {
            Some(forced @ (Hierarchical | Hybrid)) => {
                let bound = "character, recursive, markdown or semantic";
                Err(Error::value("hybrid-use", forced, bound))
            }
            _ => Ok(()),
        }
    }

    /// The sizes of the levels, the coarsest first, where the finest is `size`.
    fn levels(&self, size: usize) -> Result<Vec<usize>, Error> {
        if self.strategy != Strategy::Hierarchical {
            return Ok(vec![size]);
        }
        let same = |field: &str, value: Option<usize>| match value {
            Some(value) if value != size => {
                Err(Error::value(field, value, format!("{size}, the finest level's, or left out")))
            }
            _ => Ok(()),
        };
        same("size", self.size)?;
        same("max", self.max)?;
        let spread = || [16, 4, 1].map(|times: usize| size.saturating_mul(times)).to_vec();
        Ok(self.levels.clone().unwrap_or_else(spread))
    }
}

impl Resolved {
    /// `model`: whose tokenizer counts tokens. `prompt`: what is put before each text, and counts to its size in tokens.
    pub(crate) fn config(
        &self,
        model: Option<&ModelFolder>,
        prompt: &str,
    ) -> Result<ChunkConfig<Sizer>, Error> {
        // Named before a sizer is made: a wrong size needs no model to be wrong.
        ChunkConfig::new(self.size..=self.max).check()?;
        let sizer: Sizer = match (self.unit, model) {
            (Unit::Bytes, _) => Arc::new(Bytes),
            (Unit::Chars, _) => Arc::new(Chars),
            (Unit::Graphemes, _) => Arc::new(Graphemes),
            (Unit::Words, _) => Arc::new(Words),
            (Unit::Tokens, Some(model)) => {
                let tokens = Tokens::new(model.tokenizer()?)?;
                if prompt.is_empty() { Arc::new(tokens) } else { Arc::new(Prompted::new(tokens, prompt)) }
            }
            (Unit::Tokens, None) => {
                return Err(Error::value("unit", "tokens", "another unit where no model is named"));
            }
        };
        let config = ChunkConfig::new(self.size..=self.max).sizer(sizer).overlap(self.overlap);
        config.check()?;
        Ok(config)
    }

    /// Of other sizes, those of [`code`](Resolved::code) or [`markdown_sizes`](Resolved::markdown_sizes), with the sizer of a
    /// configuration; `None` where there are none.
    pub(crate) fn config_of(
        sizes: Option<(usize, usize, usize)>,
        config: &ChunkConfig<Sizer>,
    ) -> Result<Option<ChunkConfig<Sizer>>, Error> {
        let Some((size, max, overlap)) = sizes else { return Ok(None) };
        let config = ChunkConfig::new(size..=max).sizer(Arc::clone(&config.sizer)).overlap(overlap);
        config.check()?;
        Ok(Some(config))
    }

    /// Markdown, with what was asked of it.
    pub(crate) fn markdown(&self, config: ChunkConfig<Sizer>) -> Result<Markdown<Sizer>, Error> {
        let markdown = Markdown::new(config)?;
        Ok(match self.context {
            ContextUse::Beside | ContextUse::Auto => markdown,
            ContextUse::Prefix => markdown.with_context_counted(),
        })
    }

    /// Recursive, with what was asked of it.
    pub(crate) fn recursive(&self, config: ChunkConfig<Sizer>) -> Result<Recursive<Sizer>, Error> {
        let recursive = Recursive::new(config)?;
        let recursive = match self.context {
            ContextUse::Beside | ContextUse::Auto => recursive,
            ContextUse::Prefix => recursive.with_context_counted(),
        };
        Ok(if self.anchored { recursive.anchored() } else { recursive })
    }

    /// Source code on its syntax, for each language.
    pub(crate) fn languages(&self, config: &ChunkConfig<Sizer>) -> Result<Vec<Code<Sizer>>, Error> {
        let code = |&language| {
            let code = Code::new(config.clone(), language)?;
            Ok(if self.context == ContextUse::Beside { code } else { code.with_context_counted() })
        };
        Language::ALL.iter().map(code).collect()
    }

    /// Semantic, with what was asked of it.
    pub(crate) fn semantic<E: Embedder>(
        &self,
        config: ChunkConfig<Sizer>,
        embedder: E,
        fallback: Fallback,
    ) -> Result<Semantic<Sizer, E>, Error> {
        let mut semantic = Semantic::new(config, embedder)?.with_fallback(fallback);
        if let Some(breakpoints) = self.breakpoints {
            semantic = semantic.with_breakpoints(breakpoints)?;
        }
        Ok(match self.buffer {
            Some(buffer) => semantic.with_buffer(buffer),
            None => semantic,
        })
    }

    /// Hybrid, with what was asked of it. Without an embedder, semantic is no choice.
    pub(crate) fn hybrid<E: Embedder>(
        &self,
        config: ChunkConfig<Sizer>,
        embedder: Option<E>,
        fallback: Fallback,
    ) -> Result<Hybrid<Sizer, E>, Error> {
        if embedder.is_none() && self.forced == Some(Strategy::Semantic) {
            return Err(Error::model_needed(Strategy::Semantic));
        }
        // Without a model, semantic is no choice, and what belongs to it has no effect.
        if embedder.is_none() && (self.breakpoints.is_some() || self.buffer.is_some()) {
            return Err(Error::model_needed(Strategy::Semantic));
        }
        let mut hybrid = Hybrid::new(config)?.with_optional_embedder(embedder).with_scope(self.scope);
        hybrid = hybrid.with_fallback(fallback);
        if let Some(breakpoints) = self.breakpoints {
            hybrid = hybrid.with_breakpoints(breakpoints)?;
        }
        if let Some(buffer) = self.buffer {
            hybrid = hybrid.with_buffer(buffer);
        }
        if self.context == ContextUse::Prefix {
            hybrid = hybrid.with_context_counted();
        }
        Ok(match self.forced {
            Some(strategy) => hybrid.with_forced(strategy)?,
            None => hybrid,
        })
    }

    /// The levels with the sizer of a configuration.
    pub(crate) fn hierarchical(&self, config: &ChunkConfig<Sizer>) -> Result<Hierarchical<Sizer>, Error> {
        let shown = || format!("{:?}", self.levels);
        let Some((&finest, above)) = self.levels.split_last() else {
            return Err(Error::value("levels", shown(), "at least one size"));
        };
        let config = ChunkConfig::new(finest).sizer(Arc::clone(&config.sizer)).overlap(self.overlap);
        Ok(Hierarchical::new(config, above.iter().copied())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(settings: &ChunkSettings, has_model: bool, limit: Option<usize>) -> Resolved {
        settings.resolve(has_model, limit).unwrap()
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let of = |strategy| ChunkSettings { strategy, ..ChunkSettings::default() };
        let recursive = resolved(&of(Strategy::Recursive), false, None);
        assert_eq!(
            (recursive.unit, recursive.size, recursive.max, recursive.overlap),
            (Unit::Chars, 2400, 2400, 400)
        );
        assert_eq!(recursive.code, Some((1600, 1600, 200)));
        let overlap = ChunkSettings { overlap: Some(0), ..ChunkSettings::default() };
        assert_eq!(resolved(&overlap, false, None).code, Some((1600, 1600, 0)));
        let size = ChunkSettings { size: Some(99), ..ChunkSettings::default() };
        assert_eq!(resolved(&size, false, None).code, Some((99, 99, 19)));
        assert_eq!(recursive.markdown_sizes, None, "a strategy that is named cuts every file");
        let by_name = ChunkSettings { names: FileNames::Decide, ..ChunkSettings::default() };
        assert_eq!(resolved(&by_name, false, None).markdown_sizes, Some((4000, 4000, 0)));
        assert_eq!(resolved(&by_name, true, Some(256)).markdown_sizes, Some((256, 256, 0)));
        let character = resolved(&of(Strategy::Character), true, None);
        assert_eq!((character.unit, character.size, character.overlap), (Unit::Tokens, 1000, 200));
        assert_eq!(resolved(&of(Strategy::Semantic), true, None).overlap, 0);
    }

    #[test]
    fn the_models_limit_lowers_a_default_and_no_wish() {
        let lowered = resolved(&ChunkSettings::default(), true, Some(256));
        assert_eq!((lowered.size, lowered.overlap, lowered.lowered_from), (256, 51, Some(600)));
        let wish = ChunkSettings { size: Some(1000), ..ChunkSettings::default() };
        assert_eq!(resolved(&wish, true, Some(256)).size, 1000);
    }

    #[test]
    fn a_small_size_alone_works() {
        let levels = ChunkSettings { strategy: Strategy::Hierarchical, ..ChunkSettings::default() };
        assert_eq!(resolved(&levels, true, Some(256)).levels, [2048, 512, 128]);
        let given = ChunkSettings { levels: Some(vec![90, 30]), ..levels.clone() };
        assert_eq!(
            (resolved(&given, false, None).levels, resolved(&given, false, None).size),
            (vec![90, 30], 30)
        );
        assert!(
            ChunkSettings { levels: Some(vec![90, 30]), size: Some(40), ..levels }
                .resolve(false, None)
                .is_err()
        );
        let wrong = ChunkSettings { levels: Some(vec![90]), ..ChunkSettings::default() };
        let told = wrong.resolve(false, None).unwrap_err().to_string();
        assert!(told.contains("levels") && told.contains("hierarchical"), "{told}");
        for strategy in [Strategy::Semantic, Strategy::Hierarchical] {
            let names = FileNames::Decide;
            let wrong =
                ChunkSettings { strategy, names, context: ContextUse::Prefix, ..ChunkSettings::default() };
            assert!(wrong.resolve(true, None).unwrap_err().to_string().contains("context"));
        }
        let small = resolved(&ChunkSettings { size: Some(3), ..ChunkSettings::default() }, false, None);
        assert_eq!((small.max, small.overlap), (3, 0));
        assert!(small.config(None, "").is_ok());
    }
}
