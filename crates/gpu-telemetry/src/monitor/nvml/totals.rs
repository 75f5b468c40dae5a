//! A card's memory as a whole, from figures that drivers define differently.

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::MemoryInfo;
use nvml_wrapper::{Device, Nvml};

use super::failure::is_loss;
use super::raw::{MemoryV1, memory_v1};
use crate::bytes::ByteCount;
use crate::error::TelemetryError;

/// What a card has. Used is total − free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) total: ByteCount,
    pub(super) free: ByteCount,
    pub(super) reserved: Option<ByteCount>,
    /// By the call that every version has.
    pub(super) is_v1: bool,
}

/// What a driver answers about a card's memory.
#[derive(Debug)]
pub(super) enum Answer {
    Own(Totals),
    /// It has none: some drivers say so of cards that use the host's.
    None,
    /// It does not support the question: others say this of such cards, but of some others too.
    NotSupported,
    Contradiction(TelemetryError),
}

/// The card's own memory: by the second version of the call, and by the first where that one is missing or fails.
pub(super) fn totals(nvml: &Nvml, device: &Device<'_>) -> Result<Answer, NvmlError> {
    let error = match device.memory_info() {
        Ok(info) => return Ok(answer(&info, false)),
        Err(error) if is_loss(&error) || matches!(error, NvmlError::NoPermission) => return Err(error),
        Err(error) => error,
    };
    match memory_v1(nvml, device) {
        Ok(MemoryV1 { total, free, used }) => {
            Ok(answer(&MemoryInfo { total, free, used, reserved: 0, version: 1 }, true))
        }
        // Of a loss meanwhile, the second says more.
        Err(later) if is_loss(&later) => Err(later),
        Err(NvmlError::NotSupported) if is_unsupported(&error) => Ok(Answer::NotSupported),
        // A card for which there is neither is one that does not support the question.
        Err(NvmlError::FailedToLoadSymbol(_)) if matches!(error, NvmlError::NotSupported) => {
            Ok(Answer::NotSupported)
        }
        Err(_) => Err(error),
    }
}

fn is_unsupported(error: &NvmlError) -> bool {
    matches!(error, NvmlError::NotSupported | NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_))
}

fn answer(info: &MemoryInfo, is_v1: bool) -> Answer {
    if info.total == 0 {
        return Answer::None;
    }
    match from_info(info, is_v1) {
        Ok(totals) => Answer::Own(totals),
        Err(error) => Answer::Contradiction(error),
    }
}

/// Some drivers count what is reserved within what is used, some beside it, whatever their documentation says: total − free
/// means the same in both. Figures that fit neither, because another library changed some of them, are an error if a part is
/// more than the whole, and else leave open what is reserved.
fn from_info(info: &MemoryInfo, is_v1: bool) -> Result<Totals, TelemetryError> {
    let sum = info.used.saturating_add(info.free);
    if sum > info.total.saturating_add(SLACK) {
        let total = ByteCount::new(info.total);
        return Err(TelemetryError::contradiction(("used + free", ByteCount::new(sum)), ("total", total)));
    }
    let beside = sum.saturating_add(info.reserved).abs_diff(info.total) <= SLACK;
    let within = sum.abs_diff(info.total) <= SLACK && info.reserved <= info.used.saturating_add(SLACK);
    let free = info.free.min(info.total);
    let reserved = (!is_v1 && (beside || within)).then_some(info.reserved.min(info.total - free));
    Ok(Totals {
        total: ByteCount::new(info.total),
        free: ByteCount::new(free),
        reserved: reserved.map(ByteCount::new),
        is_v1,
    })
}
/// How far sums may be off: figures are rounded to pages, of up to 2 MiB.
const SLACK: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::TelemetryErrorKind;

    const MIB: u64 = 1 << 20;

    fn told(
        total: u64,
        reserved: u64,
        free: u64,
        used: u64,
    ) -> Result<(u64, Option<u64>), TelemetryErrorKind> {
        let info = MemoryInfo {
            total: total * MIB,
            reserved: reserved * MIB,
            free: free * MIB,
            used: used * MIB,
            version: 2,
        };
        match from_info(&info, false) {
            Ok(told) => {
                let used = told.total.saturating_sub(told.free);
                Ok((used.get() / MIB, told.reserved.map(|bytes| bytes.get() / MIB)))
            }
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn used_is_what_is_not_free_however_the_driver_counts() {
        assert_eq!(told(1000, 100, 600, 300), Ok((400, Some(100))), "reserved beside used");
        assert_eq!(told(1000, 100, 600, 400), Ok((400, Some(100))), "reserved within used");
        assert_eq!(told(1000, 0, 1000, 0), Ok((0, Some(0))));
    }

    #[test]
    fn figures_that_fit_no_sum_leave_open_what_is_reserved() {
        assert_eq!(told(1000, 100, 600, 200), Ok((400, None)));
        assert_eq!(told(1000, 500, 600, 400), Ok((400, None)), "more reserved than used");
    }

    #[test]
    fn a_part_of_more_than_the_whole_is_an_error() {
        for (free, used) in [(0, 17_000_000), (1100, 0), (600, 700)] {
            assert_eq!(
                told(1000, 0, free, used),
                Err(TelemetryErrorKind::Contradiction),
                "{free} free, {used} used"
            );
        }
    }
}
