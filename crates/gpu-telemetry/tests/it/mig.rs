//! Cards in MIG mode and their instances: what is watched, and how instances are told apart.

use std::sync::Arc;
use std::time::SystemTime;

use gpu_telemetry::export::{DeviceReading, json_line, prometheus};
use gpu_telemetry::{
    CardOrder, CudaMonitor, MemoryMonitor, NvmlLibrary, PciAddress, TelemetryErrorKind, VisibleCard,
    VisibleCards,
};
use nvml_standin::{Card, Failure, Memory, Script, Stand};

use crate::conformance::check;
use crate::visible::{FILES, of_process};

const GIB: u64 = 1 << 30;
const HERE: &str = "0000:41:00.0";
const UUID: &str = "GPU-cccc4444-0000-4000-8000-000000000041";
const FIRST: &str = "MIG-dddd5555-0000-4000-8000-000000000099";
const SECOND: &str = "MIG-eeee6666-0000-4000-8000-000000000098";
/// A card that is not in MIG mode, before the other on the bus.
const UNDIVIDED: &str = "GPU-aaaa2222-0000-4000-8000-000000000001";

fn part(uuid: &str, gib: u64) -> Card {
    Card::part(uuid, "Slow 100 MIG 1g.5gb").memory(Memory::of(gib * GIB, 0))
}

/// In MIG mode, without instances yet; it tells nothing of itself as a whole.
fn card() -> Card {
    Card::new(HERE, UUID, "Slow 100").memory(Failure::NO_PERMISSION)
}

/// With instances of 1 and 2 GiB.
fn divided() -> Card {
    card().instance(part(FIRST, 1)).instance(part(SECOND, 2))
}

fn undivided() -> Card {
    Card::new("0000:01:00.0", UNDIVIDED, "Slow 100").memory(Memory::of(8 * GIB, 0))
}

fn here() -> PciAddress {
    HERE.parse().unwrap()
}

fn gib(monitor: &CudaMonitor) -> u64 {
    monitor.sample().unwrap().total().unwrap().get() / GIB
}

fn library(script: &Script) -> NvmlLibrary {
    NvmlLibrary::load_from(Stand::new(script).library()).unwrap()
}

/// The card that is divided so, and its instances.
fn instances(card: Card) -> (CudaMonitor, Vec<CudaMonitor>) {
    let whole = CudaMonitor::at(&library(&Script::new([card])), here()).unwrap();
    let parts = whole.instances().into_iter().map(Result::unwrap).collect();
    (whole, parts)
}

#[test]
fn each_instance_has_its_own_memory_where_the_card_tells_none() {
    let library = library(&Script::new([divided()]));
    let whole = CudaMonitor::at(&library, here()).unwrap();
    assert_eq!(whole.sample().unwrap_err().kind(), TelemetryErrorKind::Denied);
    assert!(!whole.is_instance() && whole.instance_uuid().is_none());

    let parts: Vec<_> = whole.instances().into_iter().map(Result::unwrap).collect();
    assert_eq!(parts.iter().map(gib).collect::<Vec<_>>(), [1, 2]);
    for (part, uuid) in parts.iter().zip([FIRST, SECOND]) {
        assert_eq!((part.instance_uuid(), part.uuid(), part.pci()), (Some(uuid), Some(uuid), Some(here())));
        assert!(part.identity().unwrap().is_same_card(&whole.identity().unwrap()));
        let again = CudaMonitor::with_uuid(&library, uuid).unwrap();
        assert_eq!((again.instance_uuid(), again.pci(), gib(&again)), (Some(uuid), Some(here()), gib(part)));
    }
    check(&(Arc::new(parts[1].clone()) as Arc<dyn MemoryMonitor>));
}

#[test]
fn a_card_that_is_not_in_mig_mode_has_no_instances() {
    let library = library(&Script::new([undivided()]));
    assert!(CudaMonitor::with_uuid(&library, UNDIVIDED).unwrap().instances().is_empty());
}

#[test]
fn an_instance_that_goes_while_they_are_listed_is_an_error_in_its_place() {
    let library = library(&Script::new([divided().lost_after(9)]));
    let parts = CudaMonitor::at(&library, here()).unwrap().instances();
    assert!(parts[0].is_ok());
    assert_eq!(parts[1].as_ref().unwrap_err().kind(), TelemetryErrorKind::Lost);
}

