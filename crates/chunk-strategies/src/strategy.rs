//! The names of the strategies.

use std::fmt;
use std::str::FromStr;

use crate::error::ChunkError;

/// A way of choosing where to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Strategy {
    /// Windows cut back to the nearest boundary: see [`Character`](crate::Character).
    Character,
    /// The largest separators that fit: see [`Recursive`](crate::Recursive).
    Recursive,
    /// Markdown's blocks under their heading path: see [`Markdown`](crate::Markdown).
    Markdown,
    /// Cuts where meaning turns: see [`Semantic`](crate::Semantic).
    Semantic,
    /// Levels nested on shared boundaries: see [`Hierarchical`](crate::Hierarchical).
    Hierarchical,
    /// Looks at the document and chooses: see [`Hybrid`](crate::Hybrid).
    Hybrid,
}

impl Strategy {
    /// Every name, in the order of the documentation.
    pub const ALL: &'static [Strategy] = &[
        Strategy::Character,
        Strategy::Recursive,
        Strategy::Markdown,
        Strategy::Semantic,
        Strategy::Hierarchical,
        Strategy::Hybrid,
    ];

    /// The name, in lower case, as it stands in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Character => "character",
            Strategy::Recursive => "recursive",
            Strategy::Markdown => "markdown",
            Strategy::Semantic => "semantic",
            Strategy::Hierarchical => "hierarchical",
            Strategy::Hybrid => "hybrid",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Strategy {
    type Err = ChunkError;

    /// Reads a name as [`Strategy::as_str`] gives it; an error lists the known names.
    fn from_str(name: &str) -> Result<Self, ChunkError> {
        Strategy::ALL
            .iter()
            .copied()
            .find(|strategy| strategy.as_str() == name)
            .ok_or_else(|| ChunkError::unknown_strategy(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for &strategy in Strategy::ALL {
            assert_eq!(strategy.as_str().parse::<Strategy>().ok(), Some(strategy));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known() {
        let message = "magic".parse::<Strategy>().err().map(|e| e.to_string()).unwrap_or_default();
        assert!(message.contains("magic") && message.contains("recursive"), "{message}");
    }
}
