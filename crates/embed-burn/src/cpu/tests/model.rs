//! Encoders of each kind with numbers that are the same each time, and texts for them.

use burn::tensor::{Device, Tensor, TensorData};

use super::random::Random;
use crate::arch::Uploads;
use crate::arch::layer::{self, Layer};
use crate::arch::positions::{Angles, Counting, Learned, Relative};
use crate::arch::transformer::{Local, Transformer};
use crate::backend::{Backend, BurnDevice, DeviceSpec};
use crate::compute::Compute;
use crate::cpu::Encoder;
use crate::cpu::isa::Isa;
use crate::cpu::take::panels;
use crate::folder::{Activation, Heads, NormKind, NormPlace, RelativePositions};

// What families have or have not, each by itself.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    pub(super) hidden: usize,
    pub(super) heads: usize,
    /// Heads of keys and values, and the numbers of a head, where they are not what follows of the other two.
    pub(super) keys: Option<usize>,
    pub(super) width: Option<usize>,
    pub(super) feed_forward: usize,
    pub(super) layers: usize,
    pub(super) activation: Activation,
    /// Whether each place has a vector.
    pub(super) learned: bool,
    /// The id of padding, if places are counted from behind it.
    pub(super) padding: Option<u32>,
    /// Whether there is a bias by distance.
    pub(super) relative: bool,
    /// The base of rotary positions.
    pub(super) rotary: Option<f32>,
    /// How far the tokens of all layers but each third see.
    pub(super) reach: Option<usize>,
    pub(super) norm: NormKind,
    pub(super) place: NormPlace,
    /// Whether what tokens begin as is normalised, and then the first layer's input is not.
    pub(super) embedding_norm: bool,
    /// Whether products and norms add something.
    pub(super) biases: bool,
    pub(super) gated: bool,
    pub(super) normed_heads: bool,
    pub(super) causal: bool,
}

pub(super) const VOCABULARY: usize = 50;
pub(super) const POSITIONS: usize = 1200;

impl Model {
    /// As BERT is.
    pub(super) const SMALL: Model = Model {
        hidden: 32,
        heads: 2,
        keys: None,
        width: None,
        feed_forward: 77,
        layers: 2,
        activation: Activation::Gelu,
        learned: true,
        padding: None,
        relative: false,
        rotary: None,
        reach: None,
        norm: NormKind::Layer,
        place: NormPlace::After,
        embedding_norm: true,
        biases: true,
        gated: false,
        normed_heads: false,
        causal: false,
    };
    /// As `RoBERTa` and `MPNet` are.
    pub(super) const MPNET: Model = Model { padding: Some(1), relative: true, ..Model::SMALL };
    pub(super) const NOMIC_BERT: Model = Model {
        learned: false,
        rotary: Some(1000.0),
        gated: true,
        activation: Activation::Silu,
        biases: false,
        ..Model::SMALL
    };
    pub(super) const MODERNBERT: Model = Model {
        layers: 4,
        learned: false,
        rotary: Some(160_000.0),
        reach: Some(5),
        place: NormPlace::Before,
        gated: true,
        biases: false,
        ..Model::SMALL
    };
    pub(super) const T5: Model = Model {
        learned: false,
        relative: true,
        width: Some(12),
        norm: NormKind::RootMeanSquare,
        place: NormPlace::Before,
        embedding_norm: false,
        biases: false,
        activation: Activation::Relu,
        ..Model::SMALL
    };
    pub(super) const QWEN3: Model = Model {
        heads: 4,
        keys: Some(2),
        width: Some(12),
        learned: false,
        rotary: Some(1e6),
        norm: NormKind::RootMeanSquare,
        place: NormPlace::Before,
        embedding_norm: false,
        biases: false,
        activation: Activation::Silu,
        gated: true,
        normed_heads: true,
        causal: true,
        ..Model::SMALL
    };
    /// One of each kind.
    pub(super) const FAMILIES: [(&str, Model); 8] = [
        ("bert", Model::SMALL),
        ("roberta", Model { padding: Some(1), ..Model::SMALL }),
        ("mpnet", Model::MPNET),
        ("nomic_bert", Model::NOMIC_BERT),
        ("modernbert", Model::MODERNBERT),
        ("t5", Model::T5),
        ("t5, gated", Model { gated: true, activation: Activation::GeluTanh, ..Model::T5 }),
        ("qwen3", Model::QWEN3),
    ];

