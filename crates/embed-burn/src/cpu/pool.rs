//! Texts' vectors from their tokens'.

use super::encoder::Encoder;
use crate::folder::{Pooling, PoolingMode};
use crate::pooling::Shares;

impl Encoder {
    /// The numbers that come of these texts: without pooling their tokens' vectors.
    pub(crate) fn output_len(&self, pooling: Pooling, texts: &[&[u32]]) -> usize {
        let vectors = match pooling.modes().count() {
            0 => texts.iter().map(|text| text.len()).sum(),
            modes => texts.len() * modes,
        };
        vectors * self.dimensions.hidden
    }

    /// Each text's vector from its tokens', `[rows, hidden]`: `x` has the texts one behind the other, and so has `output`.
    pub(crate) fn pool_all(&self, x: &[f32], texts: &[&[u32]], pooling: Pooling, output: &mut [f32]) {
        let (mut x, mut output) = (x, output);
        for text in texts {
            let (own, others) = x.split_at(text.len() * self.dimensions.hidden);
            let (to, rest) = output.split_at_mut(self.output_len(pooling, std::slice::from_ref(text)));
            self.pool(own, pooling, to);
            (x, output) = (others, rest);
        }
    }

    /// A text's vector from its tokens': `[rows, hidden]` to `[modes, hidden]`.
    fn pool(&self, x: &[f32], pooling: Pooling, output: &mut [f32]) {
        if pooling == Pooling::NONE {
            return output.copy_from_slice(x);
        }
        let hidden = self.dimensions.hidden;
        for (mode, output) in pooling.modes().zip(output.chunks_exact_mut(hidden)) {
            let shares = Shares::new(mode, x.len() / hidden, self.skipped);
            let tokens = shares.tokens();
            let rows = x[tokens.start * hidden..tokens.end * hidden].chunks_exact(hidden);
            if mode == PoolingMode::Max {
                output.fill(f32::NEG_INFINITY);
                // What is no number stays.
                let larger = |most: f32, value: f32| if value <= most { most } else { value };
                for row in rows {
                    output.iter_mut().zip(row).for_each(|(most, &value)| {
                        *most = if most.is_nan() { *most } else { larger(*most, value) };
                    });
                }
                continue;
            }
            output.fill(0.0);
            match shares.even() {
                Some(share) => {
                    for row in rows {
                        output.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                    }
                    for sum in output {
                        *sum *= share;
                    }
                }
                None => {
                    for (row, place) in rows.zip(tokens) {
                        let share = shares.at(place);
                        output.iter_mut().zip(row).for_each(|(sum, value)| *sum += share * value);
                    }
                }
            }
        }
    }
}
