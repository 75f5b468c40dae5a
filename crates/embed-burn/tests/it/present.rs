//! Which devices the tests run on, and how a test says that it could not.

use std::io::Write;

use embed_burn::{Backend, BurnDevice, DeviceSpec, backends};

/// Each backend that this build contains, opened. A backend without a device is a skip that is told: on standard error,
/// in the file that `SEMANTIK_SKIP_LOG` names, and as a failure where `SEMANTIK_REQUIRE_WGPU` is 1.
pub(crate) fn devices(test: &str) -> Vec<BurnDevice> {
    let only = std::env::var("SEMANTIK_TEST_BACKEND").ok().filter(|name| name != "auto");
    let mut opened: Vec<BurnDevice> = Vec::new();
    for info in backends().into_iter().filter(|info| info.compiled) {
        let unwanted = only.as_deref().is_some_and(|only| only != info.backend.as_str());
        // One device a backend: its best.
        if unwanted || opened.iter().any(|device| device.backend() == info.backend) {
            continue;
        }
        if info.present {
            opened.push(BurnDevice::open(info.spec()).unwrap());
        } else {
            skip(test, &info.reason.unwrap_or_default());
        }
    }
    opened
}

/// The named backend, or none after telling why.
pub(crate) fn device(test: &str, backend: Backend) -> Option<BurnDevice> {
    match BurnDevice::open(DeviceSpec::on(backend)) {
        Ok(device) => Some(device),
        Err(error) => {
            skip(test, &error.to_string());
            None
        }
    }
}

fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED-WGPU: {test}: {reason}");
    assert!(std::env::var("SEMANTIK_REQUIRE_WGPU").as_deref() != Ok("1"), "{line}");
    eprintln!("{line}");
    if let Some(log) = std::env::var_os("SEMANTIK_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
}
