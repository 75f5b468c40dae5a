//! `modules.json`: the steps from text to vector.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::read;
use crate::error::EmbedError;

/// How token vectors become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Pooling {
    /// The mean over all tokens that are not padding.
    #[default]
    Mean,
    /// The first token's vector.
    Cls,
}

/// The steps that a model's folder asks for.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    transformer: PathBuf,
    pub(super) pooling: Pooling,
    pub(super) normalize: bool,
    pooling_dim: Option<(PathBuf, usize)>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PoolingConfig {
    word_embedding_dimension: Option<usize>,
    /// How newer versions write it.
    pooling_mode: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl Modules {
    pub(super) fn read(folder: &Path) -> Result<Self, EmbedError> {
        let file = folder.join("modules.json");
        let mut modules = Modules {
            transformer: PathBuf::new(),
            pooling: Pooling::default(),
            normalize: false,
            pooling_dim: None,
        };
        let Some(steps) = read::json::<Vec<Module>>(&file)? else {
            return Ok(modules);
        };
        let kinds: Vec<&str> =
            steps.iter().map(|step| step.kind.rsplit('.').next().unwrap_or_default()).collect();
        if !matches!(kinds[..], ["Transformer", "Pooling"] | ["Transformer", "Pooling", "Normalize"]) {
            return Err(EmbedError::unsupported(
                &file,
                "the sequence of modules",
                kinds.join(", "),
                "Transformer, Pooling and, at the end, Normalize",
            ));
        }
        modules.normalize = kinds.len() == 3;
        for step in &steps {
            // A module lies inside the model's folder, whatever the file says.
            if !Path::new(&step.path).components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(EmbedError::config(
                    &file,
                    format!("the module path {:?} leaves the folder", step.path),
                ));
            }
        }
        modules.transformer = PathBuf::from(&steps[0].path);
        modules.read_pooling(&folder.join(&steps[1].path).join("config.json"), folder)?;
        Ok(modules)
    }

    pub(super) fn transformer(&self, folder: &Path) -> PathBuf {
        // An empty path would add a separator that errors then show.
        if self.transformer.as_os_str().is_empty() {
            folder.to_owned()
        } else {
            folder.join(&self.transformer)
        }
    }

    pub(super) fn check_dim(&self, folder: &Path, hidden: usize) -> Result<(), EmbedError> {
        match &self.pooling_dim {
            Some((file, dim)) if *dim != hidden => Err(EmbedError::config(
                &folder.join("config.json"),
                format!("hidden_size is {hidden}, but {} has word_embedding_dimension {dim}", file.display()),
            )),
            _ => Ok(()),
        }
    }

    fn read_pooling(&mut self, file: &Path, folder: &Path) -> Result<(), EmbedError> {
        let config: PoolingConfig = read::json(file)?.ok_or_else(|| EmbedError::not_a_model(folder, file))?;
        let on = |(key, value): (&String, &serde_json::Value)| {
            let mode = key.strip_prefix("pooling_mode_")?;
            (*value == serde_json::Value::Bool(true)).then(|| mode.to_owned())
        };
        let mut modes: Vec<String> = config.rest.iter().filter_map(on).collect();
        modes.extend(config.pooling_mode);
        modes.sort_unstable();
        self.pooling = match modes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["mean_tokens" | "mean"] => Pooling::Mean,
            ["cls_token" | "cls"] => Pooling::Cls,
            _ => {
                return Err(EmbedError::unsupported(
                    file,
                    "the pooling",
                    modes.join(" + "),
                    "mean or cls, one of them",
                ));
            }
        };
        self.pooling_dim = config.word_embedding_dimension.map(|dim| (file.to_owned(), dim));
        Ok(())
    }
}
