//! `config.json`: what kind of encoder it is, said in one way for all.

mod bert;
mod distilbert;
mod fields;
mod modernbert;
mod mpnet;
mod nomic_bert;
mod qwen3;
mod roberta;
mod t5;

use std::path::Path;

use self::fields::Fields;
use super::activation::Activation;
use super::read;
use crate::error::EmbedError;

/// A family of encoders whose tensors have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Architecture {
    Bert,
    Roberta,
    DistilBert,
    MpNet,
    ModernBert,
    NomicBert,
    T5,
    Qwen3,
}

/// An encoder in all that it depends on, besides its weights. The encoders differ in these fields and in the names of their
/// tensors, and in nothing else.
// What families have or have not, each by itself.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug)]
pub(crate) struct EncoderConfig {
    pub(crate) architecture: Architecture,
    /// Its `model_type`.
    pub(crate) name: &'static str,
    /// The length of a token's vector.
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) heads: Heads,
    /// The width of the feed-forward part; where it is gated, of each of its two halves.
    pub(crate) feed_forward: usize,
    pub(crate) vocabulary: usize,
    /// The most tokens that it has positions for.
    pub(crate) longest: usize,
    /// The most that are read where nothing else limits them, if fewer.
    pub(crate) usual: Option<usize>,
    /// A vector for each place in a text.
    pub(crate) learned: Option<LearnedPositions>,
    /// How many token types have a vector; all texts have the first.
    pub(crate) types: usize,
    /// Whether what a token begins as is normalised.
    pub(crate) embedding_norm: bool,
    /// What is added to attention's scores by distance.
    pub(crate) relative: Option<RelativePositions>,
    /// Queries and keys are turned by their place.
    pub(crate) rotary: Option<Rotary>,
    /// Layers whose tokens attend to their neighbours only.
    pub(crate) local: Option<LocalAttention>,
    pub(crate) norm: NormConfig,
    pub(crate) activation: Activation,
    /// Whether one half of the feed-forward part is multiplied with the activation of the other.
    pub(crate) gated: bool,
    pub(crate) biases: Biases,
    /// Whether scores are divided by the root of a head's width.
    pub(crate) scaled: bool,
    /// Whether each head's queries and keys are normalised.
    pub(crate) normed_heads: bool,
    /// Whether a token attends only to itself and to those before it.
    pub(crate) causal: bool,
    /// Whether it was made to say the next token: without `modules.json`, its last token stands for the text.
    pub(crate) is_language_model: bool,
}

/// Attention's heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Of queries.
    pub(crate) queries: usize,
    /// Of keys and values; each serves as many of the queries' as there are more of those.
    pub(crate) keys: usize,
    /// The numbers of one.
    pub(crate) width: usize,
}

