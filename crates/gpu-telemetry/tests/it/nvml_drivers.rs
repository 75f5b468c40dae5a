//! What drivers of NVIDIA are known to do that their documentation does not say.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gpu_telemetry::{
    ByteCount, CudaMonitor, DeviceProcess, DriverFiles, Field, MemoryMonitor, MemorySource, NvmlLibrary,
    PciAddress, ProcessKind, Reason, TelemetryErrorKind, VisibleCards,
};
use nvml_standin::{Card, Failure, Memory, Process, Script, Stand};
use tempfile::TempDir;

use crate::conformance::check;

const MIB: u64 = 1 << 20;
const HERE: &str = "0000:41:00.0";
const UUID: &str = "GPU-5f1d7c1c-9d2e-4a3e-8a11-0000000000a1";

fn card() -> Card {
    Card::new(HERE, UUID, "Quick 9000")
}

fn usual() -> Card {
    card().memory(Memory::of(1000 * MIB, 300 * MIB))
}

/// A system with 800 MiB of memory and 500 available, and processes 7 to 106.
fn machine() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "proc/meminfo", "MemTotal: 819200 kB\nMemAvailable: 512000 kB\n");
    for pid in 7..107 {
        put(root.path(), &format!("proc/{pid}/comm"), &format!("worker-{pid}\n"));
    }
    root
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn library(stand: &Stand, root: &TempDir) -> NvmlLibrary {
    let file = stand.library();
    NvmlLibrary::of(&DriverFiles::default().nvml(&file).cuda(&file)).unwrap().with_root(root.path())
}

fn monitor_of(stand: &Stand) -> (CudaMonitor, TempDir) {
    let root = machine();
    (CudaMonitor::at(&library(stand, &root), here()).unwrap(), root)
}

/// The only card of a library that was stopped, on a machine that is there already.
fn put_anew(stand: &Stand, root: &TempDir, card: Card) -> CudaMonitor {
    stand.put(&Script::new([card]));
    CudaMonitor::at(&library(stand, root), here()).unwrap()
}

fn monitor(card: Card) -> (CudaMonitor, TempDir) {
    monitor_of(&Stand::new(&Script::new([card])))
}

fn here() -> PciAddress {
    HERE.parse().unwrap()
}

fn mib(bytes: Option<ByteCount>) -> Option<u64> {
    bytes.map(|bytes| bytes.get() / MIB)
}

/// So many others, and this process.
fn listed(others: u32) -> Vec<Process> {
    let mut list: Vec<Process> = (0..others).map(|n| Process::other(7 + n, u64::from(n) * MIB)).collect();
    list.push(Process::this(70 * MIB));
    list
}

#[test]
fn lists_with_entries_of_any_known_size_are_read() {
    let (stand, root) = (Stand::new(&Script::new([])), machine());
    for size in [24, 32] {
        for others in [0, 1, 14, 15, 16, 40, 99] {
            let card = usual().compute(listed(others)).graphics(listed(others)).entry_size(size);
            let monitor = put_anew(&stand, &root, card);
            let what = format!("{others} others, entries of {size} bytes");
            assert_eq!(mib(monitor.sample().unwrap().process_used()), Some(70), "{what}");
            let all = monitor.processes().unwrap();
            assert_eq!(all.len(), others as usize + 1, "{what}");
            for process in all.iter().filter(|process| process.pid != std::process::id()) {
                assert_eq!(mib(process.used), Some(u64::from(process.pid) - 7), "{what}");
            }
        }
    }
}

#[test]
fn lists_with_entries_of_an_unknown_size_are_not_guessed_at() {
    let (monitor, _root) = monitor(usual().compute(listed(3)).entry_size(48));
    let seen = monitor.sample().unwrap();
    assert_eq!((seen.process_used(), seen.why(Field::ProcessUsed)), (None, Some(Reason::Failed)));
    assert_eq!(mib(seen.used()), Some(300), "the rest is kept");
}

