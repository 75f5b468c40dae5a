//! Cards of NVIDIA, through the real loader and wrapper, answered by a library with NVML's ABI.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gpu_telemetry::{
    ByteCount, CudaMonitor, DriverFiles, MemoryMonitor, MemorySource, NvmlLibrary, PciAddress,
    TelemetryError, TelemetryErrorKind,
};
use nvml_standin::{Card, Failure, Memory, Process, Script, Stand};
use tempfile::TempDir;

use crate::conformance::{check, check_vanishing};

const MIB: u64 = 1 << 20;
const HERE: &str = "0000:41:00.0";
const UUID: &str = "GPU-5f1d7c1c-9d2e-4a3e-8a11-0000000000a1";

fn card() -> Card {
    Card::new(HERE, UUID, "Quick 9000")
}

/// A card of 1,000 MiB of which 300 are used.
fn usual() -> Card {
    card().memory(Memory::of(1000 * MIB, 300 * MIB))
}

fn here() -> PciAddress {
    HERE.parse().unwrap()
}

/// The only card, on a machine of its own.
fn monitor(card: Card) -> (CudaMonitor, TempDir) {
    let stand = Stand::new(&Script::new([card]));
    of(&stand)
}

fn of(stand: &Stand) -> (CudaMonitor, TempDir) {
    let root = machine();
    (CudaMonitor::with_root(root.path(), &library(stand), here()).unwrap(), root)
}

/// As NVIDIA's library, and as CUDA's driver where that is asked.
fn library(stand: &Stand) -> NvmlLibrary {
    let file = stand.library();
    NvmlLibrary::of(&DriverFiles::default().nvml(&file).cuda(&file)).unwrap()
}

/// A system with 800 MiB of memory and 500 available, and a process 7.
fn machine() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "proc/meminfo", "MemTotal: 819200 kB\nMemAvailable: 512000 kB\n");
    put(root.path(), "proc/self/cgroup", "0::/job\n");
    put(root.path(), "proc/7/stat", "");
    root
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn mib(bytes: Option<ByteCount>) -> Option<u64> {
    bytes.map(|bytes| bytes.get() / MIB)
}

fn kind<T: std::fmt::Debug>(result: Result<T, TelemetryError>) -> TelemetryErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn a_card_conforms() {
    let (monitor, root) = monitor(usual().utilization(30).compute(vec![Process::this(MIB)]));
    check(&(Arc::new(monitor) as Arc<dyn MemoryMonitor>));
    drop(root);
}

