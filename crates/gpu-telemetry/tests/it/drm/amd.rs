//! amdgpu: a card in a slot, and one inside the processor.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use gpu_telemetry::{ByteCount, Field, MemoryMonitor, MemorySource, ProcessKind, Reason, TelemetryErrorKind};
use proptest::prelude::*;

use super::{GIB, MIB, System, bytes};
use crate::conformance;

const SLOT: &str = "0000:03:00.0";
const INSIDE: &str = "0000:c6:00.0";

/// A card of 16 GiB in a host of 64 GiB, whose GTT is larger than the card.
fn discrete() -> System {
    let system = System::new();
    system.device(SLOT, "0x030000", ("0x1002", "0x73bf"), Some("amdgpu"));
    system.card(SLOT, "mem_info_vram_total", "17163091968\n");
    system.card(SLOT, "mem_info_vram_used", format!("{}\n", 3 * GIB));
    system.card(SLOT, "mem_info_vis_vram_total", "268435456\n");
    system.card(SLOT, "mem_info_vis_vram_used", "20971520\n");
    system.card(SLOT, "mem_info_gtt_total", format!("{}\n", 32 * GIB));
    system.card(SLOT, "mem_info_gtt_used", "47185920\n");
    system.card(SLOT, "gpu_busy_percent", "37\n");
    system
}

/// A processor with 512 MiB set aside of its host's 32 GiB.
fn inside() -> System {
    let system = System::new();
    system.device(INSIDE, "0x030000", ("0x1002", "0x1586"), Some("amdgpu"));
    system.card(INSIDE, "mem_info_vram_total", format!("{}\n", 512 * MIB));
    system.card(INSIDE, "mem_info_vram_used", format!("{}\n", 400 * MIB));
    system.card(INSIDE, "mem_info_gtt_total", format!("{}\n", 16 * GIB));
    system.card(INSIDE, "mem_info_gtt_used", format!("{}\n", 2 * GIB));
    system.host(32 * GIB, 20 * GIB);
    system
}

fn opening(id: u32, memory: &str) -> String {
    format!(
        "drm-driver:\tamdgpu\ndrm-client-id:\t{id}\ndrm-pdev:\t{SLOT}\npasid:\t32770\n{memory}drm-engine-compute:\t5 ns\n"
    )
}

#[test]
fn a_card_in_a_slot_is_its_vram() {
    let system = discrete();
    let seen = system.sample(SLOT);
    assert_eq!(seen.total(), bytes(17_163_091_968));
    assert_eq!((seen.used(), seen.free()), (bytes(3 * GIB), bytes(17_163_091_968 - 3 * GIB)));
    assert_eq!((seen.utilization_percent(), seen.source()), (Some(37), Some(MemorySource::Sysfs)));
    assert_eq!(seen.process_used(), None, "this process has not opened it");
    assert_eq!(seen.budget(), None);
}

#[test]
fn a_cgroup_may_grant_less_than_the_card_has() {
    let system = discrete();
    system.put("proc/self/cgroup", "0::/job\n");
    system.put("sys/fs/cgroup/job/dmem.max", format!("drm/{SLOT}/vram {}\n", 4 * GIB));
    system.put("sys/fs/cgroup/job/dmem.current", format!("drm/{SLOT}/vram {GIB}\n"));
    let seen = system.sample(SLOT);
    assert_eq!((seen.total(), seen.budget()), (bytes(4 * GIB), bytes(4 * GIB)));
    assert_eq!((seen.free(), seen.used()), (bytes(3 * GIB), bytes(GIB)));
    assert_eq!(seen.headroom(), bytes(3 * GIB));
}

