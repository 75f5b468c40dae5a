//! The real all-MiniLM-L6-v2, loaded once.

use std::sync::{Arc, LazyLock};

use semantik::embed_burn::{Backend, BurnDevice, BurnEmbedder, ModelFolder};
use semantik::gpu_telemetry::MemoryMonitor;
use semantik::{AdaptiveEmbedder, DeviceLimits, ModelCache};

/// `SEMANTIK_MODEL`, or where `cargo xtask model` puts it.
pub(crate) fn folder() -> ModelFolder {
    let named = std::env::var("SEMANTIK_MODEL").unwrap_or_else(|_| ModelCache::DEFAULT.to_owned());
    ModelCache::from_env().unwrap().resolve(&named).expect("`cargo xtask model` brings it")
}

pub(crate) fn embedder() -> Arc<AdaptiveEmbedder> {
    static EMBEDDER: LazyLock<Arc<AdaptiveEmbedder>> = LazyLock::new(|| {
        // With what is free here, and without what earlier runs on this machine learned.
        let device = BurnDevice::open(Backend::Cpu.into()).unwrap();
        Arc::new(embedder_with(DeviceLimits::default(), semantik::devices::monitor(&device)))
    });
    Arc::clone(&EMBEDDER)
}

/// With limits and a monitor of the test's own.
pub(crate) fn embedder_with(
    limits: DeviceLimits,
    monitor: Option<Arc<dyn MemoryMonitor>>,
) -> AdaptiveEmbedder {
    let device = BurnDevice::open(Backend::Cpu.into()).unwrap();
    let model = BurnEmbedder::load(&folder(), &device).unwrap();
    AdaptiveEmbedder::with_monitor(model, limits.to_policy().unwrap(), monitor).unwrap()
}
