//! [`ChunkSettings`]: what a person asks of chunking, and the defaults for the rest.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chunk_strategies::{
    Bytes, Capacity, Chars, ChunkConfig, ChunkSizer, Graphemes, Hierarchical, Strategy, Tokens, Words,
};
use embed_burn::ModelFolder;

use crate::error::Error;

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
    /// What the model's tokenizer counts, special tokens included.
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
/// | recursive | 600 tokens | 100 |
/// | semantic | 1000 tokens | 0 |
/// | hierarchical | 128 tokens, in 512, in 2048 | 0 |
///
/// Four times that in bytes, chars and graphemes; the overlap never more than a fifth of the size. The unit is tokens
/// where there is a model, else chars. The maximum is the size. Hierarchical: the size is that of the finest level, and
/// the levels are 16, 4 and 1 times it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSettings {
    /// The strategy.
    pub strategy: Strategy,
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
}

impl Default for ChunkSettings {
    fn default() -> Self {
        ChunkSettings {
            strategy: Strategy::Recursive,
            unit: None,
            size: None,
            max: None,
            overlap: None,
            levels: None,
        }
    }
}

/// A sizer of any unit.
pub(crate) type Sizer = Arc<dyn ChunkSizer + Send + Sync>;

/// Settings with every default filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) strategy: Strategy,
    pub(crate) unit: Unit,
    pub(crate) size: usize,
    pub(crate) max: usize,
    pub(crate) overlap: usize,
    /// The sizes of the levels, the coarsest first; one for a strategy without levels.
    pub(crate) levels: Vec<usize>,
    /// The default size, where the model's limit made it smaller.
    pub(crate) lowered_from: Option<usize>,
}

impl ChunkSettings {
    /// `limit`: the tokens that the model reads, where chunks are to be embedded.
    pub(crate) fn resolve(&self, has_model: bool, limit: Option<usize>) -> Result<Resolved, Error> {
        if !Strategy::BUILT.contains(&self.strategy) {
            return Err(Error::not_built(format!("strategy {}", self.strategy)));
        }
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
        let overlap = self.overlap.unwrap_or((overlap * unit.per_token()).min(size / 5));
        Ok(Resolved {
            strategy: self.strategy,
            unit,
            size,
            max: self.max.unwrap_or(size),
            overlap,
            levels: self.levels(size)?,
            lowered_from: lowered.then_some(default),
        })
    }

    /// The sizes of the levels, the coarsest first, where the finest is `size`.
    fn levels(&self, size: usize) -> Result<Vec<usize>, Error> {
        if self.strategy != Strategy::Hierarchical {
            return match &self.levels {
                Some(levels) => {
                    let bound = format!("left out: strategy {} has no levels", self.strategy);
                    Err(Error::value("levels", format!("{levels:?}"), bound))
                }
                None => Ok(vec![size]),
            };
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
    /// `model`: whose tokenizer counts tokens.
    pub(crate) fn config(&self, model: Option<&ModelFolder>) -> Result<ChunkConfig<Sizer>, Error> {
        // Named before a sizer is made: a wrong size needs no model to be wrong.
        let capacity = Capacity::new(self.size, self.max)?;
        let sizer: Sizer = match (self.unit, model) {
            (Unit::Bytes, _) => Arc::new(Bytes),
            (Unit::Chars, _) => Arc::new(Chars),
            (Unit::Graphemes, _) => Arc::new(Graphemes),
            (Unit::Words, _) => Arc::new(Words),
            (Unit::Tokens, Some(model)) => Arc::new(Tokens::new(model.tokenizer()?)?),
            (Unit::Tokens, None) => {
                return Err(Error::value("unit", "tokens", "another unit where no model is named"));
            }
        };
        Ok(ChunkConfig::new(capacity, sizer)?.with_overlap(self.overlap)?)
    }

    /// The levels with the sizer of a configuration.
    pub(crate) fn hierarchical(&self, config: &ChunkConfig<Sizer>) -> Result<Hierarchical<Sizer>, Error> {
        let levels = Hierarchical::new(Arc::clone(config.sizer()), &self.levels)?;
        Ok(levels.with_overlap(self.overlap)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(settings: ChunkSettings, has_model: bool, limit: Option<usize>) -> Resolved {
        settings.resolve(has_model, limit).unwrap()
    }

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let of = |strategy| ChunkSettings { strategy, ..ChunkSettings::default() };
        let recursive = resolved(of(Strategy::Recursive), false, None);
        assert_eq!(
            (recursive.unit, recursive.size, recursive.max, recursive.overlap),
            (Unit::Chars, 2400, 2400, 400)
        );
        let character = resolved(of(Strategy::Character), true, None);
        assert_eq!((character.unit, character.size, character.overlap), (Unit::Tokens, 1000, 200));
        assert_eq!(resolved(of(Strategy::Semantic), true, None).overlap, 0);
    }

    #[test]
    fn the_models_limit_lowers_a_default_and_no_wish() {
        let lowered = resolved(ChunkSettings::default(), true, Some(256));
        assert_eq!((lowered.size, lowered.overlap, lowered.lowered_from), (256, 51, Some(600)));
        let wish = ChunkSettings { size: Some(1000), ..ChunkSettings::default() };
        assert_eq!(resolved(wish, true, Some(256)).size, 1000);
    }

    #[test]
    fn a_small_size_alone_works() {
        let levels = ChunkSettings { strategy: Strategy::Hierarchical, ..ChunkSettings::default() };
        assert_eq!(resolved(levels.clone(), true, Some(256)).levels, [2048, 512, 128]);
        let given = ChunkSettings { levels: Some(vec![90, 30]), ..levels.clone() };
        assert_eq!(
            (resolved(given.clone(), false, None).levels, resolved(given, false, None).size),
            (vec![90, 30], 30)
        );
        assert!(
            ChunkSettings { levels: Some(vec![90, 30]), size: Some(40), ..levels }
                .resolve(false, None)
                .is_err()
        );
        assert!(
            ChunkSettings { levels: Some(vec![90]), ..ChunkSettings::default() }
                .resolve(false, None)
                .is_err()
        );
        let small = resolved(ChunkSettings { size: Some(3), ..ChunkSettings::default() }, false, None);
        assert_eq!((small.max, small.overlap), (3, 0));
        assert!(small.config(None).is_ok());
    }
}
