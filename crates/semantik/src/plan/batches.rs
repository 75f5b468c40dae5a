//! [`by_length`]: how many texts of one length fit, and how many would run together.

use batch_policy::{Budget, CostModel, Limits};
use serde::Serialize;

/// Texts of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LengthPlan {
    /// The length, in tokens.
    pub tokens: usize,
    /// What a token costs while many such texts run, in bytes.
    pub token_bytes: u64,
    /// How many have room at once; 0 where not even one has.
    pub fits: usize,
    /// How many would run together: no more than keep the device busy, nor than the limits allow. One is tried even where
    /// it has no room by the prediction, since nothing smaller exists; none where it needs a larger tensor than the device
    /// allows.
    pub texts: usize,
    /// The bytes that these are predicted to take at most.
    pub peak: u64,
}

/// A cost is what more of so many texts takes, so that what does not grow with them is left out.
const MANY: usize = 64;

pub(super) fn by_length(
    max_tokens: usize,
    budget: &Budget,
    cost: &dyn CostModel,
    limits: &Limits,
) -> Vec<LengthPlan> {
    lengths(max_tokens).map(|tokens| of_length(tokens, budget, cost, limits)).collect()
}

/// Powers of two from 16 on, and the most that the model reads.
fn lengths(max_tokens: usize) -> impl Iterator<Item = usize> {
    let powers = std::iter::successors(Some(16_usize), |tokens| tokens.checked_mul(2));
    powers.take_while(move |&tokens| tokens < max_tokens).chain([max_tokens])
}

fn of_length(tokens: usize, budget: &Budget, cost: &dyn CostModel, limits: &Limits) -> LengthPlan {
    let is_let =
        |texts: usize| budget.largest_tensor.is_none_or(|cap| cost.largest_tensor(texts, tokens) <= cap);
    let fits = most(|texts| is_let(texts) && budget.allowed.allows(texts, cost.peak(texts, tokens)));
    let busy = (budget.tokens / tokens).max(limits.min_batch()).min(limits.max_batch().unwrap_or(usize::MAX));
    let texts = if is_let(1) { fits.min(busy).max(1) } else { 0 };
    let more = cost.peak(2 * MANY, tokens).saturating_sub(cost.peak(MANY, tokens)).get();
    let token_bytes = more.div_ceil((MANY * tokens) as u64);
    LengthPlan { tokens, token_bytes, fits, texts, peak: cost.peak(texts, tokens).get() }
}

/// The largest number of which something holds that holds of every smaller one; no more than a thousand million, which no
/// device has room for.
fn most(holds: impl Fn(usize) -> bool) -> usize {
    let (mut below, mut above) = (0, 1 << 30);
    while below + 1 < above {
        let middle = below + (above - below) / 2;
        if holds(middle) {
            below = middle;
        } else {
            above = middle;
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_found() {
        for most_that_holds in [0, 1, 2, 127, 344, 1_000_000] {
            assert_eq!(most(|texts| texts <= most_that_holds), most_that_holds);
        }
    }

    #[test]
    fn lengths_end_with_what_the_model_reads() {
        assert_eq!(lengths(256).collect::<Vec<_>>(), [16, 32, 64, 128, 256]);
        assert_eq!(lengths(300).collect::<Vec<_>>(), [16, 32, 64, 128, 256, 300]);
        assert_eq!(lengths(10).collect::<Vec<_>>(), [10]);
    }
}
