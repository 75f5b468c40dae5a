//! Samples to the `metrics` facade.

use metrics::{Label, Unit, describe_gauge, gauge};

use super::DeviceReading;
use super::gauge::{GAUGES, UP_HELP, up};

/// Sets the gauges of a reading, by the names and labels of [`prometheus`](super::prometheus), in whatever recorder the
/// program installed.
///
/// A gauge of the facade keeps its last value: what is not known any more is not set anew, and `gpu_memory_up` says so
/// where the monitor failed. Give devices names that tell them apart, or they share gauges.
pub fn record(reading: &DeviceReading) {
    let mut labels = vec![Label::new("device", reading.device.clone())];
    labels.extend(reading.pci().map(|pci| Label::new("pci", pci)));
    gauge!(up(reading.is_host), labels.clone()).set(f64::from(u8::from(reading.outcome.is_ok())));
    let Ok(sample) = &reading.outcome else { return };
    labels.extend(sample.source().map(|source| Label::new("source", source.as_str())));
    for each in &GAUGES {
        if let Some((name, value)) = each.name(reading.is_host).zip((each.value)(sample)) {
            gauge!(name, labels.clone()).set(value.in_base_units());
        }
    }
}

/// Tells the recorder what each gauge is, and in which unit. Once is enough, after the recorder was installed.
pub fn describe() {
    for is_host in [false, true] {
        describe_gauge!(up(is_host), UP_HELP);
        for each in &GAUGES {
            match each.name(is_host) {
                Some(name) if name.ends_with("_bytes") => describe_gauge!(name, Unit::Bytes, each.help),
                Some(name) => describe_gauge!(name, each.help),
                None => {}
            }
        }
    }
}
