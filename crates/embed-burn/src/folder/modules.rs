//! `modules.json`: the steps from text to vector.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pooling::{Names, Pooling, PoolingMode};
use super::read;
use super::steps::Step;
use crate::error::EmbedError;

/// The steps that a model's folder asks for.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    /// Whether the folder says which; where not, they are what sentence-transformers takes for any transformer.
    pub(super) are_named: bool,
    transformer: PathBuf,
    pub(super) pooling: Pooling,
    /// Whether a prompt's tokens are pooled with the others.
    pub(super) pools_prompt: bool,
    pooling_dim: Option<(PathBuf, usize)>,
    /// Behind pooling, each with its folder.
    behind: Vec<(Behind, PathBuf)>,
}

/// A kind of step behind pooling.
#[derive(Clone, Copy, Debug)]
enum Behind {
    Dense,
    LayerNorm,
    Normalize,
    /// Of training only.
    Nothing,
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
    pooling_mode: Option<Names>,
    include_prompt: Option<bool>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

const SEQUENCE: &str = "Transformer, Pooling, and then any of Dense, LayerNorm, Normalize and Dropout";

impl Modules {
    pub(super) fn read(folder: &Path) -> Result<Self, EmbedError> {
        let file = folder.join("modules.json");
        let mut modules = Modules {
            are_named: false,
            transformer: PathBuf::new(),
            pooling: Pooling::default(),
            pools_prompt: true,
            pooling_dim: None,
            behind: Vec::new(),
        };
        let Some(steps) = read::json::<Vec<Module>>(&file)? else {
            return Ok(modules);
        };
        let kinds: Vec<&str> =
            steps.iter().map(|step| step.kind.rsplit('.').next().unwrap_or_default()).collect();
        let behind = match &kinds[..] {
            ["Transformer", "Pooling", behind @ ..] => {
                behind.iter().map(|kind| Behind::named(kind)).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        let Some(behind) = behind else {
            let what = "the sequence of modules";
            return Err(EmbedError::unsupported(&file, what, kinds.join(", "), SEQUENCE));
        };
        modules.are_named = true;
        let inside = |step: &Module| {
            inside(&step.path).ok_or_else(|| {
                EmbedError::config(&file, format!("the module path {:?} leaves the folder", step.path))
            })
        };
        let mut paths = steps.iter().map(inside).collect::<Result<Vec<_>, _>>()?.into_iter();
        modules.transformer = paths.next().unwrap_or_default();
        let pooling = paths.next().map_or_else(|| folder.to_owned(), |path| folder.join(path));
        modules.read_pooling(&pooling.join("config.json"), folder)?;
        modules.behind = behind.into_iter().zip(paths.map(|path| folder.join(path))).collect();
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

    /// The steps behind pooling, and the length of the vectors that they make of an encoder's of `hidden` numbers.
    pub(super) fn steps(&self, folder: &Path, hidden: usize) -> Result<(Vec<Step>, usize), EmbedError> {
        if let Some((file, dim)) = self.pooling_dim.as_ref().filter(|(_, dim)| *dim != hidden) {
            return Err(EmbedError::config(
                &folder.join("config.json"),
                format!("hidden_size is {hidden}, but {} is for vectors of {dim} numbers", file.display()),
            ));
        }
        let mut steps = Vec::new();
        let mut dim = hidden * self.pooling.modes().count();
        for (kind, path) in &self.behind {
            steps.push(match kind {
                Behind::Dense => Step::dense(folder, path, dim)?,
                Behind::LayerNorm => Step::layer_norm(folder, path, dim)?,
                Behind::Normalize => Step::normalize(path)?,
                Behind::Nothing => continue,
            });
            dim = steps.last().map_or(dim, |step| step.outputs(dim));
        }
        Ok((steps, dim))
    }

    fn read_pooling(&mut self, file: &Path, folder: &Path) -> Result<(), EmbedError> {
        let config: PoolingConfig = read::json(file)?.ok_or_else(|| EmbedError::not_a_model(folder, file))?;
        self.pools_prompt = config.include_prompt.unwrap_or(true);
        let unsupported = |mode: String| {
            let known = "cls, max, mean, mean_sqrt_len_tokens, weightedmean and lasttoken, each once";
            EmbedError::unsupported(file, "the pooling", mode, known)
        };
        self.pooling = match config.pooling_mode {
            Some(names) => Pooling::try_from(names).map_err(unsupported)?,
            None => switched_on(&config.rest).map_err(unsupported)?,
        };
        let dim = config.embedding_dimension.or(config.word_embedding_dimension);
        self.pooling_dim = dim.map(|dim| (file.to_owned(), dim));
        Ok(())
    }
}

impl Behind {
    fn named(kind: &str) -> Option<Self> {
        match kind {
            "Dense" => Some(Behind::Dense),
            "LayerNorm" => Some(Behind::LayerNorm),
            "Normalize" => Some(Behind::Normalize),
            "Dropout" => Some(Behind::Nothing),
            _ => None,
        }
    }
}

/// The modes of an older configuration, which has a switch for each. Where none is on, it is the mean.
fn switched_on(config: &Map<String, Value>) -> Result<Pooling, String> {
    let mut on = Vec::new();
    for (key, value) in config {
        if let Some(name) = key.strip_prefix("pooling_mode_").filter(|_| *value == Value::Bool(true)) {
            on.push(PoolingMode::named(name).ok_or_else(|| name.to_owned())?);
        }
    }
    if on.is_empty() {
        return Ok(Pooling::default());
    }
    // In the order of sentence-transformers, whatever that of the file.
    let modes: Vec<PoolingMode> = PoolingMode::ALL.iter().copied().filter(|mode| on.contains(mode)).collect();
    Ok(Pooling::several(&modes).unwrap_or_default())
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
