//! What all leases on a device may take together, from what was seen of it.

use batch_policy::{Bytes, Limits};

use crate::adapt::{self, Seen};

/// For batches: what is free and what our pool holds idle, the share of it that the limits allow; under pressure half of
/// that.
pub(crate) fn of_batches(seen: &Seen, limits: &Limits, is_pressed: bool) -> Bytes {
    let usable = adapt::usable(seen, limits);
    if is_pressed { usable.permille(500) } else { usable }
}

/// For a model's weights: all that is free and that no other process of ours was promised, since they are counted to the byte
/// and stay. Where nothing was measured, trying is the only way to know.
pub(crate) fn of_weights(seen: &Seen, promised_elsewhere: Bytes) -> Bytes {
    let free = adapt::free(seen).unwrap_or(Bytes::new(u64::MAX));
    free.saturating_sub(promised_elsewhere)
}
