//! GPUs through the graphics APIs that wgpu reaches: Vulkan, Metal and DirectX 12.

mod adapters;
mod again;
mod open;

use burn::tensor::wgpu::wgpu;

use self::adapters::{Adapter, adapters};
pub(super) use self::again::open_again;
pub(super) use self::open::open;
use super::card::VisibleCards;
use super::name::Backend;
use super::registry::BackendInfo;

/// The handles of a device that burn computes on, shared so that its memory can be watched.
#[derive(Clone, Debug)]
pub struct GraphicsDevice {
    /// The adapter that was opened.
    pub adapter: wgpu::Adapter,
    /// The open device.
    pub device: wgpu::Device,
    instance: wgpu::Instance,
}

/// The devices of a backend, best first: number 0 is what the backend's name without a number means.
pub(super) fn list(backend: Backend, visible: &VisibleCards) -> Vec<BackendInfo> {
    let numbered = adapters(backend, visible).into_iter().zip(0..);
    numbered
        .map(|(found, index)| BackendInfo {
            index: Some(index),
            name: found.describe(),
            compiled: true,
            present: true,
            software: found.is_software(),
            host_memory: found.is_host_memory(),
            card: found.card(),
            ..BackendInfo::of(backend)
        })
        .collect()
}

/// The adapter of a device that is listed, not opened.
pub(super) fn adapter(backend: Backend, index: u32, visible: &VisibleCards) -> Option<wgpu::Adapter> {
    adapters(backend, visible).into_iter().nth(index as usize).map(Adapter::into_wgpu)
}

/// Why a backend has no device.
pub(super) fn why_none(backend: Backend, visible: &VisibleCards) -> String {
    let api = if backend == Backend::Wgpu { "graphics" } else { backend.as_str() };
    let hidden = if visible.hides() { ", or see what CUDA_VISIBLE_DEVICES hides" } else { "" };
    format!("no {api} driver offers an adapter; install the GPU's{hidden}")
}
