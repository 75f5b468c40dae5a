//! Samples to the `metrics` facade.

use metrics::{Label, Unit, describe_gauge, gauge};

use super::DeviceReading;
use super::gauge::{GAUGES, UP};

/// Sets the gauges of a reading, by the names and labels of [`prometheus`](super::prometheus), in whatever recorder the
/// program installed.
///
/// A gauge of the facade keeps its last value: what is not known any more is not set anew, and `gpu_memory_up` says so
/// where the monitor failed. Give devices names that tell them apart, or they share gauges.
pub fn record(reading: &DeviceReading) {
    let mut labels = vec![Label::new("device", reading.device.clone())];
    labels.extend(reading.pci().map(|pci| Label::new("pci", pci)));
    gauge!(UP.0, labels.clone()).set(f64::from(u8::from(reading.outcome.is_ok())));
    let Ok(sample) = &reading.outcome else { return };
    labels.extend(sample.source().map(|source| Label::new("source", source.as_str())));
    for each in &GAUGES {
        if let Some(value) = (each.value)(sample) {
            gauge!(each.name, labels.clone()).set(value.in_base_units());
        }
    }
}

/// Tells the recorder what each gauge is, and in which unit. Once is enough, after the recorder was installed.
pub fn describe() {
    describe_gauge!(UP.0, UP.1);
    for each in &GAUGES {
        if each.name.ends_with("_bytes") {
            describe_gauge!(each.name, Unit::Bytes, each.help);
        } else {
            describe_gauge!(each.name, each.help);
        }
    }
}
