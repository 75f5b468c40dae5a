//! Cards through wgpu: as they are here, and with a layer that gives any of them a small memory.

mod gpu;
mod limited;
mod loss;
mod plain;
