//! text-splitter, given the same task as ours.

use text_splitter::{ChunkConfig, ChunkSizer};
use tokenizers::Tokenizer;

/// Lossless, as ours is.
pub fn config<S: ChunkSizer>(size: usize, sizer: S) -> ChunkConfig<S> {
    ChunkConfig::new(size).with_sizer(sizer).with_trim(false)
}

/// Counts as our sizer does, through the same version of the same tokenizer. Its own adapter is for another version.
#[derive(Debug)]
pub struct Tokens<'t>(pub &'t Tokenizer);

impl ChunkSizer for Tokens<'_> {
    fn size(&self, chunk: &str) -> usize {
        self.0.encode_fast(chunk, true).map_or(chunk.len(), |encoding| encoding.len())
    }
}
