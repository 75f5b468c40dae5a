//! [`WatchedDevice`]: what has memory, once, however many backends reach it.

use std::sync::Arc;

use gpu_telemetry::{HostMonitor, MemoryMonitor};

/// The host, or a card, and what watches its memory.
#[derive(Clone, Debug)]
pub struct WatchedDevice {
    /// Its name, for people.
    pub name: String,
    /// What to give to `--backend` to compute on it; empty where no backend of this build reaches it.
    pub specs: Vec<String>,
    /// Gives its memory.
    pub monitor: Arc<dyn MemoryMonitor>,
}

/// The host and each card that can be watched, also those that no backend of this build can compute on.
pub fn watched() -> Vec<WatchedDevice> {
    let host = WatchedDevice {
        name: "host".to_owned(),
        specs: vec!["cpu".to_owned()],
        monitor: Arc::new(HostMonitor::new()),
    };
    vec![host]
}
