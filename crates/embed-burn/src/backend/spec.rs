//! [`DeviceSpec`]: which device is asked for.

use std::fmt;
use std::str::FromStr;

use super::name::Backend;
use crate::error::EmbedError;

/// Which device is asked for: `auto`, a backend's name (`cpu`, `wgpu`, …), or a name and a number (`wgpu:1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceSpec {
    /// The best that is present.
    #[default]
    Auto,
    /// A backend by its name.
    On {
        /// The backend.
        backend: Backend,
        /// Which of its devices, as `backends()` numbers them; the best of them if absent.
        index: Option<u32>,
    },
}

impl DeviceSpec {
    /// The best device of a backend.
    pub const fn on(backend: Backend) -> Self {
        DeviceSpec::On { backend, index: None }
    }
}

impl From<Backend> for DeviceSpec {
    fn from(backend: Backend) -> Self {
        DeviceSpec::on(backend)
    }
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceSpec::Auto => f.pad("auto"),
            DeviceSpec::On { backend, index: None } => backend.fmt(f),
            DeviceSpec::On { backend, index: Some(index) } => f.pad(&format!("{backend}:{index}")),
        }
    }
}

impl FromStr for DeviceSpec {
    type Err = EmbedError;

    fn from_str(text: &str) -> Result<Self, EmbedError> {
        if text == "auto" {
            return Ok(DeviceSpec::Auto);
        }
        let Some((name, index)) = text.split_once(':') else {
            return text.parse().map(DeviceSpec::on);
        };
        let backend = name.parse()?;
        let index = index.parse().map_err(|_| EmbedError::unknown_backend(text))?;
        Ok(DeviceSpec::On { backend, index: Some(index) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EmbedErrorKind;

    #[test]
    fn every_spec_reads_back() {
        let mut specs = vec![DeviceSpec::Auto];
        for &backend in Backend::ALL {
            specs.extend([DeviceSpec::on(backend), DeviceSpec::On { backend, index: Some(3) }]);
        }
        for spec in specs {
            assert_eq!(spec.to_string().parse::<DeviceSpec>().ok(), Some(spec));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known() {
        for name in ["abacus", "", "wgpu:", "wgpu:x", "CPU"] {
            let error = name.parse::<DeviceSpec>().unwrap_err();
            assert_eq!(error.kind(), EmbedErrorKind::UnknownBackend, "{name:?}");
            assert!(error.to_string().contains("cpu"), "{error}");
        }
    }
}
