//! Lines of JSON, read by another's parser.

use std::time::{Duration, UNIX_EPOCH};

use gpu_telemetry::export::json_line;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{numbers, reading};

proptest! {
    #[test]
    fn a_line_is_one_object_that_holds_what_is_known_and_nothing_else(reading in reading(), ms in 0..1_u64 << 50) {
        let line = json_line(&reading, UNIX_EPOCH + Duration::from_millis(ms));
        prop_assert_eq!(line.chars().filter(|c| c.is_control()).collect::<String>(), "\n", "one line");
        let mut expected = Map::from_iter([
            ("unix_ms".to_owned(), json!(ms)),
            ("device".to_owned(), json!(reading.device)),
        ]);
        if let Some(pci) = reading.identity.and_then(|identity| identity.pci) {
            expected.insert("pci".to_owned(), json!(pci.to_string()));
        }
        match &reading.outcome {
            Ok(sample) => {
                if let Some(source) = sample.source() {
                    expected.insert("source".to_owned(), json!(source.as_str()));
                }
                expected.extend(numbers(sample).into_iter().map(|(name, bytes)| (format!("{name}_bytes"), json!(bytes))));
                if let Some(percent) = sample.utilization_percent() {
                    let ratio = json!(f64::from(percent) / 100.0);
                    expected.insert("utilization_ratio".to_owned(), ratio);
                }
            }
            Err(error) => {
                expected.insert("error".to_owned(), json!(error.to_string()));
                expected.insert("error_kind".to_owned(), json!("lost"));
            }
        }
        prop_assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), Value::Object(expected));
    }
}

#[test]
fn a_clock_before_1970_is_no_panic() {
    let reading = gpu_telemetry::export::DeviceReading::take(&gpu_telemetry::ScriptedMonitor::default());
    let line = json_line(&reading, UNIX_EPOCH - Duration::from_secs(5));
    assert_eq!(line, "{\"unix_ms\":0,\"device\":\"scripted\"}\n");
}
