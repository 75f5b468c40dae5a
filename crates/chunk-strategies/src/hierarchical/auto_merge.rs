//! [`AutoMerge`]: from small chunks that were found to the large ones they make up.

use std::collections::{BTreeMap, BTreeSet};

use crate::chunk::Chunk;
use crate::error::ChunkError;

/// Replaces chunks by the chunk above them where more than a share of those inside it were found, level by level.
///
/// What a search over small chunks finds is often most of a larger one: that one is then the better context, whole and
/// without repetitions.
///
/// ```
/// use chunk_strategies::{AutoMerge, ChunkConfig, Hierarchical};
///
/// let strategy = Hierarchical::new(ChunkConfig::new(12), [24])?;
/// let chunks = strategy.chunks("One line.\nAnother.\n\nA paragraph.").collect::<Result<Vec<_>, _>>()?;
/// let merge = AutoMerge::new(&chunks);
/// // Both small chunks inside the first large one.
/// assert_eq!(merge.merge([1, 2]), [0]);
/// assert_eq!(merge.merge([1]), [1]);
/// # Ok::<(), chunk_strategies::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AutoMerge {
    /// The chunk above each chunk that has one.
    parents: BTreeMap<usize, usize>,
    /// How many chunks are directly inside each that has any.
    children: BTreeMap<usize, usize>,
    share: f64,
}

impl AutoMerge {
    /// For the chunks of one document, merging where more than half of those inside were found.
    pub fn new(chunks: &[Chunk<'_>]) -> Self {
        let mut merge = AutoMerge { parents: BTreeMap::new(), children: BTreeMap::new(), share: 0.5 };
        for chunk in chunks {
            if let Some(parent) = chunk.parent() {
                merge.parents.insert(chunk.index(), parent);
                *merge.children.entry(parent).or_insert(0) += 1;
            }
        }
        merge
    }

    /// Merges where more than this share of the chunks inside were found.
    ///
    /// # Errors
    /// The share is not from 0 to below 1.
    pub fn with_share(self, share: f64) -> Result<Self, ChunkError> {
        if !(0.0..1.0).contains(&share) {
            return Err(ChunkError::config("share", share, "from 0 to below 1"));
        }
        Ok(AutoMerge { share, ..self })
    }

    /// The chunks to read for those that were found, by their indices, ascending. No chunk of the result lies inside
    /// another. Indices that no chunk has are kept as they are.
    pub fn merge(&self, found: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut kept: BTreeSet<usize> = found.into_iter().collect();
        loop {
            let mut inside: BTreeMap<usize, usize> = BTreeMap::new();
            for index in &kept {
                if let Some(&parent) = self.parents.get(index) {
                    *inside.entry(parent).or_insert(0) += 1;
                }
            }
            let mostly = |(parent, count): (usize, usize)| {
                let of = self.children.get(&parent).copied().unwrap_or(count);
                (count as f64 > self.share * of as f64).then_some(parent)
            };
            let before = kept.len();
            let merged: Vec<usize> =
                inside.into_iter().filter_map(mostly).filter(|parent| !kept.contains(parent)).collect();
            kept.extend(&merged);
            // What lies inside a chunk that is kept is there already.
            let covered: Vec<usize> =
                kept.iter().copied().filter(|&index| self.is_inside(index, &kept)).collect();
            for index in &covered {
                kept.remove(index);
            }
            if merged.is_empty() && kept.len() == before {
                return kept.into_iter().collect();
            }
        }
    }

    fn is_inside(&self, index: usize, kept: &BTreeSet<usize>) -> bool {
        let above = std::iter::successors(self.parents.get(&index), |index| self.parents.get(index));
        above.into_iter().any(|parent| kept.contains(parent))
    }
}
