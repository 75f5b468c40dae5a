//! [`Pooled`]: a batch's cost in the whole pages of a pool.

use super::{CostModel, Learned};
use crate::bytes::Bytes;

/// What a pool takes from the device for a batch that another model predicts: whole pages.
///
/// The pool is cubecl's: small tensors share pages of 8 MiB, and the others share pages as large as the largest tensor that
/// the pool ever held, with a MiB more, in whole MiB and at least two. So a batch takes no more than what is in it, one
/// page of each kind, which may be next to empty, and what the other model counts as held at once though it is not, which
/// stands for what is lost at the ends of the other pages. A batch that outgrows the pages keeps one of the old ones too.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled<C> {
    inner: C,
    page: Bytes,
}

const MIB: u64 = 1 << 20;
/// Tensors of up to 64 KiB are in pages of this size.
pub(super) const SMALL_PAGE: Bytes = Bytes::new(8 * MIB);
/// Those of the others are no smaller.
const FIRST_PAGE: Bytes = Bytes::new(2 * MIB);

impl<C: CostModel> Pooled<C> {
    /// For a pool that is new.
    pub fn new(inner: C) -> Self {
        Pooled { inner, page: FIRST_PAGE }
    }

    /// Takes in that a batch ran: later pages are no smaller than its largest tensor.
    pub fn ran(&mut self, items: usize, tokens: usize) {
        self.page = self.page_for(items, tokens);
    }

    /// What it predicts from.
    pub fn inner(&self) -> &C {
        &self.inner
    }

    fn pages(&self, items: usize, tokens: usize) -> Bytes {
        let page = self.page_for(items, tokens);
        // What was made before the tensor that outgrew the pages keeps one of them until the batch ends.
        let outgrown = if page > self.page { self.page } else { Bytes::new(0) };
        SMALL_PAGE.saturating_add(page).saturating_add(outgrown)
    }

    fn page_for(&self, items: usize, tokens: usize) -> Bytes {
        let largest = self.inner.largest_tensor(items, tokens).saturating_add(Bytes::new(MIB));
        let rounded = largest.get().checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
        Bytes::new(rounded).max(self.page)
    }
}

/// What a pool reveals: whole pages. What is in them beyond one of each kind is what the inner model learns from.
impl<C: CostModel> Pooled<Learned<C>> {
    /// Takes in that the pool is a new one, of a new device: its pages are small again.
    pub fn renewed(&mut self) {
        self.page = FIRST_PAGE;
        self.inner.in_pages_of(FIRST_PAGE);
    }

    /// Takes in that the pool's pages were made as large as a batch of this shape needs.
    pub fn settled(&mut self, items: usize, tokens: usize) {
        self.ran(items, tokens);
        self.inner.in_pages_of(self.page);
    }

    /// Takes in what the pool took from the device for a batch.
    pub fn observe(&mut self, items: usize, tokens: usize, taken: Bytes) {
        self.ran(items, tokens);
        self.inner.in_pages_of(self.page);
        let inside = taken.saturating_sub(self.pages(items, tokens));
        if inside > Bytes::new(0) {
            self.inner.observe(items, tokens, inside);
        }
    }

    /// Takes in that memory ran out in a batch of this shape while so many bytes were there for it.
    pub fn surprise(&mut self, items: usize, tokens: usize, there: Bytes) {
        self.inner.surprise(items, tokens, there.saturating_sub(self.pages(items, tokens)));
    }

    /// Takes in that a batch ran for which the pool took nothing more.
    pub fn succeeded(&mut self, items: usize, tokens: usize) {
        self.ran(items, tokens);
        self.inner.in_pages_of(self.page);
        self.inner.succeeded();
    }
}

impl<C: CostModel> CostModel for Pooled<C> {
    fn peak(&self, items: usize, tokens: usize) -> Bytes {
        self.inner.peak(items, tokens).saturating_add(self.pages(items, tokens))
    }

    fn largest_tensor(&self, items: usize, tokens: usize) -> Bytes {
        self.inner.largest_tensor(items, tokens)
    }
}
