//! The host's memory, on systems that are made of files.

use std::fs;
use std::path::Path;

use gpu_telemetry::{ByteCount, HostMonitor, MemoryMonitor, MemorySample, TelemetryErrorKind};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A host of 1,000 MiB with 600 MiB available, and a process of 50 MiB.
fn host() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    put(
        &root,
        "proc/meminfo",
        "MemTotal:       1024000 kB\nMemFree:         1 kB\nMemAvailable:    614400 kB\n",
    );
    put(&root, "proc/self/status", "Name:\tx\nVmHWM:\t   61440 kB\nVmRSS:\t   51200 kB\n");
    root
}

fn put(root: &TempDir, path: &str, text: &str) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn sample(root: &Path) -> MemorySample {
    HostMonitor::with_root(root).sample().unwrap()
}

fn mib(bytes: Option<ByteCount>) -> Option<u64> {
    bytes.map(|bytes| bytes.get() / MIB)
}

#[test]
fn without_a_limit_it_is_what_the_kernel_says() {
    let root = host();
    let seen = sample(root.path());
    assert_eq!((mib(seen.total()), mib(seen.free()), mib(seen.used())), (Some(1000), Some(600), Some(400)));
    assert_eq!((mib(seen.process_used()), seen.budget()), (Some(50), None));
    assert_eq!(
        HostMonitor::with_root(root.path()).process_peak().unwrap(),
        ByteCount::MIB.saturating_mul(60)
    );
}

#[test]
fn the_tightest_cgroup_above_counts() {
    let root = host();
    put(&root, "proc/self/cgroup", "0::/user.slice/job.scope\n");
    put(&root, "sys/fs/cgroup/user.slice/memory.max", &format!("{}\n", 300 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/memory.current", &format!("{}\n", 200 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/memory.stat", &format!("anon 5\ninactive_file {}\n", 80 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/job.scope/memory.max", "max\n");
    let seen = sample(root.path());
    assert_eq!((mib(seen.total()), mib(seen.budget())), (Some(300), Some(300)));
    assert_eq!(mib(seen.free()), Some(180), "file cache that can be dropped is free");

    put(&root, "sys/fs/cgroup/user.slice/job.scope/memory.max", &format!("{}", 100 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/job.scope/memory.current", &format!("{}", 90 * MIB));
    let seen = sample(root.path());
    assert_eq!((mib(seen.budget()), mib(seen.free())), (Some(100), Some(10)));
}

#[test]
fn a_limit_above_the_host_changes_nothing() {
    let root = host();
    put(&root, "proc/self/cgroup", "0::/\n");
    put(&root, "sys/fs/cgroup/memory.max", &format!("{}", 5000 * MIB));
    put(&root, "sys/fs/cgroup/memory.current", "0");
    let seen = sample(root.path());
    assert_eq!((mib(seen.total()), mib(seen.free())), (Some(1000), Some(600)));
}

#[test]
fn in_a_container_the_hosts_path_is_not_there() {
    let root = host();
    put(&root, "sys/fs/cgroup/memory.max", &format!("{}", 100 * MIB));
    put(&root, "sys/fs/cgroup/memory.current", &format!("{}", 40 * MIB));
    for path in ["/docker/0123456789ab", "/../../elsewhere", "/"] {
        put(&root, "proc/self/cgroup", &format!("0::{path}\n"));
        assert_eq!(mib(sample(root.path()).free()), Some(60), "{path}");
    }
}

#[test]
fn version_1_counts_too() {
    let root = host();
    put(&root, "proc/self/cgroup", "7:cpu,cpuacct:/a\n4:memory:/a\n1:name=systemd:/a\n");
    put(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(&root, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", &format!("{}\n", 200 * MIB));
    put(&root, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", &format!("{}\n", 150 * MIB));
    put(&root, "sys/fs/cgroup/memory/a/memory.stat", &format!("total_inactive_file {}\n", 10 * MIB));
    let seen = sample(root.path());
    assert_eq!((mib(seen.budget()), mib(seen.free())), (Some(200), Some(60)));
}

#[test]
fn more_charged_than_allowed_leaves_nothing_free() {
    let root = host();
    put(&root, "proc/self/cgroup", "0::/\n");
    put(&root, "sys/fs/cgroup/memory.max", &format!("{}", 10 * MIB));
    put(&root, "sys/fs/cgroup/memory.current", &format!("{}", 12 * MIB));
    let seen = sample(root.path());
    assert_eq!((seen.free(), mib(seen.used())), (Some(ByteCount::ZERO), Some(10)));
}

#[test]
fn a_system_without_proc_is_told_apart_from_a_broken_one() {
    let empty = tempfile::tempdir().unwrap();
    let error = HostMonitor::with_root(empty.path()).sample().unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Unsupported);
    assert!(error.path().unwrap().ends_with("proc/meminfo"));

    for text in ["", "MemTotal: lots kB\n", "MemTotal: 5 kB\nMemAvailable: -3 kB\n"] {
        let root = host();
        put(&root, "proc/meminfo", text);
        let error = HostMonitor::with_root(root.path()).sample().unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Malformed, "{text:?}");
    }
    let root = host();
    put(&root, "proc/self/cgroup", "0::/\n");
    put(&root, "sys/fs/cgroup/memory.max", "plenty");
    let error = HostMonitor::with_root(root.path()).sample().unwrap_err();
    assert!(error.to_string().contains("memory.max") && error.to_string().contains("plenty"), "{error}");
}
