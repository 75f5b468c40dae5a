//! Attention: which tokens see which, and the shares of each in the other.

use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::layer::Layer;
use super::transformer::{Padded, Transformer};
use crate::compute::Compute;
use crate::folder::Heads;

/// What is added to the scores.
#[derive(Debug)]
pub(super) struct Masks {
    /// Of all layers but local ones: `[batch or 1, 1, tokens or 1, tokens]`, 0 where a token is seen and far below where not.
    all: Option<Tensor<4>>,
    /// Of local layers.
    local: Option<Tensor<4>>,
    /// `[1, heads, tokens, tokens]`.
    pub(super) bias: Option<Tensor<4>>,
}

impl Masks {
    /// None where nothing is masked: it costs a tenth of the time. `reach`: of local layers.
    pub(super) fn new(
        tokens: usize,
        padded: Option<Padded<'_>>,
        (causal, reach): (bool, Option<usize>),
        compute: Compute,
        device: &Device,
    ) -> Self {
        let masked = compute.masked();
        let padding = padded.map(|padded| {
            let row = |&length: &usize| (0..tokens).map(move |at| if at < length { 0.0 } else { masked });
            let values: Vec<f32> = padded.lengths.iter().flat_map(row).collect();
            let shape = [padded.lengths.len(), 1, 1, tokens];
            compute.narrowed(Tensor::<4>::from_data(TensorData::new(values, shape), device))
        });
        // The lower, and not the sum: twice as low is beyond what f16 holds.
        let with = |sees: &dyn Fn(usize, usize) -> bool| {
            let cell = |from: usize, to: usize| if sees(from, to) { 0.0 } else { masked };
            let values: Vec<f32> =
                (0..tokens).flat_map(|from| (0..tokens).map(move |to| cell(from, to))).collect();
            let values = TensorData::new(values, [1, 1, tokens, tokens]);
            let own = compute.narrowed(Tensor::<4>::from_data(values, device));
            match padding.clone() {
                Some(padding) => {
                    let [batch, ..] = padding.dims();
                    let shape = [batch, 1, tokens, tokens];
                    own.expand(shape).min_pair(padding.expand(shape))
                }
                None => own,
            }
        };
        let all = if causal { Some(with(&|from, to| to <= from)) } else { padding.clone() };
        // In a text that is no longer everybody sees everybody.
        let local = match reach.filter(|&reach| tokens > reach + 1) {
            Some(reach) => Some(with(&|from, to| from.abs_diff(to) <= reach)),
            None => all.clone(),
        };
        Masks { all, local, bias: None }
    }

    fn of(&self, layer: &Layer) -> Option<&Tensor<4>> {
        if layer.is_local { self.local.as_ref() } else { self.all.as_ref() }
    }
}

impl Transformer {
    /// `x`: `[batch, tokens, hidden]`. Returns `[batch, tokens, heads × width]`.
    pub(super) fn attention(&self, layer: &Layer, x: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let Heads { queries, keys, width } = self.heads;
        // [batch, heads of all three, tokens, width]
        let qkv = layer.qkv.apply(x).reshape([batch, tokens, queries + 2 * keys, width]).swap_dims(1, 2);
        let part = |first: usize, count: usize| qkv.clone().narrow(1, first, count);
        let local = self.local.as_ref().filter(|_| layer.is_local);
        let angles = local.map(|local| &local.angles).or(self.rotary.as_ref());
        let prepared = |heads: Tensor<4>, norm: usize| {
            let heads = match &layer.head_norms {
                Some(norms) => norms[norm].apply(heads),
                None => heads,
            };
            match angles {
                Some(angles) => angles.turn(heads),
                None => heads,
            }
        };
        // What the queries are multiplied with holds the scale already, where attention is ours.
        let q = || prepared(part(0, queries), 0);
        let k = || self.shared(prepared(part(queries, keys), 1));
        let v = || self.shared(part(queries + keys, keys));
        let mask = masks.of(layer);
        let explicit = || {
            let mut scores = q().matmul(k().swap_dims(2, 3));
            if let Some(bias) = &masks.bias {
                scores = scores + bias.clone();
            }
            if let Some(mask) = mask {
                scores = scores + mask.clone();
            }
            activation::softmax(scores, 3).matmul(v())
        };
        let context = if self.fused { fused_attention([q(), k(), v()], mask) } else { explicit() };
        context.swap_dims(1, 2).reshape([batch, tokens, queries * width])
    }

    /// Each head of keys or values as often as there are heads of queries for it.
    fn shared(&self, x: Tensor<4>) -> Tensor<4> {
        let Heads { queries, keys, width } = self.heads;
        if queries == keys {
            return x;
        }
        let [batch, _, tokens, _] = x.dims();
        let each = x.reshape([batch, keys, 1, tokens, width]);
        each.expand([batch, keys, queries / keys, tokens, width]).reshape([batch, queries, tokens, width])
    }
}

/// burn's attention, which scales by the heads' width; all are `[batch, heads, tokens, width]`. With a scale of one's own, a cap or
/// a bias it would be a sequence of operations everywhere, so it is asked for none of them.
fn fused_attention([queries, keys, values]: [Tensor<4>; 3], mask: Option<&Tensor<4>>) -> Tensor<4> {
    let [batch, heads, tokens, _] = queries.dims();
    let mask = mask.map(|mask| mask.clone().lower_elem(-1.0).expand([batch, heads, tokens, tokens]));
    attention(queries, keys, values, mask, None, AttentionModuleOptions::default())
}
