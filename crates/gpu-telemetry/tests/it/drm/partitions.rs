//! A card of AMD that is divided: MI300X in its modes.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use gpu_telemetry::{Field, MemoryMonitor, MemorySource, Reason, TelemetryErrorKind};

use super::{GIB, MIB, System, bytes};
use crate::conformance;

const CARD: &str = "0000:0c:00.0";
/// Bus 0x0c, device and function 0.
const LOCATION: u64 = 0x0c00;

/// The card as sysfs has it, and the processor's node.
fn card(compute: &str, memory: &str) -> System {
    let system = System::new();
    system.device(CARD, "0x120000", ("0x1002", "0x74a1"), Some("amdgpu"));
    system.card(CARD, "product_name", "Instinct 300\n");
    for (name, gib) in [("vram_total", 192), ("vram_used", 30), ("gtt_total", 1000), ("gtt_used", 0)] {
        system.card(CARD, &format!("mem_info_{name}"), format!("{}\n", gib * GIB));
    }
    system.card(CARD, "current_compute_partition", format!("{compute}\n"));
    system.card(CARD, "current_memory_partition", format!("{memory}\n"));
    system.card(CARD, "gpu_busy_percent", "50\n");
    system.put("sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
    system.put("sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 96\nlocation_id 0\n");
    fs::create_dir_all(system.path().join("proc/self/ns")).unwrap();
    symlink("pid:[4026531836]", system.path().join("proc/self/ns/pid")).unwrap();
    system.host(1000 * GIB, 900 * GIB);
    system
}

fn node(system: &System, number: u64, location: u64, gib: u64) {
    let folder = format!("sys/class/kfd/kfd/topology/nodes/{number}");
    system.put(&format!("{folder}/gpu_id"), format!("{}\n", 1000 + number));
    let render = 127 + number;
    system.put(
        &format!("{folder}/properties"),
        format!(
            "cpu_cores_count 0\nsimd_count 152\nlocation_id {location}\ndomain 0\ndrm_render_minor {render}\n"
        ),
    );
    let bank = format!("heap_type 1\nsize_in_bytes {}\nflags 0\nwidth 8192\nmem_clk_max 1300\n", gib * GIB);
    system.put(&format!("{folder}/mem_banks/0/properties"), bank);
    system.put(&format!("{folder}/mem_banks/1/properties"), "heap_type 0\nsize_in_bytes 99\n");
}

/// Eight partitions, of which each has its own amount so that none is taken for another.
fn divided() -> System {
    let system = card("CPX", "NPS4");
    // The kernel lists nodes in no order that could be relied on.
    for partition in 0..8 {
        node(&system, 8 - partition, partition << 28 | LOCATION, 20 + partition);
    }
    system
}

#[test]
fn a_card_that_is_not_divided_is_the_whole() {
    let system = card("SPX", "NPS1");
    node(&system, 1, LOCATION, 191);
    let monitor = system.monitor(CARD).unwrap();
    let seen = monitor.sample().unwrap();
    assert_eq!((seen.total(), seen.used()), (bytes(192 * GIB), bytes(30 * GIB)));
    assert_eq!((monitor.partition(), monitor.partitions().len()), (None, 0));
}

#[test]
fn of_a_divided_card_the_total_is_that_of_the_partition_that_matches() {
    let system = divided();
    let first = system.monitor(CARD).unwrap();
    assert_eq!((first.partition(), first.name()), (Some(0), "Instinct 300 partition 0"));
    let seen = first.sample().unwrap();
    assert_eq!((seen.total(), seen.source()), (bytes(20 * GIB), Some(MemorySource::Sysfs)));
    assert_eq!((seen.used(), seen.free()), (None, None), "the card's use is no partition's");
    assert_eq!(seen.why(Field::Used), Some(Reason::WholeCardOnly));
    assert_eq!((seen.utilization_percent(), seen.headroom()), (None, None));

    let all: Vec<_> = first.partitions().into_iter().map(Result::unwrap).collect();
    let totals: Vec<_> = all.iter().map(|part| part.sample().unwrap().total().unwrap().get() / GIB).collect();
    assert_eq!(totals, [20, 21, 22, 23, 24, 25, 26, 27]);
    assert!(all[7].identity().unwrap().is_same_card(&first.identity().unwrap()));
    conformance::check(&(Arc::new(system.monitor(CARD).unwrap()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_kernel_that_counts_by_partition_tells_what_is_used() {
    let system = divided();
    system.put("sys/class/kfd/kfd/topology/nodes/5/mem_banks/0/used_memory", format!("{}\n", 3 * GIB));
    let parts = system.monitor(CARD).unwrap().partitions();
    let seen = parts[3].as_ref().unwrap().sample().unwrap();
    assert_eq!((seen.total(), seen.used(), seen.free()), (bytes(23 * GIB), bytes(3 * GIB), bytes(20 * GIB)));
}

#[test]
fn a_partition_has_the_function_of_an_address_where_the_bus_has_none() {
    let system = divided();
    assert_eq!(system.sample("0000:0c:00.3").total(), bytes(23 * GIB), "as HIP tells it");
    assert_eq!(system.monitor("0000:0c:00.3").unwrap().identity().unwrap().pci.unwrap().function, 3);
    // Kernels that write it so.
    let system = card("DPX", "NPS1");
    node(&system, 1, LOCATION, 96);
    node(&system, 2, LOCATION | 1, 95);
    let parts = system.monitor(CARD).unwrap().partitions();
    let totals: Vec<_> = parts.iter().map(|part| part.as_ref().unwrap().sample().unwrap().total()).collect();
    assert_eq!(totals, [bytes(96 * GIB), bytes(95 * GIB)]);
    for nothing in ["0000:0c:00.5", "0000:0d:00.1"] {
        assert_eq!(system.monitor(nothing).unwrap_err().kind(), TelemetryErrorKind::Absent, "{nothing}");
    }
}

#[test]
fn a_container_that_is_given_one_partition_watches_that() {
    let system = card("CPX", "NPS1");
    node(&system, 4, 5 << 28 | LOCATION, 24);
    // The others' files are there and cannot be read.
    for other in [2, 3] {
        fs::create_dir_all(system.path().join(format!("sys/class/kfd/kfd/topology/nodes/{other}"))).unwrap();
    }
    let monitor = system.monitor(CARD).unwrap();
    assert_eq!((monitor.partition(), monitor.sample().unwrap().total()), (Some(5), bytes(24 * GIB)));
}

#[test]
fn what_this_process_holds_is_of_its_partition_alone() {
    let system = divided();
    let me = std::process::id();
    // Of partition 2, node 6.
    system.put(&format!("sys/class/kfd/kfd/proc/{me}/vram_1006"), format!("{}\n", 30 * MIB));
    let open = |fd, render: u64, mib: u64| {
        let info = format!("drm-client-id: {fd}\ndrm-pdev: {CARD}\ndrm-memory-vram: {mib} MiB\n");
        system.open(fd, &format!("/dev/dri/renderD{render}"), &info);
    };
    open(5, 127 + 6, 40);
    open(6, 127 + 5, 50);
    let parts = system.monitor(CARD).unwrap().partitions();
    let used: Vec<_> =
        parts.iter().map(|part| part.as_ref().unwrap().sample().unwrap().process_used()).collect();
    let nobody = None;
    let expected = [nobody, nobody, bytes(40 * MIB), bytes(50 * MIB), nobody, nobody, nobody, nobody];
    assert_eq!(used, expected);
}

#[test]
fn a_divided_card_whose_partitions_cannot_be_seen_is_absent_rather_than_the_whole() {
    let error = card("CPX", "NPS1").monitor(CARD).unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Absent);
    assert!(error.to_string().contains("/dev/kfd"), "the remedy: {error}");
}

#[test]
fn two_cards_in_the_same_place_of_two_domains_are_two() {
    let system = divided();
    system.put(
        "sys/class/kfd/kfd/topology/nodes/1/properties",
        format!("location_id {}\ndomain 1\n", 7 << 28 | LOCATION),
    );
    assert_eq!(system.monitor(CARD).unwrap().partitions().len(), 7);
}

#[test]
fn each_partition_is_found_and_the_whole_is_not() {
    let system = divided();
    let discovery = gpu_telemetry::Discovery::with_root(system.path());
    #[cfg(feature = "nvml")]
    let discovery = discovery.files(gpu_telemetry::DriverFiles::default().nvml("/dev/null"));
    #[cfg(feature = "wgpu")]
    let discovery = discovery.adapters([]);
    let cards = discovery.cards().unwrap();
    let parts: Vec<String> = cards
        .iter()
        .filter(|card| card.kind() == gpu_telemetry::CardKind::Part)
        .map(|card| format!("{card}: {}", card.sample().unwrap().total().unwrap()))
        .collect();
    assert_eq!(parts.len(), 8, "{parts:?}");
    assert_eq!(parts[3], format!("Instinct 300 partition 3 at {CARD}: 23.00 GiB"));
    assert!(cards.iter().all(|card| card.name() != "Instinct 300"), "{cards:?}");
}