#[test]
fn it_conforms() {
    let (slot, within) = (discrete(), inside());
    conformance::check(&(Arc::new(slot.monitor(SLOT).unwrap()) as Arc<dyn MemoryMonitor>));
    conformance::check(&(Arc::new(within.monitor(INSIDE).unwrap()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_card_inside_the_processor_is_its_gtt_as_far_as_the_host_has_it() {
    let system = inside();
    let seen = system.sample(INSIDE);
    assert_eq!((seen.total(), seen.used(), seen.free()), (bytes(16 * GIB), bytes(2 * GIB), bytes(14 * GIB)));
    assert!(seen.source().unwrap().is_host_memory());

    system.host(32 * GIB, 5 * GIB);
    assert_eq!(system.sample(INSIDE).headroom(), bytes(5 * GIB), "no more than the host can give");
}

/// The header of `gpu_metrics`: its size, the format's number, the content's.
fn metrics_table(format: u8) -> Vec<u8> {
    [&[0x98, 0x00, format, 3][..], &[0xff; 148]].concat()
}

/// A card of any sizes, with files beside.
fn card(vram: u64, gtt: u64, host: u64, files: &[(&str, &[u8])]) -> System {
    let system = discrete();
    system.card(SLOT, "mem_info_vram_total", vram.to_string());
    system.card(SLOT, "mem_info_vram_used", "0");
    system.card(SLOT, "mem_info_gtt_total", gtt.to_string());
    system.host(host, host);
    for (name, bytes) in files {
        system.card(SLOT, name, bytes);
    }
    system
}

/// What it is, VRAM, GTT and the host's memory in MiB, what is there, and whether GTT is the pool.
type Case<'a> = (&'a str, u64, u64, u64, &'a [(&'a str, &'a [u8])], bool);

#[test]
fn which_memory_is_the_pool_is_told_by_the_card_and_else_by_what_the_sizes_add_up_to() {
    const CAP: (&str, &[u8]) = ("apu_thermal_cap", b"90\n");
    fn metrics(bytes: &[u8]) -> (&str, &[u8]) {
        ("gpu_metrics", bytes)
    }
    let [one, two, three, odd] = [1, 2, 3, 9].map(metrics_table);
    let cases: &[Case<'_>] = &[
        ("a card, kernels 6.4 to 6.7", 16368, 32112, 64224, &[CAP, metrics(&one)], false),
        ("a card, a kernel before", 16368, 32112, 64224, &[metrics(&one)], false),
        ("a card, its vendor's kernel without a table", 16368, 32112, 64224, &[CAP], false),
        ("a card with little memory", 512, 15600, 31200, &[metrics(&one)], false),
        (
            "a card whose maker of memory is known",
            1024,
            15600,
            31200,
            &[("mem_info_vram_vendor", b"samsung\n")],
            false,
        ),
        ("a card larger than its table", 49136, 32112, 64224, &[CAP], false),
        ("a processor, Renoir", 512, 7600, 15200, &[metrics(&two)], true),
        ("a processor with 4 GiB set aside", 4096, 14000, 28000, &[metrics(&two)], true),
        ("the same, where that can be changed", 4096, 14000, 28000, &[("uma/carveout", b"3\n")], true),
        ("3 GiB set aside, by sums: 15.3 GiB are nearly what is sold", 3072, 5800, 12_600, &[], true),
        ("by sums: 2 GiB of 16 are set aside", 2048, 6800, 13_800, &[CAP], true),
        ("a card of 2 GiB in a host of 16", 2048, 7900, 15_900, &[CAP], false),
        ("Strix Halo, small part set aside", 512, 62_600, 127_300, &[metrics(&three)], true),
        ("Strix Halo, before it tells", 512, 62_600, 127_300, &[], true),
        ("Strix Halo, 16 GiB set aside", 16384, 55_000, 111_900, &[metrics(&three)], true),
        ("Strix Halo, nearly all set aside", 98_304, 15_800, 31_600, &[metrics(&three)], false),
        ("a processor for servers, all shared", 0, 250_000, 500_000, &[metrics(&one)], true),
        ("a format that nobody knows", 16368, 32112, 64224, &[metrics(&odd)], false),
        ("a table that is cut short", 16368, 32112, 64224, &[("gpu_metrics", &[0x98, 0])], false),
        ("a maker that is not known", 512, 7600, 15200, &[("mem_info_vram_vendor", b"unknown\n")], true),
    ];
    for &(what, vram, gtt, host, files, pool_is_gtt) in cases {
        let seen = card(vram * MIB, gtt * MIB, host * MIB, files).sample(SLOT);
        let total = if pool_is_gtt { gtt } else { vram };
        assert_eq!(seen.total(), bytes(total * MIB), "{what}");
        assert_eq!(seen.source().unwrap().is_host_memory(), pool_is_gtt, "{what}");
    }
}

#[test]
fn a_card_that_sleeps_is_not_woken_to_be_asked_what_it_is_and_is_asked_when_it_is_awake() {
    let system = card(4096 * MIB, 14_000 * MIB, 28_000 * MIB, &[("power/runtime_status", b"suspended\n")]);
    // Reading it would wait for a writer that never comes, as a card takes its time to wake up.
    let pipe = system.path().join("sys/bus/pci/devices").join(SLOT).join("gpu_metrics");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let monitor = system.monitor(SLOT).unwrap();
    assert_eq!(monitor.sample().unwrap().total(), bytes(4096 * MIB), "likely, and safe if wrong");
    assert_eq!(monitor.sample().unwrap().why(Field::Utilization), Some(Reason::Asleep));
    fs::remove_file(&pipe).unwrap();
    fs::write(&pipe, metrics_table(2)).unwrap();
    system.card(SLOT, "power/runtime_status", "active\n");
    assert_eq!(monitor.sample().unwrap().total(), bytes(14_000 * MIB), "it says that it is a processor's");
    system.card(SLOT, "power/runtime_status", "suspended\n");
    assert_eq!(monitor.sample().unwrap().total(), bytes(14_000 * MIB), "known for good");
}

#[test]
fn an_opening_counts_once_however_many_descriptors_it_has() {
    let system = discrete();
    let held = opening(42, "drm-memory-vram:\t1024 KiB\ndrm-memory-gtt:\t7 MiB\n");
    system.open(5, "/dev/dri/renderD128", &held);
    system.open(6, "/dev/dri/renderD128", &held);
    assert_eq!(system.sample(SLOT).process_used(), bytes(MIB), "a duplicate");
    system.open(7, "/dev/dri/renderD128", &opening(43, "drm-memory-vram: 2 MiB\n"));
    assert_eq!(system.sample(SLOT).process_used(), bytes(3 * MIB), "another opening");
    system.open(
        8,
        "/dev/dri/renderD129",
        &opening(44, "drm-memory-vram: 9 MiB\n").replace(SLOT, "0000:83:00.0"),
    );
    assert_eq!(system.sample(SLOT).process_used(), bytes(3 * MIB), "another card");
    system.open(9, "socket:[4711]", &opening(45, "drm-memory-vram: 9 MiB\n"));
    assert_eq!(system.sample(SLOT).process_used(), bytes(3 * MIB), "no device at all");
    system.put("proc/self/fdinfo/10", opening(46, "drm-memory-vram: 512\n"));
    assert_eq!(
        system.sample(SLOT).process_used(),
        bytes(3 * MIB + 512),
        "bytes, where the link is not to be seen"
    );
}

#[test]
fn what_is_resident_is_counted_rather_than_what_was_asked_for() {
    let all = "drm-total-vram: 8 MiB\ndrm-memory-vram: 4 MiB\ndrm-resident-vram: 3 MiB\ndrm-shared-vram: 1 MiB\n\
               drm-active-vram: 1 MiB\ndrm-purgeable-vram: 0\namd-requested-vram: 9 MiB\n";
    let cases = [
        (all.to_owned(), bytes(3 * MIB)),
        (all.replace("resident", "unheard"), bytes(4 * MIB)),
        (all.replace("resident", "unheard").replace("-memory", "-other"), bytes(8 * MIB)),
        ("drm-memory-gtt: 3 MiB\n".to_owned(), None),
        ("drm-memory-vram: 3 GiB\n".to_owned(), None),
        ("drm-memory-vram: -3 KiB\n".to_owned(), None),
        ("drm-memory-vram: 99999999999999999999\n".to_owned(), None),
        ("drm-memory-vram: 18446744073709551615 MiB\n".to_owned(), None),
    ];
    for (memory, expected) in cases {
        let system = discrete();
        system.open(5, "/dev/dri/renderD128", &opening(1, &memory));
        assert_eq!(system.sample(SLOT).process_used(), expected, "{memory}");
    }
}

#[test]
fn what_rocm_holds_counts_where_process_ids_are_the_hosts() {
    let system = discrete();
    let me = std::process::id();
    let node = |node: u32, gpu: u32, properties: &str| {
        system.put(&format!("sys/class/kfd/kfd/topology/nodes/{node}/gpu_id"), format!("{gpu}\n"));
        system.put(&format!("sys/class/kfd/kfd/topology/nodes/{node}/properties"), properties);
    };
    node(0, 0, "cpu_cores_count 16\nlocation_id 768\ndomain 0\n");
    node(1, 111, "simd_count 96\nlocation_id 33536\ndomain 0\n");
    node(2, 222, "simd_count 96\nlocation_id 768\ndomain 1\n");
    node(3, 333, "simd_count 96\nlocation_id 768\ndomain 0\n");
    for (gpu, mib) in [(111, 1), (222, 2), (333, 30)] {
        system.put(&format!("sys/class/kfd/kfd/proc/{me}/vram_{gpu}"), format!("{}\n", mib * MIB));
    }
    assert_eq!(system.sample(SLOT).process_used(), None, "nothing says that the ids are the host's");
    let namespace = system.path().join("proc/self/ns/pid");
    fs::create_dir_all(namespace.parent().unwrap()).unwrap();
    symlink("pid:[4026532501]", &namespace).unwrap();
    assert_eq!(system.sample(SLOT).process_used(), None, "a container");
    fs::remove_file(&namespace).unwrap();
    symlink("pid:[4026531836]", &namespace).unwrap();
    assert_eq!(system.sample(SLOT).process_used(), bytes(30 * MIB));

    system.open(5, "/dev/dri/renderD128", &opening(1, "drm-resident-vram: 31 MiB\n"));
    assert_eq!(system.sample(SLOT).process_used(), bytes(31 * MIB), "the same memory is not counted twice");
}

#[test]
fn a_card_that_goes_is_lost() {
    let system = discrete();
    let monitor = system.monitor(SLOT).unwrap();
    monitor.sample().unwrap();
    let folder = system.path().join("sys/bus/pci/devices").join(SLOT);
    fs::remove_file(folder.join("mem_info_vram_used")).unwrap();
    assert_eq!(monitor.sample().unwrap_err().kind(), TelemetryErrorKind::Lost, "its driver was unbound");
    fs::remove_dir_all(folder).unwrap();
    let error = monitor.sample().unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Lost);
    assert!(error.to_string().contains(SLOT), "{error}");
}

#[test]
fn what_cannot_be_true_or_read_is_an_error() {
    let system = discrete();
    let monitor = system.monitor(SLOT).unwrap();
    for (text, kind) in [
        ("18446744073709551615", TelemetryErrorKind::Contradiction),
        ("+5", TelemetryErrorKind::Malformed),
        ("", TelemetryErrorKind::Malformed),
        ("5 6", TelemetryErrorKind::Malformed),
    ] {
        system.card(SLOT, "mem_info_vram_used", text);
        assert_eq!(monitor.sample().unwrap_err().kind(), kind, "{text:?}");
    }
}

#[test]
fn a_card_that_sleeps_is_not_woken_to_be_asked_how_busy_it_is() {
    let system = discrete();
    system.card(SLOT, "power/runtime_status", "suspended\n");
    assert_eq!(system.sample(SLOT).utilization_percent(), None);
    system.card(SLOT, "power/runtime_status", "active\n");
    assert_eq!(system.sample(SLOT).utilization_percent(), Some(37));
    system.card(SLOT, "gpu_busy_percent", "rather\n");
    assert_eq!(system.sample(SLOT).utilization_percent(), None, "no reason to give up the rest");
}

#[test]
fn any_fdinfo_gives_a_sample() {
    let system = discrete();
    let monitor = system.monitor(SLOT).unwrap();
    proptest!(|(text in "(drm-[a-z]{0,8}-?[a-z0-9-]{0,8}:?[ \t]?[0-9]{0,22} ?[KMG]?i?B?\n|\\PC{0,20}\n){0,8}")| {
        system.put("proc/self/fdinfo/5", format!("drm-pdev: {SLOT}\n{text}"));
        let seen = monitor.sample().unwrap();
        prop_assert!(seen.process_used().unwrap_or(ByteCount::ZERO) <= seen.total().unwrap());
    });
}

#[test]
fn every_process_that_can_be_seen_is_listed_with_what_it_holds_and_does() {
    let system = discrete();
    let process = |pid: u32, name: &str, memory: &str, engines: &str| {
        system.put(&format!("proc/{pid}/comm"), format!("{name}\n"));
        system.put(&format!("proc/{pid}/fdinfo/3"), opening(pid, memory) + engines);
    };
    process(700, "blender", "drm-memory-vram: 20 MiB\n", "drm-engine-gfx: 9 ns\n");
    process(701, "python3", "drm-memory-vram: 900 MiB\n", "drm-engine-gfx: 0 ns\n");
    process(702, "idle", "", "");
    system.put("proc/703/comm", "bash\n");
    system.put("proc/703/fdinfo/0", "pos: 0\n");
    system.put("proc/acpi/fdinfo/0", opening(1, "drm-memory-vram: 7 MiB\n"));
    // Through the kernel's driver for compute, where ids are the host's.
    system.put("sys/class/kfd/kfd/topology/nodes/1/gpu_id", "77\n");
    system.put("sys/class/kfd/kfd/topology/nodes/1/properties", "location_id 768\ndomain 0\n");
    system.put("sys/class/kfd/kfd/proc/701/vram_77", format!("{}\n", 1000 * MIB));
    system.put("sys/class/kfd/kfd/proc/704/vram_77", "0\n");
    fs::create_dir_all(system.path().join("proc/self/ns")).unwrap();
    symlink("pid:[4026531836]", system.path().join("proc/self/ns/pid")).unwrap();
    let listed = system.monitor(SLOT).unwrap().processes().unwrap();
    let told: Vec<_> =
        listed.iter().map(|one| (one.pid, one.name.as_deref().unwrap(), one.used, one.kind)).collect();
    let expected = [
        (701, "python3", bytes(1000 * MIB), Some(ProcessKind::Compute)),
        (700, "blender", bytes(20 * MIB), Some(ProcessKind::Both)),
        (702, "idle", None, Some(ProcessKind::Compute)),
    ];
    assert_eq!(told, expected);
}
