//! [`Fields`]: a configuration's values by name, each checked when it is read.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::EmbedError;
use crate::folder::activation::Activation;

/// The fields of a file. One whose value is null is not there.
pub(super) struct Fields<'a> {
    file: &'a Path,
    values: Map<String, Value>,
}

/// Larger than any encoder, and small enough that products of two stay far from overflow.
pub(super) const MAX_DIMENSION: usize = 1 << 24;

impl<'a> Fields<'a> {
    pub(super) fn new(file: &'a Path, values: Map<String, Value>) -> Self {
        Fields { file, values }
    }

    /// An error of the file.
    pub(super) fn wrong(&self, message: impl Into<String>) -> EmbedError {
        EmbedError::config(self.file, message)
    }

    /// The error of a value that this crate does not run.
    pub(super) fn unsupported(
        &self,
        name: &str,
        value: impl Into<String>,
        supported: &'static str,
    ) -> EmbedError {
        EmbedError::unsupported(self.file, name, value, supported)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A dimension that must be there.
    pub(super) fn size(&self, name: &str) -> Result<usize, EmbedError> {
        self.optional_size(name)?.ok_or_else(|| self.wrong(format!("{name} is missing")))
    }

    /// A dimension that has one of these names; an error names the first.
    pub(super) fn size_of(&self, names: &[&str]) -> Result<usize, EmbedError> {
        let there = names.iter().find(|name| self.value(name).is_some());
        self.size(there.or(names.first()).copied().unwrap_or_default())
    }

    pub(super) fn size_or(&self, name: &str, default: usize) -> Result<usize, EmbedError> {
        Ok(self.optional_size(name)?.unwrap_or(default))
    }

    pub(super) fn optional_size(&self, name: &str) -> Result<Option<usize>, EmbedError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
        match size {
            Some(size @ 1..=MAX_DIMENSION) => Ok(Some(size)),
            _ => Err(self.wrong(format!("{name} is {value}, not in 1..={MAX_DIMENSION}"))),
        }
    }

    /// A number of which only the range of ids is asked.
    pub(super) fn id_or(&self, name: &str, default: u32) -> Result<u32, EmbedError> {
        let Some(value) = self.value(name) else { return Ok(default) };
        let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| self.wrong(format!("{name} is {value}, and no token's id")))
    }

    pub(super) fn number_or(&self, name: &str, default: f64) -> Result<f64, EmbedError> {
        let Some(value) = self.value(name) else { return Ok(default) };
        value.as_f64().ok_or_else(|| self.wrong(format!("{name} is {value}, and no number")))
    }

    pub(super) fn flag_or(&self, name: &str, default: bool) -> Result<bool, EmbedError> {
        let Some(value) = self.value(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.wrong(format!("{name} is {value}, and not true or false")))
    }

    pub(super) fn text_or(&self, name: &str, default: &str) -> Result<String, EmbedError> {
        let Some(value) = self.value(name) else { return Ok(default.to_owned()) };
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong(format!("{name} is {value}, and no text")))
    }

    pub(super) fn activation(&self, name: &str, default: &str) -> Result<Activation, EmbedError> {
        let value = self.text_or(name, default)?;
        Activation::named(&value).ok_or_else(|| self.unsupported(name, value, Activation::KNOWN))
    }

    /// Refuses a flag that is on.
    pub(super) fn refuse(&self, name: &str) -> Result<(), EmbedError> {
        if self.flag_or(name, false)? { Err(self.unsupported(name, "true", "false")) } else { Ok(()) }
    }

    /// The base of rotary positions, as newer configurations write it (`rope_parameters`, for all layers or for those of
    /// a kind) or as older ones do, under the names given. Positions that are stretched are refused.
    pub(super) fn rotary_base(
        &self,
        layers: Option<&str>,
        older: &[&str],
        default: f64,
    ) -> Result<f32, EmbedError> {
        let mut base = default;
        if let Some(name) = older.iter().find(|name| self.value(name).is_some()) {
            base = self.number_or(name, default)?;
        }
        let all = self.value("rope_parameters");
        let own = layers.and_then(|layers| all?.get(layers)).or(all);
        for parameters in [own, self.value("rope_scaling")].into_iter().flatten() {
            let kind = parameters.get("rope_type").or_else(|| parameters.get("type"));
            let kind = kind.and_then(Value::as_str).unwrap_or("default");
            if kind != "default" {
                return Err(self.unsupported("rope_type", kind, "default"));
            }
            if let Some(value) = parameters.get("rope_theta").filter(|value| !value.is_null()) {
                base = value
                    .as_f64()
                    .ok_or_else(|| self.wrong(format!("rope_theta is {value}, and no number")))?;
            }
        }
        if !(base.is_finite() && base > 0.0) {
            return Err(self.wrong(format!("the base of rotary positions is {base}")));
        }
        Ok(base as f32)
    }

    /// Whether its classes include one that says the next token.
    pub(super) fn is_language_model(&self) -> bool {
        let first = self.value("architectures").and_then(|classes| classes.get(0)).and_then(Value::as_str);
        first.is_some_and(|class| class.ends_with("ForCausalLM"))
    }
}
