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

/// Of a device and of its parts.
pub(super) fn in_folder(folder: &Path, key: &DeviceKey) -> Option<DeviceShares> {
    let part = format!("{}-", key.as_str());
    let is_part = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&part) && name.ends_with(END)
    };
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let files = std::iter::once(path(folder, key)).chain(entries.filter(is_part));
    let mut found = files.filter_map(|file| of_file(folder, &file));
    let first = found.next()?;
    let holders = found.fold(first.holders, |holders, part| [holders, part.holders].concat());
    Some(DeviceShares { holders, ..first })
}

/// How the files of devices end.
const END: &str = ".ledger";

/// Where the ledgers of this process's user are.
pub(super) fn folder() -> io::Result<PathBuf> {
    runtime_folder(|name| std::env::var_os(name).filter(|value| !value.is_empty()), &std::env::temp_dir())
}

/// The file of a device.
pub(super) fn path(folder: &Path, key: &DeviceKey) -> PathBuf {
    folder.join(format!("{}{END}", key.as_str()))
}

fn of_file(folder: &Path, file: &Path) -> Option<DeviceShares> {
    let page = file::peek(file)?;
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
