//! [`Transformer`]: token ids in, one vector a token out.

use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor};

use super::attention::Masks;
use super::layer::{Layer, Linear, Norm};
use super::positions::{Angles, Learned, Relative};
use crate::compute::Compute;
use crate::folder::{Activation, Heads, NormPlace};

/// An encoder with its weights on a device, its matrices in the form that is computed with.
#[derive(Debug)]
pub(crate) struct Transformer<L = Linear> {
    /// `[vocabulary, hidden]`. Where places have no vectors, that of token type 0 is added: all texts have that type.
    pub(crate) words: Tensor<2>,
    /// With the vector of token type 0, where there are types.
    pub(crate) positions: Option<Learned>,
    /// Of what a token begins as.
    pub(crate) norm: Option<Norm>,
    pub(crate) layers: Vec<Layer<L>>,
    /// At the end, where norms stand before each part.
    pub(crate) last_norm: Option<Norm>,
    pub(crate) norm_place: NormPlace,
    pub(crate) relative: Option<Relative>,
    pub(crate) rotary: Option<Angles>,
    /// Of layers whose tokens see their neighbours only.
    pub(crate) local: Option<Local>,
    pub(crate) heads: Heads,
    pub(crate) activation: Activation,
    pub(crate) gated: bool,
    pub(crate) causal: bool,
    /// Whether attention is burn's own: what queries are multiplied with then holds no scale.
    pub(crate) fused: bool,
    pub(crate) compute: Compute,
}

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) reach: usize,
    pub(crate) angles: Angles,
}

/// A batch of texts of different lengths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padded<'a> {
    /// How many tokens of each row are no padding.
    pub(crate) lengths: &'a [usize],
}

impl Transformer {
    /// `ids`: `[batch, tokens]`. `places`: the same of rows in the table of positions; `None` where each row's tokens stand
    /// one after the other from the first. `padded`: `None` if all tokens are the texts'. Returns
    /// `[batch, tokens, hidden]`.
    pub(crate) fn forward(
        &self,
        ids: Tensor<2, Int>,
        places: Option<Tensor<2, Int>>,
        padded: Option<Padded<'_>>,
    ) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let masks = self.masks(tokens, padded, &ids.device());
        let mut x = self.begin(ids, places);
        for layer in &self.layers {
            x = match self.norm_place {
                NormPlace::After => self.norm_after(layer, x, &masks),
                NormPlace::Before => self.norm_before(layer, x, &masks),
            };
        }
        match &self.last_norm {
            Some(norm) => norm.apply(x),
            None => x,
        }
    }

    fn begin(&self, ids: Tensor<2, Int>, places: Option<Tensor<2, Int>>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let mut x = embedding(self.words.clone(), ids);
        if let Some(Learned { table, counting }) = &self.positions {
            x = x + match places {
                Some(places) => embedding(table.clone(), places),
                None => table.clone().narrow(0, counting.first(), tokens).unsqueeze::<3>(),
            };
        }
        match &self.norm {
            Some(norm) => norm.apply(x),
            None => x,
        }
    }

    fn norm_after(&self, layer: &Layer, x: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let attended = layer.attended.apply(self.attention(layer, x.clone(), masks));
        let x = x + attended;
        let x = match &layer.attended_norm {
            Some(norm) => norm.apply(x),
            None => x,
        };
        let wide = layer.feed_forward(x.clone(), self.activation, self.gated);
        layer.down_norm.apply(x + wide)
    }

    fn norm_before(&self, layer: &Layer, x: Tensor<3>, masks: &Masks) -> Tensor<3> {
        let normed = match &layer.attended_norm {
            Some(norm) => norm.apply(x.clone()),
            None => x.clone(),
        };
        let x = x + layer.attended.apply(self.attention(layer, normed, masks));
        let normed = layer.down_norm.apply(x.clone());
        x + layer.feed_forward(normed, self.activation, self.gated)
    }

    fn masks(&self, tokens: usize, padded: Option<Padded<'_>>, device: &Device) -> Masks {
        let reach = self.local.as_ref().map(|local| local.reach);
        let mut masks = Masks::new(tokens, padded, (self.causal, reach), self.compute, device);
        masks.bias = self.relative.as_ref().map(|relative| relative.bias(tokens, device));
        masks
    }
}