#[test]
fn an_instance_that_is_gone_is_lost_although_its_handle_means_another_now() {
    let (whole, parts) = instances(card().instance(part(FIRST, 1).gone_after(60)).instance(part(SECOND, 2)));
    let error = loop {
        match parts[0].sample() {
            Ok(seen) => assert_eq!(seen.total().unwrap().get(), GIB, "of the other instance"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), TelemetryErrorKind::Lost, "{error}");
    assert_eq!(gib(&parts[1]), 2, "the other is watched on");
    let left: Vec<_> =
        whole.instances().into_iter().map(|part| part.unwrap().uuid().unwrap().to_owned()).collect();
    assert_eq!(left, [SECOND]);
}

#[test]
fn an_instance_that_goes_within_a_sample_is_lost_and_no_number_of_another() {
    let mut kinds = Vec::new();
    for calls in 12..42 {
        let (_, parts) =
            instances(card().instance(part(FIRST, 1).gone_after(calls)).instance(part(SECOND, 2)));
        match parts[0].sample() {
            Ok(seen) => assert_eq!(seen.total().unwrap().get(), GIB, "gone after {calls} calls"),
            Err(error) => kinds.push(error.kind()),
        }
    }
    assert!(!kinds.is_empty() && kinds.len() < 30, "before and after: {kinds:?}");
    assert!(kinds.iter().all(|kind| *kind == TelemetryErrorKind::Lost), "{kinds:?}");
}

#[test]
fn equal_instances_and_their_card_differ_in_every_export() {
    let equal = card().instance(part(FIRST, 1)).instance(part(SECOND, 1));
    let (whole, mut watched) = instances(equal);
    watched.push(whole);
    let names = ["Slow 100 MIG 1g.5gb MIG-dddd5555", "Slow 100 MIG 1g.5gb MIG-eeee6666", "Slow 100"];
    let readings: Vec<DeviceReading> = watched.iter().map(DeviceReading::take).collect();
    let text = prometheus(&readings[..2]);
    for (reading, name) in readings.iter().zip(names) {
        assert_eq!(reading.device, name);
        let line = json_line(reading, SystemTime::UNIX_EPOCH);
        assert!(line.contains(&format!("\"device\":\"{name}\"")), "{line}");
    }
    for name in &names[..2] {
        assert!(text.contains(&format!("device=\"{name}\"")), "{text}");
    }
}

#[test]
fn what_cuda_shows_of_a_card_in_mig_mode_is_watched_however_the_environment_names_it() {
    let older = "MIG-GPU-cccc4444-0000-4000-8000-000000000041/1/0";
    for (list, expected) in [
        (None, &[(UNDIVIDED, 8), (FIRST, 1)][..]),
        (Some("1"), &[(FIRST, 1)]),
        (Some("0,1"), &[(UNDIVIDED, 8), (FIRST, 1)]),
        (Some("GPU-cccc"), &[(FIRST, 1)]),
        (Some(FIRST), &[(FIRST, 1)]),
        (Some(SECOND), &[(SECOND, 2)]),
        (Some(older), &[(SECOND, 2)]),
    ] {
        let script = Script::new([undivided(), divided()]);
        let script = script.variable("CUDA_VISIBLE_DEVICES", list).variable("CUDA_DEVICE_ORDER", None);
        let stand = Stand::new(&script);
        let library = NvmlLibrary::load_from(stand.library()).unwrap();
        let shown = VisibleCards::told_by_cuda(stand.library()).unwrap();
        let watch = |card: &VisibleCard| CudaMonitor::visible(&library, card).unwrap();
        let watched: Vec<CudaMonitor> = shown.cards().unwrap().iter().map(watch).collect();
        let seen: Vec<_> = watched.iter().map(|monitor| (monitor.uuid().unwrap(), gib(monitor))).collect();
        assert_eq!(seen, expected, "{list:?}");
    }
}

#[test]
fn without_cuda_a_card_in_mig_mode_is_its_only_instance_or_refused_and_never_all_of_it() {
    let watch = |card: Card, list| {
        let library = library(&Script::new([card]));
        let listed = VisibleCards::listed(list, CardOrder::Bus, &library).unwrap();
        CudaMonitor::visible(&library, &listed.cards().unwrap()[0])
    };
    for list in ["0", "GPU-cccc", FIRST] {
        let only = card().instance(part(FIRST, 1));
        assert_eq!(watch(only, list).unwrap().uuid(), Some(FIRST), "{list}");
    }
    for list in ["0", "GPU-cccc"] {
        let error = watch(divided(), list).unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Driver, "{list}");
        assert!(error.to_string().contains("CUDA_VISIBLE_DEVICES"), "the remedy: {error}");
        let gone = card().instance(part(FIRST, 1).gone_after(0));
        let error = watch(gone, list).unwrap_err();
        assert!(error.to_string().contains("nvidia-smi mig"), "the remedy: {error}");
    }
    assert_eq!(watch(divided(), SECOND).unwrap().uuid(), Some(SECOND));
}

#[test]
fn an_instance_that_cuda_showed_and_that_is_gone_is_not_replaced_by_another() {
    let stand = Stand::new(&Script::new([divided()]).variable("CUDA_VISIBLE_DEVICES", "0"));
    let shown = VisibleCards::told_by_cuda(stand.library()).unwrap();
    let divided_anew = library(&Script::new([card().instance(part(SECOND, 2))]));
    let error = CudaMonitor::visible(&divided_anew, &shown.cards().unwrap()[0]).unwrap_err();
    assert!(error.kind() == TelemetryErrorKind::Absent && error.to_string().contains(FIRST), "{error}");
}

#[test]
fn each_instance_has_the_limit_of_the_multi_process_service_that_is_its_own() {
    let stand = Stand::new(&Script::new([divided()]));
    let library = stand.library();
    let library = library.to_str().unwrap();
    let seen = of_process(&[
        ("CUDA_VISIBLE_DEVICES", &format!("{SECOND},{FIRST}")),
        ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=512M,1=256M"),
        (FILES[0], library),
        (FILES[1], library),
    ]);
    assert_eq!(seen, format!("seen: Some([\"{HERE}{SECOND} 512.00 MiB\", \"{HERE}{FIRST} 256.00 MiB\"])"));
}
