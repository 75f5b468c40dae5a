//! The host's memory, on systems that are made of files.

use std::fs;
use std::path::Path;

use gpu_telemetry::{
    ByteCount, Field, HostMonitor, MemoryMonitor, MemorySample, MemorySource, Reason, TelemetryErrorKind,
};
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
fn the_least_of_every_kind_of_limit_counts() {
    let root = host();
    put(&root, "proc/self/cgroup", "0::/user.slice/job\n");
    put(&root, "sys/fs/cgroup/user.slice/job/memory.max", &format!("{}\n", 500 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/job/memory.high", &format!("{}\n", 400 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/job/memory.current", &format!("{}\n", 100 * MIB));
    let seen = sample(root.path());
    assert_eq!(
        (mib(seen.budget()), mib(seen.free())),
        (Some(400), Some(300)),
        "above it, work is slowed down"
    );
    put(&root, "sys/fs/cgroup/user.slice/memory.high", &format!("{}\n", 350 * MIB));
    put(&root, "sys/fs/cgroup/user.slice/memory.current", &format!("{}\n", 320 * MIB));
    let seen = sample(root.path());
    assert_eq!((mib(seen.budget()), mib(seen.free())), (Some(350), Some(30)), "of an ancestor too");
    put(&root, "sys/fs/cgroup/user.slice/memory.high", "max\n");
    put(&root, "sys/fs/cgroup/user.slice/job/memory.high", "max\n");
    assert_eq!(mib(sample(root.path()).budget()), Some(500));
}

#[test]
fn a_limit_above_what_can_be_seen_is_known_in_version_1() {
    let root = host();
    put(&root, "proc/self/cgroup", "4:memory:/docker/abc\n");
    // Of the container, no cgroup above it can be seen.
    put(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(&root, "sys/fs/cgroup/memory/memory.usage_in_bytes", &format!("{}\n", 150 * MIB));
    let stat = format!("cache 7\nhierarchical_memory_limit {}\nhierarchical_memsw_limit 5\n", 200 * MIB);
    put(&root, "sys/fs/cgroup/memory/memory.stat", &stat);
    let seen = sample(root.path());
    assert_eq!((mib(seen.budget()), mib(seen.free())), (Some(200), Some(50)));
    put(&root, "sys/fs/cgroup/memory/memory.stat", "hierarchical_memory_limit 9223372036854771712\n");
    assert_eq!(sample(root.path()).budget(), None);
    put(&root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "-1\n");
    assert_eq!(sample(root.path()).budget(), None, "as kernels in user space write it");
}

#[test]
fn what_the_kernel_takes_back_is_not_held() {
    let root = host();
    put(&root, "proc/self/cgroup", "0::/job\n");
    put(&root, "sys/fs/cgroup/job/memory.max", &format!("{}\n", 500 * MIB));
    put(&root, "sys/fs/cgroup/job/memory.current", &format!("{}\n", 400 * MIB));
    let stat = [
        ("anon", 90),
        ("file", 280),
        ("shmem", 30),
        ("inactive_file", 20),
        ("active_file", 230),
        ("slab", 60),
    ];
    let stat: String = stat.map(|(name, mib)| format!("{name} {}\n", mib * MIB)).concat();
    let stat = stat + &format!("slab_reclaimable {}\nslab_unreclaimable {}\n", 40 * MIB, 20 * MIB);
    put(&root, "sys/fs/cgroup/job/memory.stat", &stat);
    assert_eq!(mib(sample(root.path()).free()), Some(390), "400 less 20, 230 and 40 are held");

    // Version 1: a file that is read again and again is active.
    put(&root, "proc/self/cgroup", "4:memory:/job\n");
    put(&root, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", &format!("{}\n", 500 * MIB));
    put(&root, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", &format!("{}\n", 400 * MIB));
    let stat = format!(
        "inactive_file 1\nactive_file 1\ntotal_cache {0}\ntotal_inactive_file {1}\ntotal_active_file {2}\n",
        350 * MIB,
        50 * MIB,
        300 * MIB
    );
    put(&root, "sys/fs/cgroup/memory/job/memory.stat", &stat);
    assert_eq!(mib(sample(root.path()).free()), Some(450));
    put(&root, "sys/fs/cgroup/memory/job/memory.stat", &stat.replace("total_", ""));
    assert_eq!(mib(sample(root.path()).free()), Some(100), "without sums, its own fields count");
}

#[test]
fn the_cache_of_zfs_is_free_down_to_its_minimum() {
    let root = host();
    let arc = |size: u64, least: u64| {
        format!(
            "9 1 0x01 147 39984 1 2\nname type data\nhits 4 12\nc_min 4 {}\nc_max 4 99\nsize 4 {}\n",
            least * MIB,
            size * MIB
        )
    };
    for (size, least, free) in [(250, 50, 800), (40, 50, 600), (5000, 0, 1000)] {
        put(&root, "proc/spl/kstat/zfs/arcstats", &arc(size, least));
        assert_eq!(mib(sample(root.path()).free()), Some(free), "{size} above {least}");
    }
    put(&root, "proc/spl/kstat/zfs/arcstats", "size 4 lots\n");
    assert_eq!(mib(sample(root.path()).free()), Some(600));
}

#[test]
fn what_the_kernel_does_not_state_is_estimated_and_marked() {
    let root = host();
    let free_and_cached = "MemTotal: 1024000 kB\nMemFree: 204800 kB\nBuffers: 10240 kB\nCached: 307200 kB\n\
                           Shmem: 102400 kB\nSReclaimable: 20480 kB\n";
    for (meminfo, mib_free) in [
        (free_and_cached.to_owned(), 200 + 10 + 300 - 100 + 20),
        (format!("{free_and_cached}Active(file): 51200 kB\nInactive(file): 102400 kB\n"), 200 + 150 + 20),
        ("MemTotal: 1024000 kB\nMemFree: 204800 kB\nSwapTotal: 5 kB\n".to_owned(), 200),
        ("MemTotal: 1024000 kB\nMemFree: 204800 kB\nCached: 9024000 kB\n".to_owned(), 1000),
    ] {
        put(&root, "proc/meminfo", &meminfo);
        let seen = sample(root.path());
        assert_eq!((mib(seen.total()), mib(seen.free())), (Some(1000), Some(mib_free)), "{meminfo}");
        assert_eq!(seen.source(), Some(MemorySource::HostEstimated));
        assert_eq!(seen.why(Field::Free), Some(Reason::Estimated));
    }
    // What the kernel keeps for itself is not there for anyone.
    put(&root, "proc/sys/vm/min_free_kbytes", "8192\n");
    put(&root, "proc/meminfo", free_and_cached);
    assert_eq!(mib(sample(root.path()).free()), Some(200 - 10 + 210 - 10 + 20 - 10));

    put(&root, "proc/meminfo", "MemTotal: 1024000 kB\n");
    let seen = sample(root.path());
    assert_eq!((mib(seen.total()), seen.free(), seen.used()), (Some(1000), None, None), "the total is kept");
    assert_eq!(seen.why(Field::Free), Some(Reason::NotTold));
    assert_eq!(sample(host().path()).why(Field::Free), None);
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
