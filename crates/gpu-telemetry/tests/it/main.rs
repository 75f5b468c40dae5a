//! The crate's promises.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bytes;
#[cfg(target_os = "linux")]
mod cards;
mod conformance;
#[cfg(target_os = "linux")]
mod drm;
mod export;
mod host;
mod leak;
#[cfg(all(unix, feature = "nvml"))]
mod mig;
#[cfg(all(unix, feature = "nvml"))]
mod nvml;
#[cfg(all(unix, feature = "nvml"))]
mod nvml_drivers;
mod sample;
mod sampler;
mod shared;
#[cfg(all(unix, feature = "nvml"))]
mod visible;
#[cfg(feature = "wgpu")]
mod wgpu_monitor;

/// Tests that weigh this process take turns: what one of them gives back, another would miss.
#[cfg(target_os = "linux")]
static SCALES: std::sync::Mutex<()> = std::sync::Mutex::new(());
