//! [`Step`]: what is done to a text's vector after pooling.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::activation::DenseActivation;
use super::read;
use super::weight_files::WeightFiles;
use super::weights::Weights;
use crate::error::EmbedError;

/// A step behind pooling.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A product with a matrix, and a function.
    Dense(Dense),
    /// To mean 0 and variance 1, with weights of its own.
    LayerNorm(LayerNorm),
    /// To length 1.
    Normalize,
}

#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) bias: bool,
    pub(crate) activation: DenseActivation,
    weights: WeightFiles,
}

#[derive(Clone, Debug)]
pub(crate) struct LayerNorm {
    pub(crate) width: usize,
    weights: WeightFiles,
}

#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    bias: Option<bool>,
    activation_function: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

#[derive(Deserialize)]
struct NormConfig {
    dimension: usize,
}

/// What a step reads and writes.
#[derive(Default, Deserialize)]
struct Features {
    module_input_name: Option<String>,
    module_output_name: Option<String>,
}

/// The vector of a text; a step may be for its tokens' vectors instead.
const SENTENCE: &str = "sentence_embedding";
/// Widths beyond this are no encoder's.
const MAX_WIDTH: usize = 1 << 20;

impl Step {
    /// Those before a normalisation at the end, which is done apart.
    pub(crate) fn before_last_norm(steps: &[Step]) -> &[Step] {
        match steps.split_last() {
            Some((Step::Normalize, before)) => before,
            _ => steps,
        }
    }

    /// The vector's length behind the step.
    pub(super) fn outputs(&self, inputs: usize) -> usize {
        match self {
            Step::Dense(dense) => dense.outputs,
            Step::LayerNorm(_) | Step::Normalize => inputs,
        }
    }

    /// How many numbers each of its tensors has.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        match self {
            Step::Dense(dense) => {
                let matrix = (dense.inputs as u64).saturating_mul(dense.outputs as u64);
                if dense.bias { vec![matrix, dense.outputs as u64] } else { vec![matrix] }
            }
            Step::LayerNorm(norm) => vec![norm.width as u64; 2],
            Step::Normalize => Vec::new(),
        }
    }

    pub(super) fn normalize(folder: &Path) -> Result<Self, EmbedError> {
        // Older versions wrote no file for it.
        let features = read::json::<Features>(&folder.join(CONFIG))?.unwrap_or_default();
        features.check(&folder.join(CONFIG))?;
        Ok(Step::Normalize)
    }

    /// `model`: the whole model's folder; `inputs`: the vector's length before the step.
    pub(super) fn dense(model: &Path, folder: &Path, inputs: usize) -> Result<Self, EmbedError> {
        let file = folder.join(CONFIG);
        let missing = || EmbedError::not_a_model(model, &file);
        read::json::<Features>(&file)?.ok_or_else(missing)?.check(&file)?;
        let config = read::json::<DenseConfig>(&file)?.ok_or_else(missing)?;
        if config.use_residual {
            return Err(EmbedError::unsupported(&file, "use_residual", "true", "false"));
        }
        if config.in_features != inputs {
            let wanted = config.in_features;
            let message = format!("in_features is {wanted}, but the vectors before it have {inputs} numbers");
            return Err(EmbedError::config(&file, message));
        }
        if !(1..=MAX_WIDTH).contains(&config.out_features) {
            let message = format!("out_features is {}, not in 1..={MAX_WIDTH}", config.out_features);
            return Err(EmbedError::config(&file, message));
        }
        let activation = match &config.activation_function {
            None => DenseActivation::Tanh,
            Some(class) => DenseActivation::of_class(class).ok_or_else(|| {
                EmbedError::unsupported(&file, "activation_function", class, DenseActivation::KNOWN)
            })?,
        };
        Ok(Step::Dense(Dense {
            inputs,
            outputs: config.out_features,
            bias: config.bias.unwrap_or(true),
            activation,
            weights: WeightFiles::find(model, folder)?,
        }))
    }

    /// As [`dense`](Step::dense).
    pub(super) fn layer_norm(model: &Path, folder: &Path, inputs: usize) -> Result<Self, EmbedError> {
        let file = folder.join(CONFIG);
        let config = read::json::<NormConfig>(&file)?.ok_or_else(|| EmbedError::not_a_model(model, &file))?;
        if config.dimension != inputs {
            let message =
                format!("dimension is {}, but the vectors before it have {inputs} numbers", config.dimension);
            return Err(EmbedError::config(&file, message));
        }
        Ok(Step::LayerNorm(LayerNorm { width: inputs, weights: WeightFiles::find(model, folder)? }))
    }

    /// What an identity records of it; `sha256` of the files that it has.
    pub(super) fn described(
        &self,
        sha256: impl Fn(&[PathBuf]) -> Result<String, EmbedError>,
    ) -> Result<Value, EmbedError> {
        Ok(match self {
            Step::Dense(dense) => json!({
                "type": "dense",
                "in_features": dense.inputs,
                "out_features": dense.outputs,
                "bias": dense.bias,
                "activation_function": dense.activation.as_str(),
                "sha256": sha256(&dense.weights.shards)?,
            }),
            Step::LayerNorm(norm) => {
                json!({"type": "layer_norm", "dimension": norm.width, "sha256": sha256(&norm.weights.shards)?})
            }
            Step::Normalize => json!({"type": "normalize"}),
        })
    }
}

impl Dense {
    /// `[outputs, inputs]` and, if it has one, the bias.
    pub(crate) fn read(&self) -> Result<(Vec<f32>, Option<Vec<f32>>), EmbedError> {
        let mut needed = vec!["linear.weight".to_owned()];
        if self.bias {
            needed.push("linear.bias".to_owned());
        }
        let weights = Weights::open(&self.weights, &needed)?;
        let matrix = weights.take_finite("linear.weight", &[self.outputs, self.inputs])?;
        let bias = self.bias.then(|| weights.take_finite("linear.bias", &[self.outputs])).transpose()?;
        Ok((matrix, bias))
    }
}

impl LayerNorm {
    /// What it multiplies with and what it adds.
    pub(crate) fn read(&self) -> Result<[Vec<f32>; 2], EmbedError> {
        let names = ["norm.weight", "norm.bias"];
        let weights = Weights::open(&self.weights, &names.map(str::to_owned))?;
        Ok([weights.take_finite(names[0], &[self.width])?, weights.take_finite(names[1], &[self.width])?])
    }
}

impl Features {
    fn check(&self, file: &Path) -> Result<(), EmbedError> {
        let names = [
            ("module_input_name", &self.module_input_name),
            ("module_output_name", &self.module_output_name),
        ];
        for (field, name) in names {
            if let Some(name) = name.as_deref().filter(|name| *name != SENTENCE) {
                return Err(EmbedError::unsupported(file, field, name, SENTENCE));
            }
        }
        Ok(())
    }
}

const CONFIG: &str = "config.json";
