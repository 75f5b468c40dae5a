//! Sums in a fixed order that vectors can follow.

use super::aligned::LINE;

/// Σ of(value), in 16 partial sums whatever the processor: the same bits everywhere.
#[inline(always)]
pub(crate) fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (lines, rest) = values.as_chunks::<LINE>();
    let mut parts = [0.0; LINE];
    for line in lines {
        for (part, value) in parts.iter_mut().zip(line) {
            *part += of(*value);
        }
    }
    let rest: f32 = rest.iter().map(|&value| of(value)).sum();
    parts.iter().sum::<f32>() + rest
}
