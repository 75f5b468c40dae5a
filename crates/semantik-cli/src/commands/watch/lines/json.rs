//! An object for each reading.

use std::time::SystemTime;

use semantik::devices::MemoryReport;
use semantik::gpu_telemetry::{ByteCount, MemorySample, MemorySource};
use serde_json::json;

use super::super::device::Device;
use super::super::level::{self, Level};
use super::super::reading::Reading;
use super::unix_millis;

/// One line. Bytes; what is not known is null.
pub(super) fn line(device: &Device, at: SystemTime, reading: &Reading) -> String {
    let sample = reading.as_ref().ok();
    let usage = sample.and_then(level::usage);
    let object = json!({
        "time_ms": unix_millis(at),
        "device": device.name,
        "specs": device.specs,
        "source": sample.and_then(MemorySample::source).map(MemorySource::as_str),
        "memory": sample.map(MemoryReport::from).unwrap_or_default(),
        "headroom": sample.and_then(MemorySample::headroom).map(ByteCount::get),
        "usage": usage,
        "level": usage.map(|usage| Level::of(usage).as_str()),
        "busy_percent": sample.and_then(MemorySample::utilization_percent),
        "gone": reading.as_ref().is_err_and(super::super::reading::Trouble::is_gone),
        "error": reading.as_ref().err().map(ToString::to_string),
    });
    format!("{object}\n")
}

#[cfg(test)]
mod tests {
    use semantik::gpu_telemetry::TelemetryError;
    use serde_json::Value;

    use super::super::super::reading::Trouble;
    use super::*;

    fn read(reading: &Reading) -> Value {
        let device = Device { name: "a \"card\"\n".to_owned(), specs: vec!["cuda:0".to_owned()] };
        let line = line(&device, SystemTime::UNIX_EPOCH, reading);
        assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn what_is_not_known_is_null_and_never_nothing() {
        let sample = MemorySample::builder().total(ByteCount::GIB).used(ByteCount::ZERO).build().unwrap();
        let object = read(&Ok(sample));
        assert_eq!((&object["memory"]["used"], &object["memory"]["budget"]), (&json!(0), &Value::Null));
        assert_eq!((&object["usage"], &object["level"]), (&json!(0.0), &json!("normal")));
        assert_eq!((&object["error"], &object["gone"]), (&Value::Null, &json!(false)));
    }

    #[test]
    fn a_failure_is_an_object_with_the_same_fields() {
        let failed = read(&Err(Trouble::Failed(TelemetryError::lost("card", "no answer"))));
        let sample = read(&Ok(MemorySample::default()));
        let fields = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(&failed), fields(&sample));
        assert_eq!((&failed["gone"], &failed["memory"]["total"]), (&json!(true), &Value::Null));
        assert!(failed["error"].as_str().unwrap().contains("no answer"));
    }
}