#[test]
fn a_card_without_memory_of_its_own_conforms() {
    let (monitor, _root) = monitor(card().memory(Failure::NOT_SUPPORTED).integrated());
    check(&(Arc::new(monitor) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_card_that_falls_off_the_bus_is_lost_and_no_number() {
    let (monitor, _root) = monitor(usual().lost_after(500));
    check_vanishing(&(Arc::new(monitor) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_card_is_what_it_says() {
    let stand = Stand::new(&Script::new([usual()]));
    let library = NvmlLibrary::load_from(stand.library()).unwrap();
    assert_eq!(library.driver_version().unwrap(), "580.95.05");
    let cards = library.cards();
    assert_eq!(cards.len(), 1);
    let found = cards[0].as_ref().unwrap();
    assert_eq!((found.name(), found.uuid(), found.is_instance()), ("Quick 9000", Some(UUID), false));
    assert_eq!(found.identity().unwrap().pci, Some(here()));
    for same in [CudaMonitor::at(&library, here()), CudaMonitor::with_uuid(&library, UUID)] {
        assert_eq!(same.unwrap().uuid(), Some(UUID));
    }
}

#[test]
fn a_monitor_outlives_the_handle_of_its_library() {
    let stand = Stand::new(&Script::new([usual()]));
    let monitor = CudaMonitor::at(&NvmlLibrary::load_from(stand.library()).unwrap(), here()).unwrap();
    drop(stand);
    assert_eq!(mib(monitor.sample().unwrap().total()), Some(1000));
}

#[test]
fn used_is_total_without_free_whether_the_driver_counts_the_reserved_or_not() {
    let beside = Memory { total: 1000 * MIB, reserved: 100 * MIB, free: 600 * MIB, used: 300 * MIB };
    let within = Memory { used: 400 * MIB, ..beside };
    let (monitor, _root) = monitor(card().memory(beside).memory(within));
    for _ in 0..2 {
        let seen = monitor.sample().unwrap();
        assert_eq!((mib(seen.used()), mib(seen.free())), (Some(400), Some(600)));
        assert_eq!((mib(seen.system_reserved()), seen.source()), (Some(100), Some(MemorySource::Nvml)));
    }
}

#[test]
fn values_follow_the_card_from_call_to_call() {
    let card = usual().memory(Memory::of(1000 * MIB, 500 * MIB)).utilization(10).utilization(100);
    let (monitor, _root) = monitor(card);
    let seen: Vec<_> = (0..3).map(|_| monitor.sample().unwrap()).collect();
    assert_eq!(
        seen.iter().map(|seen| mib(seen.used())).collect::<Vec<_>>(),
        [Some(300), Some(500), Some(500)]
    );
    assert_eq!(seen[0].utilization_percent(), Some(10));
    assert_eq!(seen[2].utilization_percent(), Some(100));
}

#[test]
fn figures_that_contradict_each_other_are_an_error() {
    let hijacked = Memory { total: 1000 * MIB, reserved: 0, free: 0, used: 17 << 40 };
    let (monitor, _root) = monitor(card().memory(hijacked).memory(Memory::of(1000 * MIB, 0)));
    let error = monitor.sample().unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Contradiction);
    assert!(error.to_string().contains("17.00 TiB"), "{error}");
    assert!(monitor.sample().is_ok(), "the next moment may be sound");
}

#[test]
fn each_failure_of_the_driver_has_its_kind() {
    for (failure, expected) in [
        (Failure::GPU_LOST, TelemetryErrorKind::Lost),
        (Failure::RESET_REQUIRED, TelemetryErrorKind::Lost),
        (Failure::NOT_FOUND, TelemetryErrorKind::Lost),
        (Failure::INVALID_ARGUMENT, TelemetryErrorKind::Lost),
        (Failure(28), TelemetryErrorKind::Lost),
        (Failure::NO_PERMISSION, TelemetryErrorKind::Denied),
        (Failure::UNKNOWN, TelemetryErrorKind::Driver),
        (Failure(77), TelemetryErrorKind::Driver),
        (Failure::NOT_SUPPORTED, TelemetryErrorKind::Driver),
    ] {
        let (monitor, _root) = monitor(card().memory(failure));
        let error = monitor.sample().unwrap_err();
        assert_eq!(error.kind(), expected, "{failure:?}");
        assert!(error.to_string().starts_with("Quick 9000"), "{error}");
        assert_eq!(error.device(), Some(monitor.name()), "so that nobody has to name it twice");
    }
}

#[test]
fn a_loss_is_told_even_where_the_rest_need_not_be_known() {
    let (monitor, _root) = monitor(usual().compute(Failure::GPU_LOST));
    assert_eq!(kind(monitor.sample()), TelemetryErrorKind::Lost);
}

#[test]
fn a_start_that_fails_is_absent_only_where_no_driver_runs() {
    for (failure, expected, remedy) in [
        (Failure::DRIVER_NOT_LOADED, TelemetryErrorKind::Absent, "modprobe"),
        (Failure(12), TelemetryErrorKind::Absent, "modprobe"),
        (Failure::VERSION_MISMATCH, TelemetryErrorKind::Driver, "restart"),
        (Failure::NO_PERMISSION, TelemetryErrorKind::Denied, ""),
        (Failure::UNKNOWN, TelemetryErrorKind::Driver, ""),
    ] {
        let stand = Stand::new(&Script::new([]).init_fails(failure));
        let error = NvmlLibrary::load_from(stand.library()).unwrap_err();
        assert_eq!(error.kind(), expected, "{failure:?}");
        assert!(error.to_string().contains(remedy), "{error}");
    }
}

#[test]
fn a_file_that_is_named_and_does_not_load_is_no_absent_driver() {
    let file = "/nowhere/libnvidia-ml.so";
    let error = NvmlLibrary::load_from(file).unwrap_err();
    assert_eq!((error.kind(), error.path()), (TelemetryErrorKind::Io, Some(Path::new(file))));
    assert_eq!(error.to_string().matches(file).count(), 1, "each fact once: {error}");
}

#[test]
fn a_card_that_is_not_there_is_absent() {
    let stand = Stand::new(&Script::new([usual()]));
    let library = NvmlLibrary::load_from(stand.library()).unwrap();
    let elsewhere = CudaMonitor::at(&library, "0000:42:00.0".parse().unwrap());
    assert_eq!(kind(elsewhere), TelemetryErrorKind::Absent);
    assert_eq!(kind(CudaMonitor::with_uuid(&library, "GPU-0")), TelemetryErrorKind::Absent);
}

#[test]
fn a_card_that_cannot_be_asked_does_not_hide_the_others() {
    let lost = Card::new("0000:01:00.0", "GPU-1", "Quick 9000").lost_after(0);
    let stand = Stand::new(&Script::new([lost, usual()]));
    let cards = NvmlLibrary::load_from(stand.library()).unwrap().cards();
    assert_eq!(cards.len(), 2);
    assert_eq!(cards[0].as_ref().unwrap_err().kind(), TelemetryErrorKind::Lost);
    assert_eq!(cards[1].as_ref().unwrap().uuid(), Some(UUID));
}

#[test]
fn the_use_of_this_process_is_the_drivers_figure_from_any_list() {
    let other = Process::other(7, 50 * MIB);
    let none = Vec::new;
    for (list, expected) in [
        (usual().compute(vec![other, Process::this(70 * MIB)]), Some(70)),
        (usual().graphics(vec![Process::this(40 * MIB), other]), Some(40)),
        (usual().compute(vec![Process::this(80 * MIB)]).graphics(vec![Process::this(90 * MIB)]), Some(90)),
        (usual().compute(vec![other]).mps(vec![Process::this(20 * MIB)]), Some(20)),
        (usual().compute(vec![other]), None),
        (usual().compute(none()), None),
        (usual().compute(vec![Process { pid: None, bytes: None }]), None),
        (usual().compute(Failure::NOT_SUPPORTED).graphics(vec![Process::this(MIB)]), Some(1)),
        (usual().compute(Failure::NO_PERMISSION).graphics(Failure::UNKNOWN).mps(Failure(25)), None),
    ] {
        let (monitor, _root) = monitor(list.clone());
        assert_eq!(mib(monitor.sample().unwrap().process_used()), expected, "{list:?}");
    }
}

#[test]
fn where_ids_are_of_processes_elsewhere_our_number_may_be_somebody_else() {
    let lists = usual()
        .compute(vec![Process::this(70 * MIB), Process::other(123_456_789, 9 * MIB)])
        .compute(vec![Process::this(70 * MIB), Process::other(7, 9 * MIB)]);
    let (monitor, _root) = monitor(lists);
    let seen: Vec<_> = (0..2).map(|_| mib(monitor.sample().unwrap().process_used())).collect();
    assert_eq!(seen, [None, Some(70)], "the first list names a process that is not here");
}

#[test]
fn memory_that_is_the_hosts_is_the_hosts_within_its_cgroup() {
    for answer in [card().memory(Failure::NOT_SUPPORTED).integrated(), card().memory(Memory::default())] {
        let (monitor, root) = monitor(answer.compute(vec![Process::this(30 * MIB)]));
        let seen = monitor.sample().unwrap();
        assert_eq!((mib(seen.total()), mib(seen.free()), seen.budget()), (Some(800), Some(500), None));
        assert_eq!((mib(seen.process_used()), seen.source()), (Some(30), Some(MemorySource::NvmlUnified)));

        put(root.path(), "sys/fs/cgroup/job/memory.max", &(200 * MIB).to_string());
        put(root.path(), "sys/fs/cgroup/job/memory.current", &(50 * MIB).to_string());
        // A copy looks for limits at once.
        let seen = monitor.clone().sample().unwrap();
        assert_eq!(
            (mib(seen.total()), mib(seen.free()), mib(seen.budget())),
            (Some(200), Some(150), Some(200))
        );
    }
}

#[test]
fn a_unified_card_on_a_system_that_tells_no_memory_is_an_error() {
    let (monitor, root) = monitor(card().memory(Memory::default()));
    fs::remove_file(root.path().join("proc/meminfo")).unwrap();
    assert_eq!(kind(monitor.sample()), TelemetryErrorKind::Unsupported);
}

#[test]
fn a_cgroups_limit_on_the_card_is_the_budget_and_bounds_the_rest() {
    let (monitor, root) = monitor(usual());
    assert_eq!(monitor.sample().unwrap().budget(), None);
    let limit = |mib: u64| format!("nvidia/0000:41:00.0/vidmem {}\n", mib * MIB);
    put(root.path(), "sys/fs/cgroup/job/dmem.max", &limit(400));
    put(root.path(), "sys/fs/cgroup/job/dmem.current", &limit(150));
    let seen = monitor.sample().unwrap();
    assert_eq!((mib(seen.total()), mib(seen.budget())), (Some(400), Some(400)));
    assert_eq!(
        (mib(seen.free()), mib(seen.headroom())),
        (Some(250), Some(250)),
        "others' use outside does not count"
    );

    put(root.path(), "sys/fs/cgroup/job/dmem.max", &limit(5000));
    let seen = monitor.sample().unwrap();
    assert_eq!(
        (mib(seen.total()), mib(seen.free())),
        (Some(1000), Some(700)),
        "more than there is changes nothing"
    );
}

#[test]
fn the_least_of_the_limits_is_the_budget() {
    let (monitor, root) = monitor(usual().mps(vec![Process::this(100 * MIB)]));
    put(root.path(), "sys/fs/cgroup/job/dmem.max", &format!("nvidia/0000:41:00.0/vidmem {}\n", 900 * MIB));
    let of = |mib: u64| ByteCount::MIB.saturating_mul(mib);
    let seen = monitor.clone().limited_to(of(250)).sample().unwrap();
    assert_eq!((mib(seen.budget()), mib(seen.headroom())), (Some(250), Some(150)));
    let seen = monitor.clone().limited_to(of(5000)).sample().unwrap();
    assert_eq!(mib(seen.budget()), Some(900));
    let seen = monitor.limited_to(of(800)).limited_to(of(6000)).sample().unwrap();
    assert_eq!(mib(seen.budget()), Some(800));
}
