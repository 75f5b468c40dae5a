//! [`DeviceLimits`]: how much of a device a person grants.

use batch_policy::Limits;
use gpu_telemetry::ByteCount;

use crate::adapt;
use crate::error::Error;

/// Limits of batch sizing, from the environment and from what overrides it.
///
/// | variable | also read as | default | |
/// |---|---|---|---|
/// | `SEMANTIK_MIN_BATCH_SIZE` | `SEMANTIC_MIN_BATCH_SIZE` | 4 | texts |
/// | `SEMANTIK_MAX_BATCH_SIZE` | `SEMANTIC_MAX_BATCH_SIZE` | 0 | texts; 0: memory decides |
/// | `GPU_MEMORY_SAFETY_FACTOR` | | 0.7 | share of the memory that is free |
/// | `SEMANTIK_MEMORY_LIMIT` | | | bytes, such as 2GiB |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceLimits {
    /// The fewest texts that planning puts into a batch.
    pub min_batch: Option<usize>,
    /// The most texts in a batch; 0: memory decides.
    pub max_batch: Option<usize>,
    /// The share of the free memory that batches may use, above 0 and at most 1.
    pub safety_factor: Option<f64>,
    /// The most bytes that batches may use.
    pub memory_limit: Option<ByteCount>,
}

impl DeviceLimits {
    /// What this process's environment says.
    ///
    /// # Errors
    /// A variable is not what it must be.
    pub fn from_env() -> Result<Self, Error> {
        DeviceLimits::from_vars(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// What an environment says, given as a function from a variable's name to its value.
    ///
    /// # Errors
    /// A variable is not what it must be.
    pub fn from_vars(var: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        // An empty variable is one that is not set: shells make the two hard to tell apart.
        let first = |names: &[&'static str]| {
            let set = |name: &&'static str| Some((*name, var(name).filter(|value| !value.is_empty())?));
            names.iter().find_map(set)
        };
        let count = |names: &[&'static str]| match first(names) {
            Some((name, value)) => match value.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Error::value(name, format!("{value:?}"), "a number of texts")),
            },
            None => Ok(None),
        };
        let safety_factor = match first(&["GPU_MEMORY_SAFETY_FACTOR"]) {
            Some((name, value)) => match value.trim().parse::<f64>() {
                Ok(share) if share > 0.0 && share <= 1.0 => Some(share),
                _ => return Err(Error::value(name, format!("{value:?}"), "above 0 and at most 1")),
            },
            None => None,
        };
        let memory_limit = match first(&["SEMANTIK_MEMORY_LIMIT"]) {
            Some((name, value)) => match value.parse() {
                Ok(bytes) => Some(bytes),
                Err(_) => {
                    return Err(Error::value(name, format!("{value:?}"), "a size such as 512MiB or 2GB"));
                }
            },
            None => None,
        };
        Ok(DeviceLimits {
            min_batch: count(&["SEMANTIK_MIN_BATCH_SIZE", "SEMANTIC_MIN_BATCH_SIZE"])?,
            max_batch: count(&["SEMANTIK_MAX_BATCH_SIZE", "SEMANTIC_MAX_BATCH_SIZE"])?,
            safety_factor,
            memory_limit,
        })
    }

    /// These limits where they say something, and `below` where they do not.
    #[must_use]
    pub fn or(self, below: DeviceLimits) -> Self {
        DeviceLimits {
            min_batch: self.min_batch.or(below.min_batch),
            max_batch: self.max_batch.or(below.max_batch),
            safety_factor: self.safety_factor.or(below.safety_factor),
            memory_limit: self.memory_limit.or(below.memory_limit),
        }
    }

    /// The limits that planning keeps.
    ///
    /// # Errors
    /// A value is out of its bounds.
    pub fn to_policy(&self) -> Result<Limits, Error> {
        let max = self.max_batch.filter(|&max| max > 0);
        let mut builder = Limits::builder().max_batch(max).memory_limit(self.memory_limit.map(adapt::bytes));
        // A maximum below the default minimum is a wish for small batches, not a contradiction.
        let default = Limits::default().min_batch();
        builder = builder.min_batch(self.min_batch.unwrap_or(max.map_or(default, |max| max.min(default))));
        if let Some(share) = self.safety_factor {
            if !(share > 0.0 && share <= 1.0) {
                return Err(Error::value("safety-factor", share, "above 0 and at most 1"));
            }
            builder = builder.safety_permille(((share * 1000.0).round() as u32).max(1));
        }
        Ok(builder.build()?)
    }
}
