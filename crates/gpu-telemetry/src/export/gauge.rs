//! What is exported: the same gauges by the same names everywhere.

use crate::bytes::ByteCount;
use crate::sample::MemorySample;

/// A number of a sample.
pub(super) struct Gauge {
    /// The name as Prometheus wants it, with its unit, in base units: of a card, and of the host. What the host cannot have has
    /// no name there.
    pub(super) card: &'static str,
    pub(super) host: Option<&'static str>,
    /// What it is called within a line of JSON.
    pub(super) key: &'static str,
    pub(super) help: &'static str,
    pub(super) value: fn(&MemorySample) -> Option<Value>,
}

#[derive(Clone, Copy)]
pub(super) enum Value {
    Bytes(u64),
    /// From 0 to 100.
    Percent(u8),
}

impl Value {
    fn bytes(bytes: ByteCount) -> Self {
        Value::Bytes(bytes.get())
    }

    /// In base units: bytes, or a ratio from 0 to 1.
    #[cfg(feature = "metrics")]
    pub(super) fn in_base_units(self) -> f64 {
        match self {
            Value::Bytes(bytes) => bytes as f64,
            Value::Percent(percent) => f64::from(percent) / 100.0,
        }
    }
}

/// In base units, exactly.
impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Bytes(bytes) => write!(f, "{bytes}"),
            Value::Percent(percent) => write!(f, "{}.{:02}", percent / 100, percent % 100),
        }
    }
}

impl Gauge {
    pub(super) fn name(&self, is_host: bool) -> Option<&'static str> {
        if is_host { self.host } else { Some(self.card) }
    }
}

/// Whether a monitor answers: 1, or 0 where it failed or is silent and nothing else is told of its device.
pub(super) const fn up(is_host: bool) -> &'static str {
    if is_host { "host_memory_up" } else { "gpu_memory_up" }
}

pub(super) const UP_HELP: &str = "Whether the device's memory could be read: 1, or 0 after an error.";

pub(super) const GAUGES: [Gauge; 7] = [
    Gauge {
        card: "gpu_memory_total_bytes",
        host: Some("host_memory_total_bytes"),
        key: "total_bytes",
        help: "Memory of the device.",
        value: |sample| sample.total().map(Value::bytes),
    },
    Gauge {
        card: "gpu_memory_used_bytes",
        host: Some("host_memory_used_bytes"),
        key: "used_bytes",
        help: "Memory of the device that everyone on it uses.",
        value: |sample| sample.used().map(Value::bytes),
    },
    Gauge {
        card: "gpu_memory_free_bytes",
        host: Some("host_memory_free_bytes"),
        key: "free_bytes",
        help: "Memory of the device that nobody uses.",
        value: |sample| sample.free().map(Value::bytes),
    },
    Gauge {
        card: "gpu_memory_budget_bytes",
        host: Some("host_memory_budget_bytes"),
        key: "budget_bytes",
        help: "Memory that the system grants this process in all.",
        value: |sample| sample.budget().map(Value::bytes),
    },
    Gauge {
        card: "gpu_memory_process_used_bytes",
        host: Some("host_memory_process_used_bytes"),
        key: "process_used_bytes",
        help: "Memory of the device that this process uses.",
        value: |sample| sample.process_used().map(Value::bytes),
    },
    Gauge {
        card: "gpu_memory_system_reserved_bytes",
        host: Some("host_memory_system_reserved_bytes"),
        key: "system_reserved_bytes",
        help: "Memory of the device that driver and firmware hold.",
        value: |sample| sample.system_reserved().map(Value::bytes),
    },
    Gauge {
        card: "gpu_utilization_ratio",
        host: None,
        key: "utilization_ratio",
        help: "How busy the device was lately, from 0 to 1, as its driver defines it.",
        value: |sample| sample.utilization_percent().map(Value::Percent),
    },
];
