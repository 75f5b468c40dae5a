//! What may be used from any thread.

use gpu_telemetry::{
    Crossings, HostMonitor, MemoryMonitor, MemorySample, Sampler, ScriptedMonitor, TelemetryError, Window,
    WorkMark,
};

#[test]
fn everything_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + ?Sized>() {}
    shared::<dyn MemoryMonitor>();
    shared::<HostMonitor>();
    shared::<gpu_telemetry::DrmMonitor>();
    shared::<ScriptedMonitor>();
    shared::<MemorySample>();
    shared::<TelemetryError>();
    shared::<Sampler>();
    shared::<Crossings>();
    shared::<Window>();
    shared::<WorkMark>();
}
