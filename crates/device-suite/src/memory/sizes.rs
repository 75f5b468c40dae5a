//! Does what is allocated show, and is it gone afterwards?

use embed_burn::BurnDevice;
use gpu_telemetry::MemoryMonitor;
use serde::Serialize;

use super::{MIB, POOL_SLACK, PROCESS_SLACK, Reading, growth};
use crate::fault::Fault;

/// An allocation of a known size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizeReport {
    /// Its size.
    pub bytes: u64,
    /// Before it.
    pub before: Reading,
    /// While it is there.
    pub held: Reading,
    /// After it was dropped and the pool cleaned.
    pub after: Reading,
    /// What cannot be right.
    pub faults: Vec<String>,
}

/// Sizes that a device should bear: up to its largest tensor, a quarter of what is free, and, where nobody knows what is
/// free or it is the host's, 256 MiB.
pub fn sizes_for(device: &BurnDevice, monitor: Option<&dyn MemoryMonitor>) -> Vec<u64> {
    let headroom = monitor.and_then(|monitor| monitor.sample().ok()?.headroom());
    let mut most = headroom.map_or(256 << 20, |headroom| headroom.get() / 4);
    if device.is_host_memory() {
        most = most.min(256 << 20);
    }
    let most = most.min(device.largest_tensor().unwrap_or(u64::MAX));
    [1_u64 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30, 4 << 30]
        .into_iter()
        .filter(|&size| size <= most)
        .collect()
}

/// Takes each size, the largest last, and watches.
///
/// # Errors
/// The device has no room for a size, or was lost.
pub fn known_sizes(
    device: &BurnDevice,
    monitor: Option<&dyn MemoryMonitor>,
    sizes: &[u64],
) -> Result<Vec<SizeReport>, Fault> {
    // The first kernel brings a context, compiled code and the pools' first pages, which stay.
    drop(device.allocate(1 << 20)?);
    device.cleanup()?;
    sizes.iter().map(|&bytes| one(device, monitor, bytes)).collect()
}

fn one(device: &BurnDevice, monitor: Option<&dyn MemoryMonitor>, bytes: u64) -> Result<SizeReport, Fault> {
    let before = Reading::take(device, monitor)?;
    let allocation = device.allocate(bytes)?;
    let held = Reading::take(device, monitor)?;
    drop(allocation);
    device.cleanup()?;
    let after = Reading::take(device, monitor)?;
    Ok(SizeReport { bytes, before, held, after, faults: faults(bytes, &before, &held, &after) })
}

fn faults(bytes: u64, before: &Reading, held: &Reading, after: &Reading) -> Vec<String> {
    let wanted = i64::try_from(bytes).unwrap_or(i64::MAX);
    let mut faults = Vec::new();
    let mut expect = |what: &str, got: Option<i64>, least: i64, most: i64| {
        if let Some(got) = got.filter(|got| !(least..=most).contains(got)) {
            faults.push(format!("with {bytes} bytes, {what} by {got}, not {least} to {most}"));
        }
    };
    let in_use = |from: &Reading, to: &Reading| growth(from.pool_in_use, to.pool_in_use);
    let reserved = |from: &Reading, to: &Reading| growth(from.pool_reserved, to.pool_reserved);
    expect("what the pool uses grew", in_use(before, held), wanted, wanted.saturating_add(MIB));
    expect("what the pool uses stayed grown", in_use(before, after), i64::MIN, MIB);
    expect("what the pool reserved stayed grown", reserved(before, after), i64::MIN, POOL_SLACK);
    // The pool may have had room already; what it took in addition is what a monitor can see. Of that, systems that back
    // memory when it is first written show only what was written.
    let taken = reserved(before, held).unwrap_or(wanted);
    let written = taken.min(wanted);
    // Below that, what is taken drowns in what drivers and allocators take at once.
    if written >= 64 * MIB {
        let seen = |from: &Reading, to: &Reading| growth(from.seen(), to.seen());
        expect(
            "what the monitor sees grew",
            seen(before, held),
            written / 10 * 9,
            taken.saturating_add(PROCESS_SLACK),
        );
        expect("what the monitor sees stayed grown", seen(before, after), i64::MIN, PROCESS_SLACK);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(in_use: u64, reserved: u64, process_used: u64) -> Reading {
        Reading {
            pool_in_use: Some(in_use << 20),
            pool_reserved: Some(reserved << 20),
            process_used: Some(process_used << 20),
            ..Reading::default()
        }
    }

    #[test]
    fn an_allocation_that_is_seen_and_given_back_has_no_fault() {
        let (before, held) = (reading(1, 8, 300), reading(129, 137, 440));
        assert_eq!(faults(128 << 20, &before, &held, &reading(1, 8, 310)), Vec::<String>::new());
        let unknown = Reading::default();
        assert_eq!(faults(128 << 20, &unknown, &unknown, &unknown), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_seen_or_not_given_back_is_a_fault() {
        let before = reading(1, 8, 300);
        let (held, after) = (reading(129, 137, 440), reading(1, 8, 310));
        for (held, after, says) in [
            (reading(1, 137, 440), after, "uses grew"),
            (held, reading(129, 8, 310), "uses stayed"),
            (held, reading(1, 137, 310), "reserved stayed"),
            (reading(129, 137, 301), after, "monitor sees grew"),
            (held, reading(1, 8, 440), "monitor sees stayed"),
        ] {
            let faults = faults(128 << 20, &before, &held, &after);
            assert!(faults.len() == 1 && faults[0].contains(says), "{says}: {faults:?}");
        }
    }
}
