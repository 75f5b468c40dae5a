//! Naming and listing devices.

use device_suite::present::device;
use embed_burn::{Backend, BurnDevice, DeviceSpec, EmbedErrorKind, backends};

#[test]
fn every_backend_is_listed_with_a_reason_if_it_is_absent() {
    let listed = backends();
    for &backend in Backend::ALL {
        assert!(listed.iter().any(|info| info.backend == backend), "{backend} is not listed");
    }
    for info in listed {
        assert!(info.compiled || !info.present, "{info:?}");
        assert_eq!(info.present, info.reason.is_none(), "{info:?}");
        assert!(!info.name.is_empty());
    }
}

#[test]
fn the_processor_is_always_there_and_has_one_device() {
    let cpu = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    assert!(cpu.is_host_memory() && cpu.largest_tensor().is_none());
    let error = BurnDevice::open("cpu:1".parse().unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.backend()), (EmbedErrorKind::BackendAbsent, Some(Backend::Cpu)));
}

#[test]
fn a_backend_that_is_not_there_is_an_error_and_no_other_backend() {
    for backend in [Backend::Cuda, Backend::Rocm, Backend::Metal] {
        let error = BurnDevice::open(DeviceSpec::on(backend)).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::BackendAbsent);
        assert!(error.to_string().contains(backend.as_str()), "{error}");
    }
}

#[test]
fn auto_takes_no_software_gpu() {
    let device = BurnDevice::open(DeviceSpec::Auto).unwrap();
    let chosen =
        backends().into_iter().find(|info| info.present && info.backend == device.backend()).unwrap();
    assert!(!chosen.software, "{chosen:?}");
}

#[cfg(feature = "wgpu")]
#[test]
fn a_gpu_is_numbered_and_a_number_too_high_is_absent() {
    let test = "a_gpu_is_numbered_and_a_number_too_high_is_absent";
    let Some(gpu) = device(test, Backend::Wgpu) else { return };
    let first = BurnDevice::open("wgpu:0".parse().unwrap()).unwrap();
    assert_eq!(first.name(), gpu.name());
    assert!(first.largest_tensor().is_some());
    let error = BurnDevice::open("wgpu:99".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), EmbedErrorKind::BackendAbsent);
    assert!(error.to_string().contains("wgpu:99"), "{error}");
}
