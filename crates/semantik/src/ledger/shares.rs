//! [`shares`]: who holds and waits for what, for people.

use std::io;
use std::path::{Path, PathBuf};

use gpu_telemetry::ByteCount;

use super::file;
use super::folder::runtime_folder;
use super::key::DeviceKey;
use super::life;
use super::rules::Entry;

/// What the processes of this user hold of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceShares {
    /// The device's name, as the processes know it.
    pub device: String,
    /// Those that live, by their numbers.
    pub holders: Vec<Holder>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// What its batches were promised and may take.
    pub promised: ByteCount,
    /// What it holds, weights and what its pool keeps included, when it last looked.
    pub held: ByteCount,
    /// What of that no tensor uses between two batches.
    pub idle: ByteCount,
    /// For how long it has had less than its share and wanted more.
    pub waiting: Option<std::time::Duration>,
}

/// What the processes of this user hold of a device; `None` where none that lives does. Changes nothing.
pub fn shares(key: &DeviceKey) -> Option<DeviceShares> {
    in_folder(&folder().ok()?, key)
}

/// Where the ledgers of this process's user are.
pub(super) fn folder() -> io::Result<PathBuf> {
    runtime_folder(|name| std::env::var_os(name).filter(|value| !value.is_empty()), &std::env::temp_dir())
}

/// The file of a device.
pub(super) fn path(folder: &Path, key: &DeviceKey) -> PathBuf {
    folder.join(format!("{}.ledger", key.as_str()))
}

pub(super) fn in_folder(folder: &Path, key: &DeviceKey) -> Option<DeviceShares> {
    let page = file::peek(&path(folder, key))?;
    let now = life::now();
    let holder = |entry: &Entry| Holder {
        pid: entry.pid,
        promised: ByteCount::new(entry.promised),
        held: ByteCount::new(entry.held),
        idle: ByteCount::new(entry.idle),
        waiting: entry.waiting_since.map(|since| std::time::Duration::from_millis(now.saturating_sub(since))),
    };
    let alive = |entry: &&Entry| life::is_alive(folder, entry.pid, entry.started);
    let mut holders: Vec<Holder> = page.holders.iter().filter(alive).map(holder).collect();
    holders.sort_by_key(|holder| holder.pid);
    (!holders.is_empty()).then_some(DeviceShares { device: page.device, holders })
}
