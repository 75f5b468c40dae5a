//! [`Names`]: what each family of encoders calls its tensors.

use crate::folder::Architecture;

/// The names of an encoder's tensors, without `.weight` and `.bias`, and those of a layer without what is before them.
pub(super) struct Names {
    pub(super) words: &'static str,
    pub(super) positions: &'static str,
    pub(super) types: &'static str,
    pub(super) embedding_norm: &'static str,
    /// A bias for each bucket of distances and each head.
    pub(super) relative: &'static str,
    /// At the end of all layers, where norms stand before each part.
    pub(super) last_norm: &'static str,
    /// Before and behind a layer's number.
    pub(super) layer: [&'static str; 2],
    pub(super) qkv: Parts<3>,
    /// Of each head's queries and keys.
    pub(super) head_norms: [&'static str; 2],
    pub(super) attended: &'static str,
    pub(super) attended_norm: &'static str,
    /// Whether the first layer has no norm before attention: its input is normalised already.
    pub(super) first_norm_is_absent: bool,
    /// Of a gated feed-forward part both halves, the one with the activation first.
    pub(super) up: Up,
    pub(super) down: &'static str,
    pub(super) down_norm: &'static str,
}

/// Matrices that are used as one.
#[derive(Clone, Copy)]
pub(super) enum Parts<const N: usize> {
    /// They are stored apart.
    Apart([&'static str; N]),
    /// They are stored as one, row behind row.
    Together(&'static str),
}

#[derive(Clone, Copy)]
pub(super) struct Up {
    /// Where it is not gated.
    pub(super) plain: &'static str,
    pub(super) gated: Parts<2>,
}

const NO: &str = "";

impl Names {
    pub(super) fn of(architecture: Architecture) -> &'static Names {
        match architecture {
            Architecture::Bert | Architecture::Roberta => &BERT,
            Architecture::DistilBert => &DISTILBERT,
            Architecture::MpNet => &MPNET,
            Architecture::ModernBert => &MODERNBERT,
            Architecture::NomicBert => &NOMIC_BERT,
            Architecture::T5 => &T5,
            Architecture::Qwen3 => &QWEN3,
        }
    }

    /// What is in front of the names of a layer's tensors.
    pub(super) fn layer(&self, index: usize) -> String {
        let [before, behind] = self.layer;
        format!("{before}{index}{behind}")
    }
}

static BERT: Names = Names {
    words: "embeddings.word_embeddings",
    positions: "embeddings.position_embeddings",
    types: "embeddings.token_type_embeddings",
    embedding_norm: "embeddings.LayerNorm",
    relative: NO,
    last_norm: NO,
    layer: ["encoder.layer.", "."],
    qkv: Parts::Apart(["attention.self.query", "attention.self.key", "attention.self.value"]),
    head_norms: [NO, NO],
    attended: "attention.output.dense",
    attended_norm: "attention.output.LayerNorm",
    first_norm_is_absent: false,
    up: Up { plain: "intermediate.dense", gated: Parts::Together(NO) },
    down: "output.dense",
    down_norm: "output.LayerNorm",
};

static DISTILBERT: Names = Names {
    layer: ["transformer.layer.", "."],
    qkv: Parts::Apart(["attention.q_lin", "attention.k_lin", "attention.v_lin"]),
    attended: "attention.out_lin",
    attended_norm: "sa_layer_norm",
    up: Up { plain: "ffn.lin1", gated: Parts::Together(NO) },
    down: "ffn.lin2",
    down_norm: "output_layer_norm",
    ..BERT
};

static MPNET: Names = Names {
    relative: "encoder.relative_attention_bias",
    qkv: Parts::Apart(["attention.attn.q", "attention.attn.k", "attention.attn.v"]),
    attended: "attention.attn.o",
    attended_norm: "attention.LayerNorm",
    ..BERT
};

static MODERNBERT: Names = Names {
    words: "embeddings.tok_embeddings",
    embedding_norm: "embeddings.norm",
    last_norm: "final_norm",
    layer: ["layers.", "."],
    qkv: Parts::Together("attn.Wqkv"),
    attended: "attn.Wo",
    attended_norm: "attn_norm",
    first_norm_is_absent: true,
    up: Up { plain: NO, gated: Parts::Together("mlp.Wi") },
    down: "mlp.Wo",
    down_norm: "mlp_norm",
    ..BERT
};

static NOMIC_BERT: Names = Names {
    embedding_norm: "emb_ln",
    layer: ["encoder.layers.", "."],
    qkv: Parts::Together("attn.Wqkv"),
    attended: "attn.out_proj",
    attended_norm: "norm1",
    up: Up { plain: NO, gated: Parts::Apart(["mlp.fc12", "mlp.fc11"]) },
    down: "mlp.fc2",
    down_norm: "norm2",
    ..BERT
};

static T5: Names = Names {
    words: "shared",
    relative: "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
    last_norm: "encoder.final_layer_norm",
    layer: ["encoder.block.", ".layer."],
    qkv: Parts::Apart(["0.SelfAttention.q", "0.SelfAttention.k", "0.SelfAttention.v"]),
    attended: "0.SelfAttention.o",
    attended_norm: "0.layer_norm",
    up: Up {
        plain: "1.DenseReluDense.wi",
        gated: Parts::Apart(["1.DenseReluDense.wi_0", "1.DenseReluDense.wi_1"]),
    },
    down: "1.DenseReluDense.wo",
    down_norm: "1.layer_norm",
    ..BERT
};

static QWEN3: Names = Names {
    words: "embed_tokens",
    last_norm: "norm",
    layer: ["layers.", "."],
    qkv: Parts::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
    head_norms: ["self_attn.q_norm", "self_attn.k_norm"],
    attended: "self_attn.o_proj",
    attended_norm: "input_layernorm",
    up: Up { plain: NO, gated: Parts::Apart(["mlp.gate_proj", "mlp.up_proj"]) },
    down: "mlp.down_proj",
    down_norm: "post_attention_layernorm",
    ..BERT
};
