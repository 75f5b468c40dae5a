//! Opening a device, with its errors told to us instead of on standard error.

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::wgpu::wgpu;
use burn::tensor::wgpu::{WgpuBackend, WgpuSetup};
use burn::tensor::{Device, DeviceKind};

use super::adapters::{Adapter, INSTANCES, adapters, describe, is_host_memory};
use super::{GraphicsDevice, why_none};
use crate::backend::card::{Card, VisibleCards};
use crate::backend::guard::Failures;
use crate::backend::name::Backend;
use crate::backend::open::{Handle, Open};
use crate::backend::spec::DeviceSpec;
use crate::backend::{BurnDevice, guard, identity};
use crate::error::EmbedError;

/// A device as burn knows it: opened once in a process, by whatever name.
type Key = (WgpuBackend, DeviceKind);

/// Opens a device, or gives the one that was opened before.
pub(crate) fn open(
    backend: Backend,
    index: Option<u32>,
    visible: &VisibleCards,
) -> Result<BurnDevice, EmbedError> {
    static OPENED: Mutex<Vec<(Key, BurnDevice)>> = Mutex::new(Vec::new());
    let spec = DeviceSpec::On { backend, index };
    let absent = |reason: String| EmbedError::backend_absent(spec.to_string(), backend, reason);
    let wanted = index.unwrap_or(0) as usize;
    let found = guard::caught(|| Ok(adapters(backend, visible))).map_err(absent)?;
    let count = found.len();
    if count == 0 {
        return Err(absent(why_none(backend, visible)));
    }
    let adapter = found
        .into_iter()
        .nth(wanted)
        .ok_or_else(|| absent(format!("there are {count} devices, numbered from 0")))?;

    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (adapter.api, adapter.kind.clone());
    if let Some((_, device)) = opened.iter().find(|(known, _)| *known == key) {
        return Ok(BurnDevice { backend, ..device.clone() });
    }
    let device = guard::caught(|| start(backend, &adapter)).map_err(absent)?;
    opened.push((key, device.clone()));
    Ok(device)
}

fn start(backend: Backend, adapter: &Adapter) -> Result<BurnDevice, String> {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let options = Device::wgpu_options().device_kind(adapter.kind.clone()).graphics_api(adapter.api);
    let (device, setup) = options.init_with_setup().map_err(|error| error.to_string())?;
    let info = setup.adapter.get_info();
    let limits = setup.device.limits();
    let card: Option<Card> = identity::card(&device).or_else(|| adapter.card());
    Ok(BurnDevice {
        backend,
        name: describe(&info),
        open: Handle::new(opened(device, setup, 0)),
        host_memory: is_host_memory(&info),
        software: info.device_type == wgpu::DeviceType::Cpu,
        card,
        largest_tensor: Some(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)),
        passed_over: None,
    })
}

/// A device whose errors are told to us.
pub(super) fn opened(device: Device, setup: WgpuSetup, generation: u64) -> Open {
    let failures = Arc::new(Failures::default());
    report_failures(&setup, &failures);
    let WgpuSetup { instance, adapter, device: handle, .. } = setup;
    let graphics = Some(GraphicsDevice { adapter, device: handle, instance });
    Open { device, failures, generation, graphics }
}

/// Replaces the framework's handler, which panics with a text on standard error, by one that notes what happened and
/// unwinds quietly. The framework catches the unwinding on its own thread, and the work that waits for the result fails.
fn report_failures(setup: &WgpuSetup, failures: &Arc<Failures>) {
    let failures = Arc::clone(failures);
    setup.device.on_uncaptured_error(Arc::new(move |error| {
        match error {
            wgpu::Error::OutOfMemory { .. } => failures.count_out_of_memory(),
            other => failures.set_message(other.to_string()),
        }
        std::panic::resume_unwind(Box::new("the device reported an error"));
    }));
}
