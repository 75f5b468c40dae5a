//! Prometheus' text format.

use semantik::gpu_telemetry::{ByteCount, MemorySample};

use super::super::device::Device;
use super::super::level;
use super::super::reading::Reading;

type Value = fn(&MemorySample) -> Option<f64>;

/// The gauges: name, what it is, and where it is in a sample.
const GAUGES: [(&str, &str, Value); 9] = [
    ("total_bytes", "Memory of the device.", |sample| bytes(sample.total())),
    ("used_bytes", "Memory that everyone on the device uses.", |sample| bytes(sample.used())),
    ("free_bytes", "Memory that nobody uses.", |sample| bytes(sample.free())),
    ("budget_bytes", "Memory that the system grants this process.", |sample| bytes(sample.budget())),
    ("process_bytes", "Memory that this process uses.", |sample| bytes(sample.process_used())),
    ("reserved_bytes", "Memory that driver or firmware hold.", |sample| bytes(sample.system_reserved())),
    ("headroom_bytes", "Memory that is there for new work.", |sample| bytes(sample.headroom())),
    ("usage_ratio", "Use as a share of what may be used, by the tightest limit.", level::usage),
    ("busy_ratio", "How busy the device is.", |sample| {
        sample.utilization_percent().map(|percent| f64::from(percent) / 100.0)
    }),
];

/// One exposition of one round. What is not known has no line.
pub(super) fn exposition(readings: &[(&Device, &Reading)]) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&Reading) -> Option<f64>| {
        let lines: String = readings
            .iter()
            .filter_map(|(device, reading)| {
                let device = escaped(&device.name);
                value(reading).map(|value| format!("semantik_device_{name}{{device=\"{device}\"}} {value}\n"))
            })
            .collect();
        if !lines.is_empty() {
            text += &format!(
                "# HELP semantik_device_{name} {help}\n# TYPE semantik_device_{name} gauge\n{lines}"
            );
        }
    };
    gauge("up", "Whether the device could be asked.", &|reading| Some(f64::from(u8::from(reading.is_ok()))));
    for (name, help, value) in GAUGES {
        gauge(name, help, &|reading| reading.as_ref().ok().and_then(value));
    }
    text
}

fn bytes(count: Option<ByteCount>) -> Option<f64> {
    count.map(|count| count.get() as f64)
}

/// As a label's value is written.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
