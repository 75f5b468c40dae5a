//! Lines of JSON.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::DeviceReading;
use super::gauge::GAUGES;

/// A reading as one object of JSON on a line, with its end: `unix_ms` (when, in milliseconds), `device`, `pci` where it is
/// known, then `source` and each number that is known (`used_bytes`, …), or `error` and `error_kind` where the monitor
/// failed. What is not known has no key.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use gpu_telemetry::export::{DeviceReading, json_line};
/// use gpu_telemetry::{ByteCount, MemorySample, ScriptedMonitor};
///
/// let monitor = ScriptedMonitor::fixed(MemorySample::builder().used(ByteCount::MIB).build()?);
/// let line = json_line(&DeviceReading::take(&monitor), UNIX_EPOCH + Duration::from_secs(1));
/// assert_eq!(line, "{\"unix_ms\":1000,\"device\":\"scripted\",\"used_bytes\":1048576}\n");
/// # Ok::<(), gpu_telemetry::TelemetryError>(())
/// ```
pub fn json_line(reading: &DeviceReading, at: SystemTime) -> String {
    // A clock that is set before 1970 is wrong anyway.
    let unix_ms = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut line = format!("{{\"unix_ms\":{unix_ms}");
    text(&mut line, "device", &reading.device);
    if let Some(pci) = reading.pci() {
        text(&mut line, "pci", &pci);
    }
    match &reading.outcome {
        Ok(sample) => {
            if let Some(source) = sample.source() {
                text(&mut line, "source", source.as_str());
            }
            for gauge in &GAUGES {
                if let Some(value) = (gauge.value)(sample) {
                    // Writing to a string cannot fail.
                    let _ = write!(line, ",\"{}\":{value}", gauge.key);
                }
            }
        }
        Err(error) => {
            text(&mut line, "error", &error.to_string());
            text(&mut line, "error_kind", error.kind().as_str());
        }
    }
    line.push_str("}\n");
    line
}

fn text(line: &mut String, key: &str, value: &str) {
    let _ = write!(line, ",\"{key}\":\"");
    for c in value.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            // Besides control characters, those that some readers take for the end of a line.
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(line, "\\u{:04x}", u32::from(c));
            }
            _ => line.push(c),
        }
    }
    line.push('"');
}
