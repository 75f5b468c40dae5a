//! Whatever device is here.

use std::sync::Arc;

use gpu_telemetry::{MemoryMonitor, MemorySource, TelemetryErrorKind, WgpuMonitor};

use super::gpu::{MIB, adapters, buffer, on_each_adapter, open};
use crate::conformance::check;

#[test]
fn each_adapter_conforms() {
    on_each_adapter("each_adapter_conforms", |adapter| {
        check(&(Arc::new(WgpuMonitor::new(adapter).unwrap()) as Arc<dyn MemoryMonitor>));
        let (device, _queue) = open(adapter);
        check(&(Arc::new(WgpuMonitor::new(adapter).unwrap().with_device(&device)) as Arc<dyn MemoryMonitor>));
    });
}

#[test]
fn a_card_has_an_identity_and_a_driver_in_software_has_none() {
    on_each_adapter("a_card_has_an_identity_and_a_driver_in_software_has_none", |adapter| {
        let info = adapter.get_info();
        let monitor = WgpuMonitor::new(adapter).unwrap();
        assert_eq!(monitor.name(), info.name);
        assert_eq!(monitor.identity().is_none(), WgpuMonitor::is_software(adapter), "{info:?}");
        if let Some(pci) = monitor.identity().and_then(|identity| identity.pci) {
            assert_eq!(pci.to_string(), info.device_pci_bus_id);
        }
    });
}

#[test]
fn what_everyone_uses_is_never_made_up() {
    on_each_adapter("what_everyone_uses_is_never_made_up", |adapter| {
        let (device, _queue) = open(adapter);
        let _held = buffer(&device, 8 * MIB);
        let sample = WgpuMonitor::new(adapter).unwrap().with_device(&device).sample().unwrap();
        assert_eq!((sample.used(), sample.usage()), (None, None));
        assert!(sample.total().is_some());
        // With a budget the driver tells the use, without one the device's allocator does.
        assert_eq!(sample.budget().is_some(), sample.source() == Some(MemorySource::VulkanBudget));
        assert!(sample.process_used().unwrap().get() >= 8 * MIB, "{sample:?}");
    });
}

#[test]
fn an_api_that_tells_nothing_is_named() {
    on_each_adapter("an_api_that_tells_nothing_is_named", |_| {
        // What else there is besides Vulkan: OpenGL where it is installed.
        for adapter in adapters(wgpu::Backends::all()) {
            let api = adapter.get_info().backend;
            let tells = matches!(api, wgpu::Backend::Vulkan | wgpu::Backend::Dx12 | wgpu::Backend::Metal);
            match WgpuMonitor::new(&adapter) {
                Ok(monitor) => assert!(tells && monitor.sample().is_ok(), "{api}"),
                Err(error) => {
                    assert_eq!((error.kind(), tells), (TelemetryErrorKind::Absent, false), "{error}");
                    assert!(error.to_string().contains(api.to_str()), "{error}");
                }
            }
        }
    });
}
