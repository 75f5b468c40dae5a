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
    /// Whether the folder says which; where not, they are what sentence-transformers takes for any transformer.
    pub(super) are_named: bool,
    transformer: PathBuf,
    pub(super) pooling: Pooling,
    /// Whether a prompt's tokens are pooled with the others.
    pub(super) pools_prompt: bool,
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
    /// What newer versions call it.
    embedding_dimension: Option<usize>,
    /// How newer versions write it; where it is, what older ones wrote does not count.
    pooling_mode: Option<Modes>,
    include_prompt: Option<bool>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Modes {
    One(String),
    /// Their vectors one behind the other.
    Several(Vec<String>),
}

impl Modules {
    pub(super) fn read(folder: &Path) -> Result<Self, EmbedError> {
        let file = folder.join("modules.json");
        let mut modules = Modules {
            are_named: false,
            transformer: PathBuf::new(),
            pooling: Pooling::default(),
            pools_prompt: true,
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
        modules.are_named = true;
        modules.normalize = kinds.len() == 3;
        let inside = |step: &Module| {
            inside(&step.path).ok_or_else(|| {
                EmbedError::config(&file, format!("the module path {:?} leaves the folder", step.path))
            })
        };
        let paths = steps.iter().map(inside).collect::<Result<Vec<_>, _>>()?;
        modules.transformer = paths.first().cloned().unwrap_or_default();
        let pooling = paths.get(1).map_or_else(|| folder.to_owned(), |path| folder.join(path));
        modules.read_pooling(&pooling.join("config.json"), folder)?;
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
                format!("hidden_size is {hidden}, but {} is for vectors of {dim} numbers", file.display()),
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
        let modes: Vec<String> = match config.pooling_mode {
            Some(Modes::One(mode)) => vec![mode],
            Some(Modes::Several(modes)) => modes,
            None => config.rest.iter().filter_map(on).collect(),
        };
        self.pools_prompt = config.include_prompt.unwrap_or(true);
        self.pooling = match modes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            // As sentence-transformers does where nothing is said.
            [] | ["mean_tokens" | "mean"] => Pooling::Mean,
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
        let dim = config.embedding_dimension.or(config.word_embedding_dimension);
        self.pooling_dim = dim.map(|dim| (file.to_owned(), dim));
        Ok(())
    }
}

/// A module's path inside the model's folder, however it is written: with `./`, a slash at its end, or by a system whose
/// separator is the backslash. `None` where it leaves the folder.
fn inside(path: &str) -> Option<PathBuf> {
    let path = path.replace('\\', "/");
    if path.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let mut inside = PathBuf::new();
    for part in Path::new(&path).components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir if inside.pop() => {}
            _ => return None,
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_however_they_are_written() {
        for path in
            ["1_Pooling", "./1_Pooling", "1_Pooling/", ".\\1_Pooling", "x/../1_Pooling", "1_Pooling/."]
        {
            assert_eq!(inside(path), Some(PathBuf::from("1_Pooling")), "{path}");
        }
        assert_eq!((inside(""), inside(".")), (Some(PathBuf::new()), Some(PathBuf::new())));
        for path in ["..", "/1_Pooling", "a/../../b", "..\\b", "C:\\b", "\\\\server\\b"] {
            assert_eq!(inside(path), None, "{path}");
        }
    }
}
