//! Wishes on a machine with equal cards.

use semantik::devices::MemoryReport;
use semantik::gpu_telemetry::{CardIdentity, MemorySample, TelemetryError};

use super::*;

#[derive(Debug)]
struct At(Option<PciAddress>);

impl MemoryMonitor for At {
    fn name(&self) -> &'static str {
        "card"
    }

    fn sample(&self) -> Result<MemorySample, TelemetryError> {
        Ok(MemorySample::default())
    }

    fn identity(&self) -> Option<CardIdentity> {
        self.0.map(CardIdentity::at)
    }
}

fn watched() -> Vec<WatchedDevice> {
    let device = |name: &str, specs: &[&str], place: &str| WatchedDevice {
        name: name.to_owned(),
        specs: specs.iter().map(|&spec| spec.to_owned()).collect(),
        monitor: Arc::new(At(place.parse().ok())),
    };
    vec![
        device("host", &["cpu", "wgpu:2"], ""),
        device("NVIDIA H100 80GB HBM3", &["cuda:0", "wgpu:0"], "0000:41:00.0"),
        device("NVIDIA H100 80GB HBM3", &["cuda:1", "wgpu:1"], "0000:c1:00.0"),
        device("Wormhole", &[], "0000:05:00.0"),
        device("Wormhole", &[], "0000:06:00.0"),
        device("Wormhole n300", &[], ""),
    ]
}

/// What `semantik devices` says on that machine.
fn reports() -> Vec<DeviceReport> {
    let report = |backend: &'static str, spec: &str, name: &str, auto: bool| DeviceReport {
        backend,
        spec: spec.to_owned(),
        name: name.to_owned(),
        present: true,
        software: spec == "wgpu:2",
        auto,
        pci: None,
        reason: None,
        memory_error: None,
        memory: MemoryReport::default(),
        processes: None,
    };
    vec![
        report("cpu", "cpu", "Ryzen 9, 32 threads", false),
        report("wgpu", "wgpu:0", "NVIDIA H100 80GB HBM3", false),
        report("wgpu", "wgpu:1", "NVIDIA H100 80GB HBM3", false),
        report("wgpu", "wgpu:2", "llvmpipe (LLVM 19, 256 bits)", false),
        report("cuda", "cuda:0", "NVIDIA H100 80GB HBM3", false),
        report("cuda", "cuda:1", "NVIDIA H100 80GB HBM3", true),
    ]
}

fn chosen(wanted: &[&str]) -> Result<Vec<String>, Failure> {
    let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let chosen = choose_by(watched(), &wanted, &Reports::new(reports))?;
    Ok(chosen.into_iter().map(|(device, _)| device.name).collect())
}

const FIRST: &str = "cuda:0 NVIDIA H100 80GB HBM3";
const SECOND: &str = "cuda:1 NVIDIA H100 80GB HBM3";

#[test]
fn a_device_is_found_by_all_that_it_is_called() {
    for (wanted, expected) in [
        // What `--backend` takes.
        ("cuda:1", &[SECOND][..]),
        ("wgpu:0", &[FIRST]),
        ("cuda", &[FIRST, SECOND]),
        ("cpu", &["host"]),
        ("cpu:0", &["host"]),
        ("wgpu", &["host", FIRST, SECOND]),
        ("auto", &[SECOND]),
        // The place on the bus.
        ("0000:c1:00.0", &[SECOND]),
        ("C1:00.0", &[SECOND]),
        ("06:00.0", &["0000:06:00.0 Wormhole"]),
        // The name that is shown, whole or in part.
        (SECOND, &[SECOND]),
        ("0000:06:00.0 wormhole", &["0000:06:00.0 Wormhole"]),
        ("h100", &[FIRST, SECOND]),
        ("n300", &["Wormhole n300"]),
        ("worm", &["0000:05:00.0 Wormhole", "0000:06:00.0 Wormhole", "Wormhole n300"]),
        // What `semantik devices` calls what computes on it.
        ("llvmpipe", &["host"]),
        ("llvmpipe (LLVM 19, 256 bits)", &["host"]),
        ("ryzen", &["host"]),
        ("NVIDIA H100 80GB HBM3", &[FIRST, SECOND]),
    ] {
        assert_eq!(chosen(&[wanted]).unwrap(), expected, "{wanted:?}");
    }
}

#[test]
fn wishes_add_up_in_the_order_of_the_devices() {
    assert_eq!(
        chosen(&["n300", "host", "cuda:0", "h100"]).unwrap(),
        ["host", FIRST, SECOND, "Wormhole n300"]
    );
    assert_eq!(chosen(&[]).unwrap().len(), 6, "without a wish all are watched");
}

#[test]
fn a_name_does_not_depend_on_what_else_is_watched() {
    let all = chosen(&[]).unwrap();
    for name in &all {
        assert_eq!(chosen(&[name]).unwrap(), [name.as_str()]);
    }
}

#[test]
fn what_is_not_there_is_refused() {
    for wanted in ["cuda:7", "cpu:1", "rocm", "0000:42:00.0", "h200", "", " ", "\u{7}", "abacus"] {
        assert!(chosen(&["host", wanted]).is_err(), "{wanted:?}");
    }
}
