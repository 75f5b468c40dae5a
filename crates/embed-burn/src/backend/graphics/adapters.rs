//! The adapters that graphics APIs offer, as burn selects them.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use burn::tensor::DeviceKind;
use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::wgpu::wgpu::{self, AdapterInfo, DeviceType};

use crate::backend::card::{Card, VisibleCards};
use crate::backend::name::Backend;

/// One instance of each graphics API, made when it is first asked for, under this lock, and never dropped: Vulkan's loader
/// crashes when several threads make or drop instances at once, and every adapter keeps its own alive.
pub(super) static INSTANCES: Mutex<Vec<(wgpu::Backends, wgpu::Instance)>> = Mutex::new(Vec::new());

/// PCI's number for NVIDIA.
const NVIDIA: u32 = 0x10de;

/// An adapter as burn selects it: the API, its kind, and its place among those of its kind.
pub(super) struct Adapter {
    handle: wgpu::Adapter,
    info: AdapterInfo,
    pub(super) api: WgpuBackend,
    pub(super) kind: DeviceKind,
}

impl Adapter {
    pub(super) fn describe(&self) -> String {
        describe(&self.info)
    }

    /// Whether it is computed on the processor.
    pub(super) fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    pub(super) fn is_host_memory(&self) -> bool {
        is_host_memory(&self.info)
    }

    /// The card, as far as the API tells without opening it.
    pub(super) fn card(&self) -> Option<Card> {
        let pci = Some(self.info.device_pci_bus_id.clone()).filter(|address| !address.is_empty());
        // With DirectX, wgpu gives the address of the first card of that make, whichever this one is.
        let pci = pci.filter(|_| self.info.backend == wgpu::Backend::Vulkan && !self.is_software());
        pci.map(|pci| Card { pci: Some(pci), ..Card::default() })
    }

    pub(super) fn into_wgpu(self) -> wgpu::Adapter {
        self.handle
    }

    /// Its place in the order: `None` if it is hidden.
    fn order(&self, visible: &VisibleCards) -> Option<(usize, usize)> {
        let pci = self.card().and_then(|card| card.pci);
        let listed = self.info.vendor == NVIDIA && !self.is_software();
        let place = if listed { visible.place(pci.as_deref())? } else { 0 };
        Some((rank(&self.info), place))
    }
}

/// The adapters of a backend: of its API, or for `wgpu` of the first API that has a real GPU, or else of the first that
/// has any; a card that two APIs reach is one device.
pub(super) fn adapters(backend: Backend, visible: &VisibleCards) -> Vec<Adapter> {
    let mut instances = INSTANCES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut software = Vec::new();
    for &(api, backends) in apis(backend) {
        let Some(instance) = instance(&mut instances, backends) else { continue };
        let found = on_api(&instance, api, backends, visible);
        if found.iter().any(|adapter| !adapter.is_software()) {
            return found;
        }
        if software.is_empty() {
            software = found;
        }
    }
    software
}

fn apis(backend: Backend) -> &'static [(WgpuBackend, wgpu::Backends)] {
    match backend {
        Backend::Wgpu => &[
            (WgpuBackend::Vulkan, wgpu::Backends::VULKAN),
            (WgpuBackend::Metal, wgpu::Backends::METAL),
            (WgpuBackend::Dx12, wgpu::Backends::DX12),
        ],
        Backend::Vulkan => &[(WgpuBackend::Vulkan, wgpu::Backends::VULKAN)],
        Backend::Metal => &[(WgpuBackend::Metal, wgpu::Backends::METAL)],
        Backend::WebGpu => &[(WgpuBackend::WebGpu, wgpu::Backends::BROWSER_WEBGPU)],
        _ => &[],
    }
}

/// The instance of an API, if this build has the API.
fn instance(
    instances: &mut Vec<(wgpu::Backends, wgpu::Instance)>,
    backends: wgpu::Backends,
) -> Option<wgpu::Instance> {
    if !wgpu::Instance::enabled_backend_features().contains(backends) {
        return None;
    }
    if let Some((_, instance)) = instances.iter().find(|(known, _)| *known == backends) {
        return Some(instance.clone());
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    instances.push((backends, instance.clone()));
    Some(instance)
}

fn on_api(
    instance: &wgpu::Instance,
    api: WgpuBackend,
    backends: wgpu::Backends,
    visible: &VisibleCards,
) -> Vec<Adapter> {
    let listed = at_once(instance.enumerate_adapters(backends)).unwrap_or_default();
    let mut counts = [0; 5];
    let mut adapters: Vec<Adapter> = listed
        .into_iter()
        .filter_map(|adapter| {
            let info = adapter.get_info();
            // Counted before any is hidden: burn numbers all of a kind.
            let place = &mut counts[rank(&info)];
            let kind = match info.device_type {
                DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(*place),
                DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(*place),
                DeviceType::VirtualGpu => DeviceKind::VirtualGpu(*place),
                // burn knows one CPU adapter, and would take one of no stated kind for whatever its default is.
                DeviceType::Cpu if *place == 0 => DeviceKind::Cpu,
                DeviceType::Cpu | DeviceType::Other => return None,
            };
            *place += 1;
            Some(Adapter { handle: adapter, info, api, kind })
        })
        .collect();
    adapters.retain(|adapter| adapter.order(visible).is_some());
    adapters.sort_by_key(|adapter| adapter.order(visible));
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

pub(super) fn is_host_memory(info: &AdapterInfo) -> bool {
    matches!(info.device_type, DeviceType::Cpu | DeviceType::IntegratedGpu)
}

pub(super) fn describe(info: &AdapterInfo) -> String {
    format!("{} ({:?})", info.name, info.backend)
}

/// The value of a future that is ready when it is first asked, as those of wgpu are outside browsers.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
