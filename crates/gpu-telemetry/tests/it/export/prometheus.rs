//! The text format, read by a parser that follows its rules and no more.

use std::collections::{BTreeMap, HashMap, HashSet};

use gpu_telemetry::export::{DeviceReading, prometheus};
use gpu_telemetry::{ByteCount, CardIdentity, MemorySample, MemorySource, TelemetryError};
use proptest::prelude::*;

use super::{numbers, reading};

type Labels = BTreeMap<String, String>;

/// Each series with its value. Panics where the text breaks a rule: a line without a type, a family that is not in one
/// piece, a series twice, a label that does not end.
fn parse(text: &str) -> HashMap<(String, Labels), String> {
    assert!(text.is_empty() || text.ends_with('\n'));
    let mut families = HashSet::new();
    let mut family = "";
    let mut series = HashMap::new();
    for line in text.split_terminator('\n') {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split_once(' ').unwrap().0;
            assert!(families.insert(family), "{family} comes in two pieces");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{family} gauge"));
        } else {
            let (name, rest) = line.split_once('{').unwrap();
            assert_eq!(name, family);
            let (labels, rest) = parse_labels(rest);
            let value = rest.strip_prefix(' ').unwrap();
            value.parse::<f64>().unwrap();
            let known = series.insert((name.to_owned(), labels), value.to_owned());
            assert_eq!(known, None, "{line} comes twice");
        }
    }
    series
}

/// The labels up to the closing brace, and what is after it.
fn parse_labels(mut text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{name:?}");
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().expect("the label ends") {
                (at, '"') => break at + 1,
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    c => panic!("\\{c} means nothing"),
                }),
                (_, c) => value.push(c),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), value), None);
        match rest[end..].split_at(1) {
            (",", rest) => text = rest,
            ("}", rest) => return (labels, rest),
            (other, _) => panic!("{other:?} after a label"),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_for_any_devices(readings in proptest::collection::vec(reading(), 0..6)) {
        let mut series = parse(&prometheus(&readings));
        let up: Vec<(Labels, String)> = series
            .iter()
            .filter(|((name, _), _)| name == "gpu_memory_up")
            .map(|((_, labels), value)| (labels.clone(), value.clone()))
            .collect();
        prop_assert_eq!(up.len(), readings.len(), "each device has one");
        for (labels, value) in up {
            series.remove(&("gpu_memory_up".to_owned(), labels.clone()));
            prop_assert!(value == "1" || value == "0");
            // Whose reading it is: a name that was given twice has a number behind it, so any with these numbers may be.
            let mut of_device: Vec<(String, String)> = Vec::new();
            series.retain(|(name, its), value| {
                let mut its = its.clone();
                its.remove("source");
                if its == labels {
                    of_device.push((name.clone(), value.clone()));
                }
                its != labels
            });
            of_device.sort();
            let is_it = |reading: &DeviceReading| {
                let mut expected = Vec::new();
                if let Ok(sample) = &reading.outcome {
                    expected.extend(numbers(sample).into_iter().map(|(name, bytes)| {
                        (format!("gpu_memory_{name}_bytes"), bytes.to_string())
                    }));
                    if let Some(percent) = sample.utilization_percent() {
                        let ratio = format!("{:.2}", f64::from(percent) / 100.0);
                        expected.push(("gpu_utilization_ratio".to_owned(), ratio));
                    }
                }
                expected.sort();
                let pci = reading.identity.and_then(|identity| identity.pci).map(|pci| pci.to_string());
                labels["device"].starts_with(&reading.device)
                    && labels.get("pci") == pci.as_ref()
                    && (value == "1") == reading.outcome.is_ok()
                    && of_device == expected
            };
            prop_assert!(readings.iter().any(is_it), "{labels:?} {of_device:?}");
        }
        prop_assert!(series.is_empty(), "{series:?} is no device's");
    }
}

fn device(name: &str, outcome: Result<MemorySample, TelemetryError>) -> DeviceReading {
    DeviceReading { device: name.to_owned(), identity: None, is_host: false, outcome }
}

#[test]
fn the_text_is_the_one_that_dashboards_were_made_for() {
    let sample = MemorySample::builder()
        .total(ByteCount::GIB)
        .used(ByteCount::MIB)
        .utilization_percent(7)
        .source(MemorySource::Nvml)
        .build()
        .unwrap();
    let mut card = device("NVIDIA \"H100\"", Ok(sample));
    card.identity = Some(CardIdentity::at("0000:41:00.0".parse().unwrap()));
    let gone = device("b\\c", Err(TelemetryError::lost("b", "gone")));
    let expected = r#"# HELP gpu_memory_up Whether the device's memory could be read: 1, or 0 after an error.
# TYPE gpu_memory_up gauge
gpu_memory_up{device="NVIDIA \"H100\"",pci="0000:41:00.0"} 1
gpu_memory_up{device="b\\c"} 0
# HELP gpu_memory_total_bytes Memory of the device.
# TYPE gpu_memory_total_bytes gauge
gpu_memory_total_bytes{device="NVIDIA \"H100\"",pci="0000:41:00.0",source="nvml"} 1073741824
# HELP gpu_memory_used_bytes Memory of the device that everyone on it uses.
# TYPE gpu_memory_used_bytes gauge
gpu_memory_used_bytes{device="NVIDIA \"H100\"",pci="0000:41:00.0",source="nvml"} 1048576
# HELP gpu_utilization_ratio How busy the device was lately, from 0 to 1, as its driver defines it.
# TYPE gpu_utilization_ratio gauge
gpu_utilization_ratio{device="NVIDIA \"H100\"",pci="0000:41:00.0",source="nvml"} 0.07
"#;
    assert_eq!(prometheus(&[card, gone]), expected);
}

#[test]
fn two_devices_of_one_name_are_told_apart() {
    let sample = MemorySample::builder().used(ByteCount::MIB).build().unwrap();
    let text = prometheus(&["a", "a", "a #2", "a"].map(|name| device(name, Ok(sample))));
    let devices: HashSet<String> =
        parse(&text).into_keys().map(|(_, mut labels)| labels.remove("device").unwrap()).collect();
    assert_eq!(devices, HashSet::from(["a", "a #2", "a #2 #2", "a #3"].map(str::to_owned)));
}

#[test]
fn the_host_is_not_in_a_sum_over_cards() {
    let sample = || MemorySample::builder().total(ByteCount::GIB).used(ByteCount::MIB).build();
    let readings = [
        DeviceReading { is_host: true, ..device("host", sample()) },
        device("card", sample()),
        DeviceReading { is_host: true, ..device("another host", Err(TelemetryError::absent("nothing"))) },
    ];
    let text = prometheus(&readings);
    for line in [
        "gpu_memory_total_bytes{device=\"card\"} 1073741824",
        "host_memory_total_bytes{device=\"host\"} 1073741824",
        "gpu_memory_up{device=\"card\"} 1",
        "host_memory_up{device=\"host\"} 1",
        "host_memory_up{device=\"another host\"} 0",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
    }
    assert!(!text.lines().any(|line| line.starts_with("gpu_") && line.contains("host\"}")), "{text}");
    for name in ["gpu_memory_up", "host_memory_up", "host_memory_used_bytes"] {
        assert_eq!(text.matches(&format!("# TYPE {name} gauge\n")).count(), 1, "{name} in {text}");
    }
}
