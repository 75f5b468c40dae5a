//! [`Counted`]: a size that a person chose once, whatever the memory.

use super::{Policy, Step};
use crate::device::Device;
use crate::texts::Texts;

/// Batches of a fixed size. Where one has no room, its texts are lost, as those are whose engine returns the error.
#[derive(Clone, Debug)]
pub struct Counted {
    size: Size,
    sorted: Vec<usize>,
    /// Drawn already, of the batch to come.
    next: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Size {
    /// As sentence-transformers does: so many texts, of a call of so many that are sorted by length, longest first.
    Texts { batch: usize, call: usize },
    /// As text-embeddings-inference does where it pads: in the order in which they came, texts × the longest of them no
    /// more than so many tokens.
    Tokens(usize),
}

impl Counted {
    /// `batch` texts, sorted within calls of `call` texts.
    pub fn texts(batch: usize, call: usize) -> Self {
        Counted { size: Size::Texts { batch, call }, sorted: Vec::new(), next: None }
    }

    /// `tokens`, padding included.
    pub fn tokens(tokens: usize) -> Self {
        Counted { size: Size::Tokens(tokens), sorted: Vec::new(), next: None }
    }

    fn batch(&mut self, texts: &mut Texts<'_>) -> Vec<usize> {
        match self.size {
            Size::Texts { batch, call } => {
                if self.sorted.is_empty() {
                    self.sorted = (0..call).map(|_| texts.draw()).collect();
                    // The longest is taken first, from the end.
                    self.sorted.sort_unstable();
                }
                self.sorted.split_off(self.sorted.len().saturating_sub(batch))
            }
            Size::Tokens(tokens) => {
                let mut batch = vec![self.next.take().unwrap_or_else(|| texts.draw())];
                let mut longest = batch[0];
                loop {
                    let next = texts.draw();
                    longest = longest.max(next);
                    if longest * (batch.len() + 1) > tokens {
                        self.next = Some(next);
                        return batch;
                    }
                    batch.push(next);
                }
            }
        }
    }
}

impl Policy for Counted {
    fn step(&mut self, texts: &mut Texts<'_>, device: &mut Device<'_>) -> Step {
        let batch = self.batch(texts);
        let longest = batch.iter().copied().max().unwrap_or(1);
        device.look();
        match device.run(batch.len(), longest, 0) {
            Ok(_) => {
                let padded = batch.len() * longest;
                Step { tokens: batch.iter().sum(), padded, ..Step::of(batch.len()) }
            }
            Err(failed) => {
                device.clean();
                Step { lost: batch.len(), failed: Some(failed), ..Step::of(0) }
            }
        }
    }
}
