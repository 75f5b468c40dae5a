//! Which devices a test runs on, and how it says that it could not.

use embed_burn::{Backend, BurnDevice, DeviceSpec, backends};
pub use vulkan_limit::skip;

/// The best device of each backend that this build contains, opened. A backend without a device is a skip that is told.
/// Where `SEMANTIK_TEST_BACKEND` names a backend, it alone, and without a skip.
///
/// # Panics
/// A device is there and does not open, the backend that was named is not there, or a skip is not allowed.
pub fn devices(test: &str) -> Vec<BurnDevice> {
    let only = std::env::var("SEMANTIK_TEST_BACKEND").ok().filter(|name| name != "auto");
    if let Some(only) = only {
        let opened = only.parse::<DeviceSpec>().and_then(BurnDevice::open);
        let why = opened.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(opened.is_ok(), "{test} was to run on {only}: {why}");
        return opened.into_iter().collect();
    }
    let mut devices: Vec<BurnDevice> = Vec::new();
    for info in backends().into_iter().filter(|info| info.compiled) {
        if devices.iter().any(|device| device.backend() == info.backend) {
            continue;
        }
        if info.present {
            let opened = BurnDevice::open(info.spec());
            assert!(opened.is_ok(), "{test}: {} is listed as present: {opened:?}", info.spec());
            devices.extend(opened);
        } else {
            skip(test, &info.reason.unwrap_or_default());
        }
    }
    devices
}

/// The best device of a backend, or none after telling why.
///
/// # Panics
/// A skip is not allowed.
pub fn device(test: &str, backend: Backend) -> Option<BurnDevice> {
    match BurnDevice::open(DeviceSpec::on(backend)) {
        Ok(device) => Some(device),
        Err(error) => {
            skip(test, &error.to_string());
            None
        }
    }
}
