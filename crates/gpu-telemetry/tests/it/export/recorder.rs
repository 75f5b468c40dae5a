//! The `metrics` facade, with a recorder that keeps what it is given.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gpu_telemetry::export::{DeviceReading, describe, record};
use gpu_telemetry::{ByteCount, CardIdentity, MemorySample, MemorySource, TelemetryError};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[derive(Default)]
struct Kept {
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    units: Mutex<BTreeMap<String, Option<Unit>>>,
}

impl Kept {
    fn values(&self) -> Vec<(String, f64)> {
        let gauges = self.gauges.lock().unwrap();
        gauges.iter().map(|(key, bits)| (key.clone(), f64::from_bits(bits.load(Ordering::Relaxed)))).collect()
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.units.lock().unwrap().insert(key.as_str().to_owned(), unit);
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Gauge::from_arc(Arc::clone(self.gauges.lock().unwrap().entry(name).or_default()))
    }
}

#[test]
fn what_is_known_is_set_and_an_error_is_told() {
    let kept = Kept::default();
    let sample = MemorySample::builder()
        .total(ByteCount::GIB)
        .process_used(ByteCount::MIB)
        .utilization_percent(50)
        .source(MemorySource::Sysfs)
        .build()
        .unwrap();
    let identity = Some(CardIdentity::at("0000:03:00.0".parse().unwrap()));
    let mut reading =
        DeviceReading { device: "card".to_owned(), identity, is_host: false, outcome: Ok(sample) };
    let labels = "device=card pci=0000:03:00.0";
    let expected = |up: f64| {
        [
            (format!("gpu_memory_process_used_bytes {labels} source=sysfs"), (1_u64 << 20) as f64),
            (format!("gpu_memory_total_bytes {labels} source=sysfs"), (1_u64 << 30) as f64),
            (format!("gpu_memory_up {labels}"), up),
            (format!("gpu_utilization_ratio {labels} source=sysfs"), 0.5),
        ]
    };
    metrics::with_local_recorder(&kept, || record(&reading));
    assert_eq!(kept.values(), expected(1.0));
    reading.outcome = Err(TelemetryError::lost("card", "gone"));
    metrics::with_local_recorder(&kept, || record(&reading));
    assert_eq!(kept.values(), expected(0.0));
}

#[test]
fn each_gauge_is_described_with_its_unit() {
    let kept = Kept::default();
    metrics::with_local_recorder(&kept, describe);
    let units = kept.units.lock().unwrap();
    assert_eq!(units.len(), 8 + 7, "of cards, and of the host but for how busy it is");
    for (name, unit) in &*units {
        assert_eq!(*unit == Some(Unit::Bytes), name.ends_with("_bytes"), "{name}");
    }
}
