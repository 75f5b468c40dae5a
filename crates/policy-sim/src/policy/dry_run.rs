//! [`DryRun`]: what the pool takes for a grid of shapes, by its own rules and without memory.

use batch_policy::{Bytes, Table};

use crate::device::Device;
use crate::forward::Forward;

/// Keeps the pages of the pool as large as the largest batch needs.
#[derive(Clone, Debug, Default)]
pub(super) struct DryRun {
    tokens: usize,
}

/// Places of an axis from one power of two to the next. A shape between two counts with the larger, so that a batch is
/// smaller than it might be by 9% at most in either direction.
const STEPS: i32 = 8;
/// The least tokens that pages are made for.
const LEAST_TOKENS: usize = 256;
/// A shape that no batch has: more bytes than there are.
const NEVER: u64 = 1 << 50;

impl DryRun {
    /// Tokens of the largest batch that has a place in the table, and 0 before there is one.
    pub(super) fn tokens(&self) -> usize {
        self.tokens
    }

    /// The most tokens of a batch, of no more than `bound`, that a new pool takes no more than `usable` bytes for.
    pub(super) fn most_tokens(device: &Device<'_>, bound: usize, usable: u64) -> usize {
        let mut tokens = bound;
        while tokens > LEAST_TOKENS {
            let longest = device.model().max_tokens;
            let forward = Forward::new(device.model(), (tokens / longest).max(1), longest);
            let mut pool = Device::pool(device.card());
            if forward.run(&mut pool, |_, _, _| true).is_ok() && pool.reserved() <= usable {
                break;
            }
            tokens = tokens * 15 / 16;
        }
        tokens
    }

    /// The table for batches of up to so many tokens, and of one text of any length. Pages get the size that the largest of
    /// them needs first.
    pub(super) fn replay(&mut self, device: &mut Device<'_>, tokens: usize) -> Option<Table> {
        let model = device.model();
        let reach = tokens;
        let lengths = axis(16.min(model.max_tokens), model.max_tokens);
        let items = axis(1, (reach / 16).max(1));
        let fits = |items: usize, tokens: usize| items * tokens <= reach || items == 1;
        let shapes = || items.iter().flat_map(|&items| lengths.iter().map(move |&length| (items, length)));
        let mut pool = Device::pool(device.card());
        let most = device.card().largest_tensor_mib << 20;
        let largest = |&(items, tokens): &(usize, usize)| Forward::new(model, items, tokens).largest();
        let settles =
            shapes().filter(|&(items, tokens)| fits(items, tokens) && largest(&(items, tokens)) <= most);
        let (most_items, most_length) = settles.max_by_key(largest)?;
        Forward::new(model, most_items, most_length).run(&mut pool, |_, _, _| true).ok()?;
        device.settle(&pool);
        pool.settle(device.page());
        let mut taken = |(items, tokens): (usize, usize)| {
            pool.clean();
            if !fits(items, tokens) {
                return NEVER;
            }
            // The largest shapes have no small tensors, and the others a page for them.
            if let Ok(small) = pool.reserve(1, |_, _| true) {
                pool.free(small);
            }
            let ran = Forward::new(model, items, tokens).run(&mut pool, |_, _, _| true);
            ran.map_or(NEVER, |()| pool.reserved())
        };
        let peaks = shapes().map(&mut taken).map(Bytes::new).collect();
        let page = Bytes::new(device.page());
        self.tokens = tokens;
        Table::new(items.clone(), lengths.clone(), peaks, page).ok()
    }
}

/// From `least` to `most`, in steps of the same ratio.
fn axis(least: usize, most: usize) -> Vec<usize> {
    // From 1 to all that a number counts there are so many doublings.
    let mut places: Vec<usize> = (0..64 * STEPS)
        .map(|step| (least as f64 * 2.0_f64.powf(f64::from(step) / f64::from(STEPS))).round() as usize)
        .take_while(|place| *place < most)
        .collect();
    places.push(most);
    places.dedup();
    places
}
