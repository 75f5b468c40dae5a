//! [`TokenVectors`]: a vector for each token of a text, instead of one for the text.

use chunk_strategies::Vectors;

use super::{BurnEmbedder, batches};
use crate::arch::Encoder;
use crate::backend::Work;
use crate::error::EmbedError;
#[cfg(feature = "cpu")]
use crate::folder::Pooling;

/// A text's tokens, each with the vector that the encoder gives it: before pooling and all that follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenVectors {
    /// The ids of the tokens, those of a prompt and special tokens included.
    pub ids: Vec<u32>,
    /// How many tokens beyond the model's limit were left out.
    pub dropped: usize,
    /// A vector for each of the ids, in their order.
    pub vectors: Vectors,
}

impl BurnEmbedder {
    /// The vectors of each text's tokens, `[tokens, token_dim]`, in the texts' order: what is pooled to the text's vector. For
    /// late chunking, which pools the tokens of each chunk of a text, and for comparing texts token by token.
    ///
    /// # Errors
    /// Those of [`tokenize`](BurnEmbedder::tokenize) and of [`forward`](BurnEmbedder::forward).
    pub fn embed_tokens(&self, texts: &[&str]) -> Result<Vec<TokenVectors>, EmbedError> {
        let texts = texts.iter().map(|text| self.tokenize(text)).collect::<Result<Vec<_>, _>>()?;
        let (rows, dropped): (Vec<_>, Vec<_>) =
            texts.into_iter().map(|text| (text.ids, text.dropped)).unzip();
        let mut vectors: Vec<Option<Vectors>> = vec![None; rows.len()];
        for batch in batches(&rows) {
            let ids: Vec<&[u32]> = batch.iter().map(|&index| &rows[index][..]).collect();
            let found = self.forward_tokens(&ids).map_err(|error| match error.text() {
                Some(at) => error.at(batch.get(at).copied().unwrap_or(at)),
                None => error,
            })?;
            for (&index, of_text) in batch.iter().zip(found) {
                if let Some(place) = vectors.get_mut(index) {
                    *place = Some(of_text);
                }
            }
        }
        let parts = rows.into_iter().zip(dropped).zip(vectors);
        let whole = |((ids, dropped), vectors): ((Vec<u32>, usize), Option<Vectors>)| {
            let vectors =
                vectors.ok_or_else(|| EmbedError::failed(self.device.name(), "a text was left out"))?;
            Ok(TokenVectors { ids, dropped, vectors })
        };
        parts.map(whole).collect()
    }

    /// Runs one batch: for each row of token ids the vectors of its tokens, `[tokens, token_dim]`.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward).
    pub fn forward_tokens(&self, rows: &[&[u32]]) -> Result<Vec<Vectors>, EmbedError> {
        for (index, row) in rows.iter().enumerate() {
            self.check(row).map_err(|error| error.at(index))?;
        }
        let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        if longest == 0 {
            return Ok(Vec::new());
        }
        let size = (rows.len(), longest);
        self.check_size(size.0, size.1)?;
        let (work, loaded) = (Work::Batch { items: size.0, tokens: size.1 }, self.loaded()?);
        let values = match &loaded.encoder {
            Encoder::Ops(ops) => self.device.run(work, |device| ops.token_vectors(rows, longest, device))?,
            #[cfg(feature = "cpu")]
            Encoder::Fused(fused) => {
                self.device.run(work, |_| Ok(fused.forward(rows, Pooling::NONE)))?.map_err(|_| {
                    let needed = fused.working_bytes(size.0, size.1);
                    EmbedError::out_of_memory(self.device.name(), work, Some(needed), None)
                })?
            }
        };
        let tokens: usize = rows.iter().map(|row| row.len()).sum();
        let values = self.expect(values, tokens * self.token_dim)?;
        let mut rest = &values[..];
        let mut found = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let (own, others) = rest.split_at(row.len() * self.token_dim);
            if own.iter().any(|value| !value.is_finite()) {
                return Err(EmbedError::not_finite(self.device.name()).at(index));
            }
            let vectors = Vectors::new(self.token_dim, own.to_vec());
            let failed = |error: chunk_strategies::ChunkError| {
                EmbedError::failed(self.device.name(), error.to_string())
            };
            found.push(vectors.map_err(failed)?);
            rest = others;
        }
        Ok(found)
    }
}
