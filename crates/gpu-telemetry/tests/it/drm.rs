//! Cards as the kernel's drivers show them, on trees of files like those of real machines.

mod amd;
mod cards;
mod intel;
mod partitions;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use gpu_telemetry::{ByteCount, DrmMonitor, MemoryMonitor, MemorySample, PciAddress, TelemetryError};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A system in a folder.
struct System(TempDir);

impl System {
    fn new() -> Self {
        let system = System(tempfile::tempdir().unwrap());
        fs::create_dir_all(system.path().join("sys/bus/pci/devices")).unwrap();
        system
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A device on the bus, with the driver that is bound to it.
    fn device(&self, at: &str, class: &str, (vendor, model): (&str, &str), driver: Option<&str>) {
        self.card(at, "class", format!("{class}\n"));
        self.card(at, "vendor", format!("{vendor}\n"));
        self.card(at, "device", format!("{model}\n"));
        if let Some(driver) = driver {
            let link = self.path().join("sys/bus/pci/devices").join(at).join("driver");
            symlink(Path::new("../../../bus/pci/drivers").join(driver), link).unwrap();
        }
    }

    /// A file of a device.
    fn card(&self, at: &str, name: &str, text: impl AsRef<[u8]>) {
        self.put(&format!("sys/bus/pci/devices/{at}/{name}"), text);
    }

    /// An open file of this process: what it is, and what the kernel tells of it.
    fn open(&self, fd: u32, target: &str, info: &str) {
        let links = self.path().join("proc/self/fd");
        fs::create_dir_all(&links).unwrap();
        symlink(target, links.join(fd.to_string())).unwrap();
        self.put(
            &format!("proc/self/fdinfo/{fd}"),
            format!("pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t{fd}\n{info}"),
        );
    }

    fn host(&self, total: u64, available: u64) {
        let kib = |bytes: u64| bytes >> 10;
        self.put(
            "proc/meminfo",
            format!("MemTotal: {} kB\nMemFree: 1 kB\nMemAvailable: {} kB\n", kib(total), kib(available)),
        );
        self.put("proc/self/status", "Name:\tx\nVmHWM:\t60 kB\nVmRSS:\t50 kB\n");
    }

    fn monitor(&self, at: &str) -> Result<DrmMonitor, TelemetryError> {
        DrmMonitor::with_root(self.path(), at.parse::<PciAddress>().unwrap())
    }

    fn sample(&self, at: &str) -> MemorySample {
        self.monitor(at).unwrap().sample().unwrap()
    }
}

/// A value that is known.
#[allow(clippy::unnecessary_wraps)]
fn bytes(bytes: u64) -> Option<ByteCount> {
    Some(ByteCount::new(bytes))
}
