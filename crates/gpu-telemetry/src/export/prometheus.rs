//! The text that Prometheus reads.

use std::collections::HashSet;
use std::fmt::Write;

use super::DeviceReading;
use super::gauge::{GAUGES, UP_HELP, up};

/// The readings in Prometheus's text format, version 0.0.4: one gauge after the other, each with a line for each device,
/// labelled with `device`, `pci` where it is known, and `source`.
///
/// Names begin with `gpu_memory_`, and with `host_memory_` for the host, so that a sum over the cards of a fleet is just that.
/// What is not known has no line, and so is no zero. A device whose monitor failed, or has been silent for too long, has
/// `gpu_memory_up` 0 and nothing else.
/// Two devices with the same labels would make Prometheus refuse everything: the second's name gets ` #2`.
///
/// ```
/// use gpu_telemetry::export::{DeviceReading, prometheus};
/// use gpu_telemetry::{ByteCount, MemorySample, ScriptedMonitor};
///
/// let monitor = ScriptedMonitor::fixed(MemorySample::builder().used(ByteCount::MIB).build()?);
/// let text = prometheus(&[DeviceReading::take(&monitor)]);
/// assert!(text.contains("gpu_memory_used_bytes{device=\"scripted\"} 1048576\n"));
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
pub fn prometheus(readings: &[DeviceReading]) -> String {
    let mut text = String::new();
    let names = names(readings);
    let devices = || readings.iter().zip(&names);
    for is_host in [false, true] {
        let mut head = Head::default();
        for (reading, name) in devices().filter(|(reading, _)| reading.is_host == is_host) {
            let up_name = up(is_host);
            head.once(&mut text, up_name, UP_HELP);
            line(&mut text, up_name, &labels(reading, name, false), u8::from(reading.outcome.is_ok()));
        }
    }
    for gauge in &GAUGES {
        for is_host in [false, true] {
            let Some(gauge_name) = gauge.name(is_host) else { continue };
            let mut head = Head::default();
            for (reading, name) in devices().filter(|(reading, _)| reading.is_host == is_host) {
                let Some(value) = reading.outcome.as_ref().ok().and_then(gauge.value) else { continue };
                head.once(&mut text, gauge_name, gauge.help);
                line(&mut text, gauge_name, &labels(reading, name, true), value);
            }
        }
    }
    text
}

/// Names that tell the devices apart.
fn names(readings: &[DeviceReading]) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut name = |reading: &DeviceReading| {
        let pci = reading.pci();
        let mut name = reading.device.clone();
        let mut nth = 2_u32;
        while !taken.insert((name.clone(), pci.clone())) {
            name = format!("{} #{nth}", reading.device);
            nth += 1;
        }
        name
    };
    readings.iter().map(&mut name).collect()
}

/// The lines before the first of a gauge.
#[derive(Default)]
struct Head {
    is_written: bool,
}

impl Head {
    fn once(&mut self, text: &mut String, name: &str, help: &str) {
        if !std::mem::replace(&mut self.is_written, true) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        }
    }
}

fn line(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{name}{{{labels}}} {value}");
}

fn labels(reading: &DeviceReading, name: &str, with_source: bool) -> String {
    let mut text = format!("device=\"{}\"", Escaped(name));
    if let Some(pci) = reading.pci() {
        let _ = write!(text, ",pci=\"{pci}\"");
    }
    let source = reading.outcome.as_ref().ok().and_then(crate::MemorySample::source);
    if let Some(source) = source.filter(|_| with_source) {
        let _ = write!(text, ",source=\"{source}\"");
    }
    text
}

/// A label's value may hold anything, with three characters written in another way.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            _ => f.write_char(c),
        })
    }
}
