//! Who uses a device's memory: one thread that works on it, leases for each batch, and the models that are there.
//!
//! Any number of threads embed through any number of [`AdaptiveEmbedder`](crate::AdaptiveEmbedder)s on a device. Each batch
//! runs under a lease for its predicted peak; [`status`] shows them. A model's load reserves what it takes before it begins;
//! models that are idle make room, and come back when they are used again.

pub(crate) mod budget;
mod device;
mod idle;
mod leases;
pub(crate) mod room;
mod shared;
mod status;
mod sync;
mod tenant;
mod worker;

pub(crate) use self::device::{Device, Ran};
#[cfg(test)]
pub(crate) use self::idle::TenantId;
pub use self::leases::Priority;
pub(crate) use self::leases::{OverBudget, Refusal, Request};
pub(crate) use self::shared::{Lease, NoLease, Shared};
pub use self::status::{DeviceUse, LeaseUse, ModelUse, status};
pub(crate) use self::tenant::{Stay, Tenant};
