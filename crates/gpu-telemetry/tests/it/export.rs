//! What other programs read, read back by their rules.

mod json;
mod prometheus;
#[cfg(feature = "metrics")]
mod recorder;

use gpu_telemetry::export::DeviceReading;
use gpu_telemetry::{ByteCount, CardIdentity, MemorySample, MemorySource, PciAddress, TelemetryError};
use proptest::prelude::*;

/// Readings of every kind: names of any text, with and without an address, an error or any of the numbers.
fn reading() -> impl Strategy<Value = DeviceReading> {
    let name =
        prop_oneof!["[ab]{0,1}", "(\\PC|[\"\\\\\n\r\t\u{0}\u{7f}\u{2028}]){0,12}", Just("a #2".to_owned())];
    let identity = proptest::option::of(
        (0..2_u8).prop_map(|bus| CardIdentity::at(PciAddress { domain: 0, bus, device: 0, function: 0 })),
    );
    let outcome = prop_oneof![
        4 => sample().prop_map(Ok),
        1 => "\\PC{0,10}".prop_map(|text| Err(TelemetryError::lost(text, "it \"fell\"\noff"))),
    ];
    (name, identity, outcome).prop_map(|(device, identity, outcome)| DeviceReading {
        device,
        identity,
        is_host: false,
        outcome,
    })
}

fn sample() -> impl Strategy<Value = MemorySample> {
    let bytes = || proptest::option::of(any::<u64>().prop_map(ByteCount::new));
    let source =
        proptest::option::of(prop_oneof![Just(MemorySource::Nvml), Just(MemorySource::VulkanBudget)]);
    // Without a total, nothing contradicts it.
    (bytes(), bytes(), bytes(), bytes(), bytes(), proptest::option::of(0..=100_u8), source, any::<bool>())
        .prop_map(|(used, free, budget, process, reserved, busy, source, whole)| {
            let sample = MemorySample::builder().budget(budget).utilization_percent(busy).source(source);
            let sample = if whole {
                sample.total(ByteCount::new(u64::MAX)).used(used).process_used(process)
            } else {
                sample.used(used).free(free).process_used(process).system_reserved(reserved)
            };
            sample.build().unwrap()
        })
}

/// The numbers of a sample that are known, by what they are called.
fn numbers(sample: &MemorySample) -> Vec<(&'static str, u64)> {
    [
        ("total", sample.total()),
        ("used", sample.used()),
        ("free", sample.free()),
        ("budget", sample.budget()),
        ("process_used", sample.process_used()),
        ("system_reserved", sample.system_reserved()),
    ]
    .into_iter()
    .filter_map(|(name, bytes)| Some((name, bytes?.get())))
    .collect()
}
