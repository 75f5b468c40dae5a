//! [`ChunkIds`]: names for chunks that depend on their text alone.

use std::collections::HashMap;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::chunk::Chunk;

/// Hands out the ids of one document's chunks, in order.
///
/// An id is a hash of the chunk's text, its level and how often that text came before in the document: an edit
/// elsewhere leaves it as it is, and no two chunks of a document share one. It is unique within the document; the pair
/// (document, id) is the key. The hash is XXH3 with 128 bits, the same on every platform. Keeps 24 bytes a chunk.
#[derive(Debug, Default)]
pub struct ChunkIds {
    seen: HashMap<u128, u32>,
    /// The last chunk of each level, and its id.
    above: Vec<(usize, String)>,
}

impl ChunkIds {
    /// For the start of a document.
    pub fn new() -> Self {
        ChunkIds::default()
    }

    /// The id of the next chunk: 32 hexadecimal digits.
    pub fn assign(&mut self, chunk: &Chunk<'_>) -> String {
        let text = xxh3_128(chunk.text().as_bytes());
        // Keyed by text and level: the same text on two levels is two chunks.
        let level = chunk.level().map_or(0, |level| level as u64 + 1);
        let key = digest(text, level, 0);
        let count = self.seen.entry(key).or_insert(0);
        let id = digest(text, level, u64::from(*count) + 1);
        *count += 1;
        format!("{id:032x}")
    }

    /// The same, and that of the chunk one level up, if there is one.
    pub(crate) fn assign_with_parent(&mut self, chunk: &Chunk<'_>) -> (String, Option<String>) {
        let id = self.assign(chunk);
        let Some(level) = chunk.level() else { return (id, None) };
        self.above.truncate(level);
        let parent = self.above.last().filter(|(index, _)| Some(*index) == chunk.parent());
        let parent = parent.map(|(_, id)| id.clone());
        self.above.push((chunk.index(), id.clone()));
        (id, parent)
    }
}

fn digest(text: u128, level: u64, occurrence: u64) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(&text.to_le_bytes());
    hasher.update(&level.to_le_bytes());
    hasher.update(&occurrence.to_le_bytes());
    hasher.digest128()
}
