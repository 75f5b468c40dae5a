//! The limit that the multi-process service puts on a client's memory.

use std::ffi::OsStr;

use super::cuda_driver;
use crate::bytes::ByteCount;
use crate::error::TelemetryError;
use crate::identity::CardIdentity;

const VARIABLE: &str = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT";

/// The limit on a card or on an instance of it, where the environment has one. They are numbered as CUDA shows them, so its
/// driver in the file `cuda` is asked. `uuid` is without its `GPU-` or `MIG-`.
pub(crate) fn mps_limit(
    cuda: &OsStr,
    card: &CardIdentity,
    uuid: Option<&str>,
) -> Result<Option<ByteCount>, TelemetryError> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let text = text.to_string_lossy();
    let limits = parse(&text).ok_or_else(|| {
        let message = format!("{text:?} is no list of limits such as 0=1G,1=512M");
        TelemetryError::driver(VARIABLE, "the limits of memory", message)
    })?;
    let cards = cuda_driver::ask(cuda, None)?;
    // Older drivers tell no UUID, and no instances either.
    let index = cards
        .iter()
        .position(|shown| uuid.is_some() && shown.uuid.as_deref() == uuid)
        .or_else(|| cards.iter().position(|shown| shown.identity.is_same_card(card)));
    Ok(limits.into_iter().find(|(limited, _)| Some(*limited) == index).map(|(_, bytes)| bytes))
}

/// Of `0=1G,1=512M`, the indices and their limits. Units are powers of two, with or without a last B.
fn parse(text: &str) -> Option<Vec<(usize, ByteCount)>> {
    let one = |entry: &str| {
        let (index, limit) = entry.split_once('=')?;
        let limit = limit.trim().to_ascii_uppercase();
        let limit = limit.strip_suffix('B').unwrap_or(&limit);
        let (number, unit) = match limit.strip_suffix('G') {
            Some(number) => (number, ByteCount::GIB),
            None => (limit.strip_suffix('M')?, ByteCount::MIB),
        };
        Some((index.trim().parse().ok()?, unit.saturating_mul(number.parse().ok()?)))
    };
    text.split(',').filter(|entry| !entry.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_in_powers_of_two() {
        let mib = |mib| ByteCount::MIB.saturating_mul(mib);
        assert_eq!(parse("0=1G, 3=512MB"), Some(vec![(0, mib(1024)), (3, mib(512))]));
        assert_eq!(parse("7=2g,"), Some(vec![(7, mib(2048))]));
        assert_eq!(parse(""), Some(Vec::new()));
        for text in ["1G", "x=1G", "0=G", "0=12", "0=-1G", "0=1.5G"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
