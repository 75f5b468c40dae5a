//! What batches take of a device's memory, told by the allocator's own rules before any has run.

use super::BurnEmbedder;
use crate::arch::{Bert, Encoder};
use crate::backend::Work;
use crate::error::EmbedError;

/// What a batch takes of a device's memory beside the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Texts in it.
    pub items: usize,
    /// Tokens that each is padded to.
    pub tokens: usize,
    /// Bytes that the pool holds for it when it began clean.
    pub bytes: u64,
}

/// What a dry run does not see: buffers for kernels' arguments, and those that vectors are read through. 0.03 to 0.33 MiB
/// on Mesa's software Vulkan, the most for a process's first batches, and no more for large ones.
const STAGING: u64 = 1 << 20;

impl BurnEmbedder {
    /// What batches of these shapes (texts, tokens that each is padded to) will take of the device's memory, from a clean
    /// pool, in the order of `shapes`; `None` where the device has no pool, as on the processor.
    ///
    /// Each is run dry: every buffer is made by the allocator's own rules, which take nothing from the device for it, and
    /// kernels are compiled and dropped. So shapes far larger than the device can be asked for, up to its largest tensor; a
    /// shape over that is left out. The largest shape runs first, since pages get the size of the largest tensor that a
    /// process made and keep it. In another process the numbers hold once
    /// [`settle_pages`](BurnEmbedder::settle_pages) was called with the largest shape of the table.
    ///
    /// It waits until no other thread has work of this crate on any GPU, and keeps them from having any meanwhile. What
    /// others give to burn by themselves while it runs is dropped, without an error: only a process that has none such may
    /// call this.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward), for a shape of no tokens or more than the model reads.
    pub fn replay_table(&self, shapes: &[(usize, usize)]) -> Result<Option<Vec<Replayed>>, EmbedError> {
        let loaded = self.loaded()?;
        let bert = match &loaded.encoder {
            Encoder::Ops(bert) => bert,
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => return Ok(None),
        };
        let fits = |&(items, tokens): &(usize, usize)| self.check_size(items, tokens).is_ok();
        let shapes: Vec<(usize, usize)> = shapes.iter().copied().filter(fits).collect();
        for &(_, tokens) in &shapes {
            self.check(&vec![0; tokens])?;
        }
        let largest = shapes.iter().max_by_key(|&&(items, tokens)| self.largest_tensor(items, tokens));
        let settled = match largest {
            Some(&largest) => self.rehearse(bert, largest)?,
            None => Some(0),
        };
        if settled.is_none() {
            return Ok(None);
        }
        let mut table = Vec::with_capacity(shapes.len());
        for (items, tokens) in shapes {
            let Some(seen) = self.rehearse(bert, (items, tokens))? else { return Ok(None) };
            let read = items.saturating_mul(self.dim()).saturating_mul(size_of::<f32>()) as u64;
            let bytes = seen.saturating_add(STAGING).saturating_add(read);
            table.push(Replayed { items, tokens, bytes });
        }
        Ok(Some(table))
    }

    /// Gives the device's pages the size that a batch of `items` texts of `tokens` tokens needs, by a dry run: batches up
    /// to that shape then take what [`replay_table`](BurnEmbedder::replay_table) told, whatever ran before them. Does
    /// nothing where the device has no pool.
    ///
    /// # Errors
    /// As [`forward`](BurnEmbedder::forward).
    pub fn settle_pages(&self, items: usize, tokens: usize) -> Result<(), EmbedError> {
        self.check(&vec![0; tokens])?;
        self.check_size(items, tokens)?;
        match &self.loaded()?.encoder {
            Encoder::Ops(bert) => self.rehearse(bert, (items, tokens)).map(drop),
            #[cfg(feature = "cpu")]
            Encoder::Fused(_) => Ok(()),
        }
    }

    /// What the pool would hold for a batch, without what a dry run does not see. Other threads have their turn between
    /// two of these.
    fn rehearse(&self, bert: &Bert, (items, tokens): (usize, usize)) -> Result<Option<u64>, EmbedError> {
        let whole = vec![0; tokens];
        // Padded rows take the most: they have a mask, and places that are looked up.
        let short = &whole[..tokens.saturating_sub(1).max(1)];
        let rows: Vec<&[u32]> = (0..items).map(|row| if row == 0 { &whole[..] } else { short }).collect();
        let pooling = (self.pooling, self.skipped);
        let work = Work::Batch { items, tokens };
        let run = || {
            self.device
                .alone(|device| device.rehearse(work, |device| bert.pooled(&rows, tokens, pooling, device)))
        };
        // Once to compile what is not compiled yet, and to grow the pages; kernels that are chosen by trial run for that.
        run()?;
        Ok(run()?.map(|(before, after)| after.saturating_sub(before)))
    }
}
