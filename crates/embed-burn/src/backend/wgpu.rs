//! GPUs through wgpu, with kernels in WGSL.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use burn::tensor::wgpu::wgpu::{self, AdapterInfo, DeviceType};
use burn::tensor::wgpu::{WgpuBackend, WgpuSetup};
use burn::tensor::{Device, DeviceKind};

use super::guard::Failures;
use super::name::Backend;
use super::registry::BackendInfo;
use super::spec::DeviceSpec;
use super::{BurnDevice, guard};
use crate::error::EmbedError;

/// Why there is none.
pub(super) const NO_ADAPTER: &str =
    "no graphics driver offers an adapter; install the GPU's Vulkan, Metal or DirectX 12 driver";

/// Held while graphics instances are made or dropped: Vulkan's loader crashes when several threads do so at once.
static INSTANCES: Mutex<()> = Mutex::new(());

/// The devices, best first: number 0 is what `wgpu` without a number means.
pub(super) fn list() -> Vec<BackendInfo> {
    let numbered = adapters().into_iter().zip(0..);
    numbered
        .map(|(adapter, index)| BackendInfo {
            backend: Backend::Wgpu,
            index: Some(index),
            name: describe(&adapter.info),
            compiled: true,
            present: true,
            software: adapter.info.device_type == DeviceType::Cpu,
            reason: None,
        })
        .collect()
}

/// Opens a device, or gives the one that was opened before: burn registers each once in a process.
pub(super) fn open(index: Option<u32>) -> Result<BurnDevice, EmbedError> {
    static OPENED: Mutex<Vec<(u32, BurnDevice)>> = Mutex::new(Vec::new());
    let wanted = index.unwrap_or(0);
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, device)) = opened.iter().find(|(index, _)| *index == wanted) {
        return Ok(device.clone());
    }
    let spec = DeviceSpec::On { backend: Backend::Wgpu, index };
    let absent = |reason: String| EmbedError::backend_absent(spec.to_string(), Backend::Wgpu, reason);
    let adapters = guard::caught(|| Ok(adapters())).map_err(absent)?;
    let count = adapters.len();
    if count == 0 {
        return Err(absent(NO_ADAPTER.to_owned()));
    }
    let adapter = adapters
        .into_iter()
        .nth(wanted as usize)
        .ok_or_else(|| absent(format!("there are {count} devices, numbered from 0")))?;
    let device = guard::caught(|| start(&adapter)).map_err(absent)?;
    opened.push((wanted, device.clone()));
    Ok(device)
}

/// An adapter as burn selects it: the API, its kind, and its place among those of its kind.
struct Adapter {
    info: AdapterInfo,
    api: WgpuBackend,
    kind: DeviceKind,
}

/// The adapters of the first graphics API that has a real GPU, or else of the first that has any: a card that two APIs
/// reach is one device.
fn adapters() -> Vec<Adapter> {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let apis = [
        (WgpuBackend::Vulkan, wgpu::Backends::VULKAN),
        (WgpuBackend::Metal, wgpu::Backends::METAL),
        (WgpuBackend::Dx12, wgpu::Backends::DX12),
    ];
    let mut software = Vec::new();
    for (api, backends) in apis {
        let found = on_api(api, backends);
        if found.iter().any(|adapter| adapter.info.device_type != DeviceType::Cpu) {
            return found;
        }
        if software.is_empty() {
            software = found;
        }
    }
    software
}

fn on_api(api: WgpuBackend, backends: wgpu::Backends) -> Vec<Adapter> {
    if !wgpu::Instance::enabled_backend_features().contains(backends) {
        return Vec::new();
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let listed = at_once(instance.enumerate_adapters(backends)).unwrap_or_default();
    let mut counts = [0; 5];
    let mut adapters: Vec<Adapter> = listed
        .iter()
        .map(|adapter| {
            let info = adapter.get_info();
            let place = &mut counts[rank(&info)];
            let kind = match info.device_type {
                DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(*place),
                DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(*place),
                DeviceType::VirtualGpu => DeviceKind::VirtualGpu(*place),
                // burn knows one CPU adapter, and takes adapters of no stated kind for the default.
                DeviceType::Cpu => DeviceKind::Cpu,
                DeviceType::Other => DeviceKind::DefaultDevice,
            };
            *place += 1;
            Adapter { info, api, kind }
        })
        .collect();
    adapters.sort_by_key(|adapter| rank(&adapter.info));
    adapters
}

/// How fast a kind of adapter is likely to be, 0 the best.
fn rank(info: &AdapterInfo) -> usize {
    match info.device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    }
}

fn start(adapter: &Adapter) -> Result<BurnDevice, String> {
    let _one_at_a_time = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let options = Device::wgpu_options().device_kind(adapter.kind.clone()).graphics_api(adapter.api);
    let (device, setup) = options.init_with_setup().map_err(|error| error.to_string())?;
    let failures = Arc::new(Failures::default());
    report_failures(&setup, &failures);
    let info = setup.adapter.get_info();
    let limits = setup.device.limits();
    Ok(BurnDevice {
        backend: Backend::Wgpu,
        name: describe(&info),
        device,
        host_memory: matches!(info.device_type, DeviceType::Cpu | DeviceType::IntegratedGpu),
        largest_tensor: Some(limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)),
        failures,
    })
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

fn describe(info: &AdapterInfo) -> String {
    format!("{} ({:?})", info.name, info.backend)
}

/// The value of a future that is ready when it is first asked, as those of wgpu are outside browsers.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