impl Heads {
    /// Queries, keys and values of one token.
    pub(crate) fn all(self) -> usize {
        (self.queries + 2 * self.keys) * self.width
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LearnedPositions {
    /// How many there are.
    pub(crate) rows: usize,
    /// Where tokens are counted from the row behind this one, which is for padding: the id of padding.
    pub(crate) padding: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RelativePositions {
    /// Half for tokens before, half for tokens behind.
    pub(crate) buckets: usize,
    /// From here on all are in the last bucket.
    pub(crate) max_distance: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rotary {
    /// What the wavelengths are powers of.
    pub(crate) base: f32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LocalAttention {
    /// How far a token sees, to each side.
    pub(crate) reach: usize,
    /// The rotary base of such layers.
    pub(crate) base: f32,
    /// Which layers are local.
    pub(crate) layers: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NormConfig {
    pub(crate) kind: NormKind,
    pub(crate) place: NormPlace,
    pub(crate) epsilon: f64,
    /// Whether something is added at its end.
    pub(crate) bias: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// To mean 0 and variance 1.
    Layer,
    /// To a mean square of 1.
    RootMeanSquare,
}

/// Where a layer normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormPlace {
    /// The sum of a part's input and output.
    After,
    /// A part's input; and once more at the end of all layers.
    Before,
}

/// Which products add a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Biases {
    pub(crate) attention: bool,
    pub(crate) feed_forward: bool,
}

impl Biases {
    const ALL: Biases = Biases { attention: true, feed_forward: true };
    const NONE: Biases = Biases { attention: false, feed_forward: false };
}

/// Angles are computed once for each place in a text: eight times as many as any model has.
const MAX_ANGLES: usize = 1 << 20;

type Read = fn(&Fields<'_>, &'static str) -> Result<EncoderConfig, EmbedError>;

/// Every `model_type` that is known.
const READERS: &[(&str, Read)] = &[
    ("bert", bert::read),
    ("roberta", roberta::read),
    ("xlm-roberta", roberta::read),
    ("camembert", roberta::read),
    ("distilbert", distilbert::read),
    ("mpnet", mpnet::read),
    ("modernbert", modernbert::read),
    ("nomic_bert", nomic_bert::read),
    ("t5", t5::read),
    ("qwen3", qwen3::read),
];
const KNOWN: &str =
    "bert, roberta, xlm-roberta, camembert, distilbert, mpnet, modernbert, nomic_bert, t5 and qwen3";

impl EncoderConfig {
    pub(super) fn read(folder: &Path, transformer: &Path) -> Result<Self, EmbedError> {
        let file = transformer.join("config.json");
        let values = read::json(&file)?.ok_or_else(|| EmbedError::not_a_model(folder, &file))?;
        let fields = Fields::new(&file, values);
        let kind = fields.text_or("model_type", "bert")?;
        let known = READERS.iter().find(|(name, _)| *name == kind);
        let &(name, read) =
            known.ok_or_else(|| EmbedError::unsupported(&file, "model_type", &kind, KNOWN))?;
        let config = read(&fields, name)?;
        config.check(&fields)?;
        Ok(config)
    }

    /// One as BERT is, for those who change what is different.
    fn like_bert(fields: &Fields<'_>, name: &'static str, names: &Names) -> Result<Self, EmbedError> {
        let hidden = fields.size(names.hidden)?;
        let heads = fields.size(names.heads)?;
        if !hidden.is_multiple_of(heads) {
            let message = format!("{} {hidden} is no multiple of {} {heads}", names.hidden, names.heads);
            return Err(fields.wrong(message));
        }
        let rows = fields.size(names.positions)?;
        Ok(EncoderConfig {
            architecture: Architecture::Bert,
            name,
            hidden,
            layers: fields.size(names.layers)?,
            heads: Heads { queries: heads, keys: heads, width: hidden / heads },
            feed_forward: fields.size(names.feed_forward)?,
            vocabulary: fields.size("vocab_size")?,
            longest: rows,
            usual: None,
            learned: Some(LearnedPositions { rows, padding: None }),
            types: 0,
            embedding_norm: true,
            relative: None,
            rotary: None,
            local: None,
            norm: NormConfig {
                kind: NormKind::Layer,
                place: NormPlace::After,
                epsilon: fields.number_or("layer_norm_eps", 1e-12)?,
                bias: true,
            },
            activation: fields.activation(names.activation, "gelu")?,
            gated: false,
            biases: Biases::ALL,
            scaled: true,
            normed_heads: false,
            causal: false,
            is_language_model: false,
        })
    }

    /// What holds for all.
    fn check(&self, fields: &Fields<'_>) -> Result<(), EmbedError> {
        let epsilon = self.norm.epsilon;
        if !(epsilon.is_finite() && epsilon >= 0.0) {
            return Err(fields.wrong(format!("the norm's epsilon is {epsilon}")));
        }
        let Heads { queries, keys, width } = self.heads;
        if !queries.is_multiple_of(keys) {
            let message = format!("{queries} heads of queries are no multiple of {keys} of keys");
            return Err(fields.wrong(message));
        }
        if self.rotary.is_some() && !width.is_multiple_of(2) {
            return Err(fields.wrong(format!("rotary positions need heads of even width, not {width}")));
        }
        if self.longest == 0 {
            return Err(fields.wrong("it has no position for a token"));
        }
        if self.rotary.is_some() && self.longest > MAX_ANGLES {
            let message = format!("texts of {} tokens are too long for rotary positions", self.longest);
            return Err(fields.wrong(message));
        }
        Ok(())
    }
}

/// What the common dimensions are called.
struct Names {
    hidden: &'static str,
    heads: &'static str,
    layers: &'static str,
    feed_forward: &'static str,
    positions: &'static str,
    activation: &'static str,
}

/// As most call them.
const USUAL: Names = Names {
    hidden: "hidden_size",
    heads: "num_attention_heads",
    layers: "num_hidden_layers",
    feed_forward: "intermediate_size",
    positions: "max_position_embeddings",
    activation: "hidden_act",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_in_errors_is_of_all_that_are_known() {
        let names: Vec<&str> = READERS.iter().map(|(name, _)| *name).collect();
        assert_eq!(KNOWN.replace(" and ", ", "), names.join(", "));
    }
}
