//! [`Pooling`]: how token vectors become one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One way to make one vector of a text's token vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolingMode {
    /// The first token's vector.
    Cls,
    /// Each number's largest over the tokens.
    Max,
    /// The mean.
    Mean,
    /// The sum, divided by the square root of the number of tokens.
    MeanSqrtLen,
    /// The mean, each token with its place in the text as its weight.
    WeightedMean,
    /// The last token's vector.
    LastToken,
}

impl PoolingMode {
    /// All, in the order in which several stand that are only switched on or off.
    pub const ALL: &'static [PoolingMode] = &[
        PoolingMode::Cls,
        PoolingMode::Max,
        PoolingMode::Mean,
        PoolingMode::MeanSqrtLen,
        PoolingMode::WeightedMean,
        PoolingMode::LastToken,
    ];

    /// The name that sentence-transformers gives it.
    pub const fn as_str(self) -> &'static str {
        match self {
            PoolingMode::Cls => "cls",
            PoolingMode::Max => "max",
            PoolingMode::Mean => "mean",
            PoolingMode::MeanSqrtLen => "mean_sqrt_len_tokens",
            PoolingMode::WeightedMean => "weightedmean",
            PoolingMode::LastToken => "lasttoken",
        }
    }

    /// The one of this name, as newer configurations write it, or older ones behind `pooling_mode_`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let is_it = |mode: &&PoolingMode| {
            let known = mode.as_str();
            name == known || matches!(name.strip_prefix(known), Some("_token" | "_tokens"))
        };
        PoolingMode::ALL.iter().find(is_it).copied()
    }
}

/// How a text's token vectors become one: in one way, or in several, whose vectors then stand one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Names", into = "Names")]
pub struct Pooling {
    /// The first of them are the modes, and none follows where there is none.
    modes: [Option<PoolingMode>; PoolingMode::ALL.len()],
}

impl Pooling {
    /// The mean over all tokens.
    pub const MEAN: Pooling = Pooling::one(PoolingMode::Mean);
    /// The first token's vector.
    pub const CLS: Pooling = Pooling::one(PoolingMode::Cls);
    /// None: a text's tokens keep their vectors.
    pub(crate) const NONE: Pooling = Pooling { modes: [None; PoolingMode::ALL.len()] };

    /// In one way.
    pub const fn one(mode: PoolingMode) -> Self {
        let mut pooling = Pooling::NONE;
        pooling.modes[0] = Some(mode);
        pooling
    }

    /// In all of these ways; `None` for no mode, and for one that stands twice.
    pub fn several(modes: &[PoolingMode]) -> Option<Self> {
        let mut pooling = Pooling::NONE;
        for (at, &mode) in modes.iter().enumerate() {
            if modes.iter().take(at).any(|&earlier| earlier == mode) {
                return None;
            }
            *pooling.modes.get_mut(at)? = Some(mode);
        }
        (!modes.is_empty()).then_some(pooling)
    }

    /// The ways, in the order of their vectors.
    pub fn modes(&self) -> impl Iterator<Item = PoolingMode> + use<> {
        self.modes.into_iter().flatten()
    }
}

impl Default for Pooling {
    /// As sentence-transformers does where nothing is said.
    fn default() -> Self {
        Pooling::MEAN
    }
}

impl fmt::Debug for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.modes()).finish()
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.modes().map(PoolingMode::as_str).collect();
        f.pad(&names.join(" + "))
    }
}

/// As configurations spell it: a name, or a list of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "the pooling is neither a mode's name nor a list of such names")]
pub(super) enum Names {
    One(String),
    Several(Vec<String>),
}

impl From<Pooling> for Names {
    fn from(pooling: Pooling) -> Self {
        let mut names: Vec<String> = pooling.modes().map(|mode| mode.as_str().to_owned()).collect();
        if names.len() == 1 { Names::One(names.remove(0)) } else { Names::Several(names) }
    }
}

impl TryFrom<Names> for Pooling {
    type Error = String;

    /// What is wrong names the mode that is.
    fn try_from(names: Names) -> Result<Self, String> {
        let names = match names {
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        };
        let mut modes = Vec::new();
        for name in &names {
            let mode = PoolingMode::named(name).ok_or_else(|| name.clone())?;
            if modes.contains(&mode) {
                return Err(format!("{name}, twice,"));
            }
            modes.push(mode);
        }
        Pooling::several(&modes).ok_or_else(|| "of no mode".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_old_and_new_configurations_spell_them() {
        for (name, mode) in [
            ("cls", PoolingMode::Cls),
            ("cls_token", PoolingMode::Cls),
            ("max_tokens", PoolingMode::Max),
            ("mean", PoolingMode::Mean),
            ("mean_tokens", PoolingMode::Mean),
            ("mean_sqrt_len_tokens", PoolingMode::MeanSqrtLen),
            ("weightedmean_tokens", PoolingMode::WeightedMean),
            ("lasttoken", PoolingMode::LastToken),
        ] {
            assert_eq!(PoolingMode::named(name), Some(mode), "{name}");
        }
        assert_eq!(PoolingMode::named("median"), None);
    }

    #[test]
    fn what_is_no_pooling_says_what_it_has_to_be() {
        for text in ["false", "3", "[true]", "{}"] {
            let error = serde_json::from_str::<Pooling>(text).unwrap_err().to_string();
            assert!(error.contains("a mode's name"), "{text}: {error}");
        }
    }

    #[test]
    fn one_is_written_as_a_name_and_several_as_a_list() {
        let both = Pooling::several(&[PoolingMode::Max, PoolingMode::Cls]).unwrap();
        for (pooling, json) in
            [(Pooling::MEAN, "\"mean\""), (Pooling::CLS, "\"cls\""), (both, "[\"max\",\"cls\"]")]
        {
            assert_eq!(serde_json::to_string(&pooling).unwrap(), json);
            assert_eq!(serde_json::from_str::<Pooling>(json).unwrap(), pooling);
        }
        assert_eq!(both.to_string(), "max + cls");
        for wrong in ["[]", "\"median\"", "[\"cls\",\"cls\"]"] {
            assert!(serde_json::from_str::<Pooling>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Pooling::several(&[PoolingMode::Cls, PoolingMode::Cls]), None);
    }
}