#[cfg(target_os = "linux")]
#[test]
fn older_lists_are_read_where_there_are_no_newer_ones() {
    let third = [
        "nvmlDeviceGetComputeRunningProcesses_v3",
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        "nvmlDeviceGetMPSComputeRunningProcesses_v3",
    ];
    let second = ["nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetGraphicsRunningProcesses_v2"];
    for missing in [&third[..], &[&third[..], &second].concat()] {
        let stand = Stand::new(&Script::new([usual().compute(listed(20))])).without(missing);
        let (monitor, _root) = monitor_of(&stand);
        assert_eq!(mib(monitor.sample().unwrap().process_used()), Some(70), "without {missing:?}");
        assert_eq!(monitor.processes().unwrap().len(), 21, "without {missing:?}");
    }
}

#[test]
fn who_uses_a_card_is_listed_once_with_what_it_does() {
    let card = usual()
        .compute(vec![Process::other(7, 50 * MIB), Process::other(8, 90 * MIB)])
        .graphics(vec![Process::other(7, 50 * MIB), Process { pid: Some(9), bytes: None }])
        .mps(vec![Process::other(10, 60 * MIB)]);
    let (watched, root) = monitor(card.clone());
    let told: Vec<_> = watched
        .processes()
        .unwrap()
        .into_iter()
        .map(|DeviceProcess { pid, name, used, kind }| (pid, name.unwrap(), mib(used), kind.unwrap()))
        .collect();
    let expected = [
        (8, "worker-8".to_owned(), Some(90), ProcessKind::Compute),
        (10, "worker-10".to_owned(), Some(60), ProcessKind::Compute),
        (7, "worker-7".to_owned(), Some(50), ProcessKind::Both),
        (9, "worker-9".to_owned(), None, ProcessKind::Graphics),
    ];
    assert_eq!(told, expected);

    // An id that is nobody's here makes all of them somebody else's.
    fs::remove_dir_all(root.path().join("proc/9")).unwrap();
    assert!(watched.processes().unwrap().iter().all(|process| process.name.is_none()));

    let refused = usual().compute(Failure::NO_PERMISSION).graphics(Failure::NOT_SUPPORTED).mps(Failure(25));
    let (refused, _root) = monitor(refused);
    assert_eq!(refused.processes().unwrap_err().kind(), TelemetryErrorKind::Denied, "not the same as nobody");
    assert_eq!(monitor(usual()).0.processes().unwrap(), []);
}

