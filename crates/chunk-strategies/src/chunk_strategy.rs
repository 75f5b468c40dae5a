//! [`ChunkStrategy`]: what all strategies have in common.

use std::sync::Arc;

use crate::chunk::Chunk;
use crate::error::ChunkError;
use crate::kind::DocumentKind;
use crate::sizer::ChunkSizer;
use crate::strategy::Strategy;
use crate::{Character, Embedder, Hierarchical, Hybrid, Markdown, Recursive, Semantic};

/// The chunks of a document, as a strategy of any kind gives them. An error is the last item.
pub type Chunks<'d> = Box<dyn Iterator<Item = Result<Chunk<'d>, ChunkError>> + Send + 'd>;

/// A strategy, whichever it is: for where it is chosen at run time, and for strategies of one's own.
///
/// Each strategy has a method `chunks` of its own, too, which returns its iterator without a box.
///
/// ```
/// use chunk_strategies::{ChunkConfig, ChunkStrategy, Character, Markdown};
///
/// # fn main() -> Result<(), chunk_strategies::ChunkError> {
/// let config = || ChunkConfig::new(40);
/// let strategies: [Box<dyn ChunkStrategy>; 2] =
///     [Box::new(Character::new(config())?), Box::new(Markdown::new(config())?)];
/// for strategy in &strategies {
///     for chunk in strategy.chunks("# Foxes\n\nFoxes are quick.\n") {
///         println!("{}: {:?}", strategy.strategy(), chunk?.text());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub trait ChunkStrategy: Send + Sync {
    /// Its name.
    fn strategy(&self) -> Strategy;

    /// The chunks of the document, found as the iterator is driven where the strategy allows that.
    fn chunks<'d>(&'d self, text: &'d str) -> Chunks<'d>;

    /// The chunks of a document of which something is known. The default makes nothing of it.
    fn chunks_as<'d>(&'d self, kind: DocumentKind, text: &'d str) -> Chunks<'d> {
        let _ = kind;
        self.chunks(text)
    }
}

/// `$name` cuts as `$strategy`; `chunks_as` of those that make something of a kind.
macro_rules! strategy {
    ($name:ty, $strategy:ident $(, $chunks_as:ident)?) => {
        impl<S: ChunkSizer> ChunkStrategy for $name {
            fn strategy(&self) -> Strategy {
                Strategy::$strategy
            }

            fn chunks<'d>(&'d self, text: &'d str) -> Chunks<'d> {
                Box::new(<$name>::chunks(self, text))
            }

            $(fn $chunks_as<'d>(&'d self, kind: DocumentKind, text: &'d str) -> Chunks<'d> {
                Box::new(<$name>::$chunks_as(self, kind, text))
            })?
        }
    };
}
strategy!(Character<S>, Character);
strategy!(Markdown<S>, Markdown);
strategy!(Hierarchical<S>, Hierarchical, chunks_as);
strategy!(Recursive<S>, Recursive, chunks_as);
// Recursive's way with source code.
#[cfg(feature = "code")]
strategy!(crate::Code<S>, Recursive);

impl<S: ChunkSizer, E: Embedder + Send + Sync> ChunkStrategy for Semantic<S, E> {
    fn strategy(&self) -> Strategy {
        Strategy::Semantic
    }

    fn chunks<'d>(&'d self, text: &'d str) -> Chunks<'d> {
        Box::new(Semantic::chunks(self, text))
    }
}

impl<S: ChunkSizer, E: Embedder + Send + Sync> ChunkStrategy for Hybrid<S, E> {
    fn strategy(&self) -> Strategy {
        Strategy::Hybrid
    }

    fn chunks<'d>(&'d self, text: &'d str) -> Chunks<'d> {
        Box::new(Hybrid::chunks(self, text))
    }

    fn chunks_as<'d>(&'d self, kind: DocumentKind, text: &'d str) -> Chunks<'d> {
        Box::new(Hybrid::chunks_as(self, kind, text))
    }
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<C: ChunkStrategy + ?Sized> ChunkStrategy for $pointer {
            fn strategy(&self) -> Strategy {
                (**self).strategy()
            }

            fn chunks<'d>(&'d self, text: &'d str) -> Chunks<'d> {
                (**self).chunks(text)
            }

            fn chunks_as<'d>(&'d self, kind: DocumentKind, text: &'d str) -> Chunks<'d> {
                (**self).chunks_as(kind, text)
            }
        }
    )+};
}
forward!(&C, Box<C>, Arc<C>);