    pub(super) fn heads(self) -> Heads {
        Heads {
            queries: self.heads,
            keys: self.keys.unwrap_or(self.heads),
            width: self.width.unwrap_or(self.hidden / self.heads),
        }
    }

    /// The same numbers each time.
    pub(super) fn build(self) -> Transformer {
        let device = Device::flex();
        let Model { hidden, feed_forward: wide, .. } = self;
        let (heads, counting) = (self.heads(), Counting { padding: self.padding });
        let mut random = Random(7);
        let mut matrix = |rows: usize, columns: usize, reach: f32| {
            let values = random.values(rows * columns, 0.0, reach);
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), &device)
        };
        let words = matrix(VOCABULARY, hidden, 0.2);
        let table = self.learned.then(|| matrix(POSITIONS + counting.first(), hidden, 0.2));
        // As large as trained weights are: outputs keep the size of inputs.
        let mut linear = |inputs: usize, outputs: usize| layer::Linear {
            weight: matrix(inputs, outputs, 1.5 / (inputs as f32).sqrt()),
            bias: self.biases.then(|| matrix(1, outputs, 0.2).reshape([outputs])),
        };
        let halves = if self.gated { 2 } else { 1 };
        let products: Vec<_> = (0..self.layers)
            .map(|_| {
                [
                    linear(hidden, heads.all()),
                    linear(heads.queries * heads.width, hidden),
                    linear(hidden, halves * wide),
                    linear(wide, hidden),
                ]
            })
            .collect();
        let mut norm = |width: usize, bias: bool| layer::Norm {
            kind: self.norm,
            gamma: matrix(1, width, 0.5).reshape([width]) + 1.0,
            beta: bias.then(|| matrix(1, width, 0.2).reshape([width])),
            epsilon: 1e-12,
        };
        let is_before = self.place == NormPlace::Before;
        let layer = |(index, [qkv, attended, up, down]): (usize, [layer::Linear; 4])| Layer {
            qkv,
            head_norms: self.normed_heads.then(|| [norm(heads.width, false), norm(heads.width, false)]),
            attended,
            attended_norm: (!(is_before && self.embedding_norm && index == 0))
                .then(|| norm(hidden, self.biases)),
            up,
            down,
            down_norm: norm(hidden, self.biases),
            is_local: self.reach.is_some() && index % 3 != 0,
        };
        let layers = products.into_iter().enumerate().map(layer).collect();
        let last_norm = is_before.then(|| norm(hidden, self.biases));
        let norm = self.embedding_norm.then(|| norm(hidden, self.biases));
        let positions = RelativePositions { buckets: 32, max_distance: 128 };
        let cpu = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
        let uploads = Uploads::new(&cpu, Compute::default());
        let angles = |base| Angles::new(base, heads.width, POSITIONS, &uploads).unwrap();
        Transformer {
            words,
            positions: table.map(|table| Learned { table, counting }),
            norm,
            layers,
            last_norm,
            norm_place: self.place,
            relative: self.relative.then(|| Relative { table: matrix(32, heads.queries, 2.0), positions }),
            rotary: self.rotary.map(angles),
            local: self.reach.map(|reach| Local { reach, angles: angles(10_000.0) }),
            heads,
            activation: self.activation,
            gated: self.gated,
            causal: self.causal,
            fused: false,
            compute: Compute::default(),
        }
    }

    pub(super) fn fused(self, isa: Isa) -> Encoder {
        Encoder::take_for(self.build(), isa, |linear| panels(linear, isa)).unwrap()
    }
}

pub(super) fn texts(lengths: &[usize]) -> Vec<Vec<u32>> {
    let mut random = Random(lengths.len() as u64);
    lengths.iter().map(|&length| (0..length).map(|_| random.below(VOCABULARY) as u32).collect()).collect()
}

pub(super) fn borrowed(texts: &[Vec<u32>]) -> Vec<&[u32]> {
    texts.iter().map(Vec::as_slice).collect()
}

/// Runs in a pool of so many threads.
pub(super) fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}