#[test]
fn where_the_second_version_fails_the_first_is_asked_and_that_is_marked() {
    let (stand, root) = (Stand::new(&Script::new([])), machine());
    for failure in
        [Failure(13), Failure(25), Failure::UNKNOWN, Failure::NOT_SUPPORTED, Failure::INVALID_ARGUMENT]
    {
        let card = card().memory(failure).memory_v1(Memory::of(1000 * MIB, 300 * MIB));
        let monitor = put_anew(&stand, &root, card);
        let seen = monitor.sample().unwrap();
        assert_eq!((mib(seen.total()), mib(seen.used())), (Some(1000), Some(300)), "{failure:?}");
        assert_eq!(seen.source(), Some(MemorySource::NvmlV1), "{failure:?}");
        let reserved = (seen.system_reserved(), seen.why(Field::SystemReserved));
        assert_eq!(reserved, (None, Some(Reason::TooOld)), "{failure:?}");
        check(&(Arc::new(monitor) as Arc<dyn MemoryMonitor>));
    }
    // What both fail with is the second's.
    let (monitor, _root) = monitor(card().memory(Failure::UNKNOWN).memory_v1(Failure(77)));
    assert!(monitor.sample().unwrap_err().to_string().contains("internal driver error"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_without_the_second_version_is_asked_for_the_first() {
    let stand = Stand::new(&Script::new([usual()])).without(&["nvmlDeviceGetMemoryInfo_v2"]);
    let (monitor, _root) = monitor_of(&stand);
    let seen = monitor.sample().unwrap();
    assert_eq!((mib(seen.total()), seen.source()), (Some(1000), Some(MemorySource::NvmlV1)));
    let neither = ["nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetMemoryInfo"];
    let stand = Stand::new(&Script::new([usual()])).without(&neither);
    let (monitor, _root) = monitor_of(&stand);
    let error = monitor.sample().unwrap_err();
    assert!(error.kind() == TelemetryErrorKind::Driver && error.to_string().contains("510"), "{error}");
}

#[test]
fn a_card_whose_driver_was_started_anew_is_watched_on() {
    let (stand, root) = (Stand::new(&Script::new([])), machine());
    for failure in [Failure::UNKNOWN, Failure::NOT_FOUND, Failure::INVALID_ARGUMENT, Failure(28)] {
        for calls in 0..40 {
            let card = usual().utilization(5).restarted_after(20 + calls, failure);
            let monitor = put_anew(&stand, &root, card);
            for sample in 0..10 {
                let seen = monitor.sample();
                assert!(seen.is_ok(), "{failure:?} after {calls} calls, sample {sample}: {seen:?}");
            }
        }
    }
}

#[test]
fn a_failure_that_passes_is_over_at_the_next_question() {
    let card = card().memory(Failure::UNKNOWN).memory_v1(Failure::UNKNOWN).memory(Memory::of(1000 * MIB, 0));
    let (monitor, _root) = monitor(card);
    assert_eq!(mib(monitor.sample().unwrap().total()), Some(1000), "it was asked once more");
}

#[test]
fn that_the_question_is_not_supported_means_the_hosts_memory_only_where_something_agrees() {
    let silent = || card().memory(Failure::NOT_SUPPORTED);
    let (nothing, _root) = monitor(silent());
    let error = nothing.sample().unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Driver);
    assert!(error.to_string().contains("nothing says that the card uses the host's"), "{error}");

    let is_unified = |monitor: &CudaMonitor| {
        let seen = monitor.sample().unwrap();
        assert_eq!((mib(seen.total()), mib(seen.free())), (Some(800), Some(500)));
        assert_eq!(seen.source(), Some(MemorySource::NvmlUnified));
    };
    is_unified(&monitor(silent().integrated()).0);
    is_unified(&monitor(card().memory(Memory::default())).0);
    for file in ["proc/device-tree/compatible", "sys/firmware/devicetree/base/compatible"] {
        let (monitor, root) = monitor(silent());
        put(root.path(), file, "nvidia,p3737-0000+p3701-0005\0nvidia,tegra234\0");
        is_unified(&monitor);
    }
    let (other, root) = monitor(silent());
    put(root.path(), "proc/device-tree/compatible", "raspberrypi,5-model-b\0brcm,bcm2712\0");
    assert!(other.sample().is_err());
}

#[test]
fn what_cuda_calls_integrated_is_the_card_that_is_meant() {
    let other = Card::new("0000:01:00.0", "GPU-00000000-0000-4000-8000-000000000001", "Slow 100");
    let stand = Stand::new(&Script::new([other.integrated(), card().memory(Failure::NOT_SUPPORTED)]));
    let (monitor, _root) = monitor_of(&stand);
    assert!(monitor.sample().is_err(), "the other one is");
}

#[test]
fn a_card_without_place_and_uuid_gets_the_hosts_memory() {
    let orin = Card::built_in("Orin (nvgpu)").memory(Failure::NOT_SUPPORTED).utilization(40);
    let stand = Stand::new(&Script::new([orin]));
    let root = machine();
    put(root.path(), "proc/device-tree/compatible", "nvidia,p3768\0nvidia,tegra234\0");
    let library = library(&stand, &root);
    let cards = library.cards();
    assert_eq!(cards.len(), 1);
    let card = cards[0].as_ref().unwrap();
    assert_eq!((card.name(), card.pci(), card.uuid(), card.identity()), ("Orin (nvgpu)", None, None, None));
    let seen = card.sample().unwrap();
    assert_eq!((mib(seen.total()), seen.source()), (Some(800), Some(MemorySource::NvmlUnified)));
    assert_eq!(seen.utilization_percent(), Some(40));
    check(&(Arc::new(card.clone()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn what_cuda_shows_of_a_system_on_a_chip_is_its_only_card() {
    let orin = || Card::built_in("Orin (nvgpu)").memory(Failure::NOT_SUPPORTED).integrated();
    let root = machine();
    let stand = Stand::new(&Script::new([orin()]));
    let shown = VisibleCards::told_by_cuda(stand.library()).unwrap();
    let monitor = CudaMonitor::visible(&library(&stand, &root), &shown.cards().unwrap()[0]).unwrap();
    assert_eq!((monitor.name(), mib(monitor.sample().unwrap().total())), ("Orin (nvgpu)", Some(800)));
    // Where there are others, a made-up address is nobody's.
    let stand = Stand::new(&Script::new([orin(), usual()]));
    let shown = VisibleCards::told_by_cuda(stand.library()).unwrap();
    let error = CudaMonitor::visible(&library(&stand, &root), &shown.cards().unwrap()[0]).unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Absent);
}

#[test]
fn file_cache_on_a_cards_node_is_free() {
    let (monitor, root) = monitor(usual());
    let node = format!("proc/driver/nvidia/gpus/{HERE}/numa_status");
    put(root.path(), &node, "Node:     1\nStatus:   online\n");
    let meminfo = |file_kib: u64| {
        format!(
            "Node 1 MemTotal: 1024000 kB\nNode 1 Active(file):  {file_kib} kB\nNode 1 Inactive(file): 10240 kB\n\
             Node 1 Shmem: 5 kB\nNode 1 SReclaimable: 10240 kB\n"
        )
    };
    put(root.path(), "sys/devices/system/node/node1/meminfo", &meminfo(102_400));
    let seen = monitor.sample().unwrap();
    assert_eq!((mib(seen.free()), mib(seen.used())), (Some(820), Some(180)));
    put(root.path(), "sys/devices/system/node/node1/meminfo", &meminfo(u64::MAX >> 12));
    assert_eq!(mib(monitor.sample().unwrap().free()), Some(1000), "never more than there is");
    put(root.path(), &node, "Node: 1\nStatus: offline\n");
    assert_eq!(mib(monitor.clone().sample().unwrap().free()), Some(1000), "looked for once");
    let (monitor, root) = self::monitor(usual());
    put(root.path(), &node, "Node: 1\nStatus: offline\n");
    put(root.path(), "sys/devices/system/node/node1/meminfo", &meminfo(102_400));
    assert_eq!(mib(monitor.sample().unwrap().free()), Some(700), "a node that is not in use");
}

#[test]
fn a_limit_of_the_service_itself_is_seen_where_this_process_computes_on_the_card() {
    let (monitor, _root) =
        monitor(usual().context(150 * MIB, 200 * MIB).compute(vec![Process::this(50 * MIB)]));
    let seen = monitor.sample().unwrap();
    assert_eq!((mib(seen.budget()), mib(seen.total())), (Some(200), Some(1000)));
    assert_eq!(mib(seen.headroom()), Some(150));

    let (monitor, _root) = self::monitor(usual().context(690 * MIB, 985 * MIB));
    assert_eq!(monitor.sample().unwrap().budget(), None, "what CUDA keeps itself is no limit");
    let (monitor, _root) = self::monitor(usual());
    let seen = monitor.sample().unwrap();
    assert_eq!((seen.budget(), seen.why(Field::Budget)), (None, Some(Reason::Unlimited)));
}

#[test]
fn more_than_the_card_has_is_no_use_of_this_process() {
    let (monitor, _root) = monitor(usual().compute(vec![Process::this(17 << 40)]));
    let seen = monitor.sample().unwrap();
    assert_eq!((mib(seen.used()), seen.process_used()), (Some(300), None));
    assert_eq!(seen.why(Field::ProcessUsed), Some(Reason::Contradiction));
}

#[test]
fn an_absent_field_says_why() {
    for (card, field, reason) in [
        (usual(), Field::ProcessUsed, Reason::NotInUse),
        (usual().compute(Failure::NO_PERMISSION), Field::ProcessUsed, Reason::Denied),
        (
            usual().compute(vec![Process::this(1), Process::other(4711, 1)]),
            Field::ProcessUsed,
            Reason::OtherNamespace,
        ),
        (usual().compute(vec![Process { pid: None, bytes: None }]), Field::ProcessUsed, Reason::NotTold),
        (usual(), Field::Utilization, Reason::NotTold),
        (usual().utilization(Failure::UNKNOWN), Field::Utilization, Reason::Failed),
    ] {
        let (monitor, _root) = monitor(card);
        assert_eq!(monitor.sample().unwrap().why(field), Some(reason), "{field:?}");
    }
}
