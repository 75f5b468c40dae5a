//! Which words of a vocabulary some texts use, and a table without the others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use device_suite::Fault;
use embed_burn::ModelFolder;
use half::f16;

use crate::failure::Failure;
use crate::prepare::told;

/// The words that are used, by their ids, and how many there are.
#[derive(Debug)]
pub(crate) struct Words {
    used: BTreeSet<u32>,
    all: usize,
}

impl Words {
    /// Those of `texts`, and of every file below `folder` that is text; and those that tokenizers set themselves.
    pub(crate) fn of(model: &ModelFolder, texts: &[&str], folder: &Path) -> Result<Self, Failure> {
        let tokenizer = model.tokenizer().map_err(Fault::from)?;
        // Padding has the id 0 in batches of ours.
        let mut used = BTreeSet::from([0]);
        used.extend(tokenizer.get_added_tokens_decoder().keys());
        let mut add = |text: &str| -> Result<(), Failure> {
            let encoded = tokenizer.encode(text, true).map_err(|error| Failure::failed(error.to_string()))?;
            used.extend(encoded.get_ids());
            Ok(())
        };
        texts.iter().try_for_each(|text| add(text))?;
        let mut waiting = vec![folder.to_owned()];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                for entry in fs::read_dir(&path).map_err(told(&path))? {
                    waiting.push(entry.map_err(told(&path))?.path());
                }
            } else {
                add(&fs::read_to_string(&path).map_err(told(&path))?)?;
            }
        }
        Ok(Words { used, all: tokenizer.get_vocab_size(true) })
    }

    /// Such as `5218 of 30522 words`.
    pub(crate) fn told(&self) -> String {
        format!("{} of {} words", self.used.len(), self.all)
    }

    /// A table in f16, a row a word, in which the rows of words that are not used hold no numbers: what meets one becomes a
    /// vector that is not finite, which is refused, and never a wrong one.
    pub(crate) fn only(&self, table: &mut [u8], width: usize) {
        let nan = f16::NAN.to_le_bytes();
        for (row, id) in table.chunks_exact_mut(width * nan.len()).zip(0..) {
            if !self.used.contains(&id) {
                row.chunks_exact_mut(nan.len()).for_each(|number| number.copy_from_slice(&nan));
            }
        }
    }
}

/// Whether a tensor is the table of words, by its name.
pub(crate) fn is_table(tensor: &str) -> bool {
    tensor.ends_with("embeddings.word_embeddings.weight")
}
