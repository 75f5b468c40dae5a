//! Every card of a machine, once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use gpu_telemetry::{CardKind, Discovery, TelemetryErrorKind};
use tempfile::TempDir;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A machine with a console, a card of AMD and one of NVIDIA.
fn machine() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "proc/meminfo", "MemTotal: 819200 kB\nMemAvailable: 512000 kB\n");
    let device = |at: &str, vendor: &str, driver: &str| {
        let folder = format!("sys/bus/pci/devices/{at}");
        for (name, text) in [("class", "0x030000"), ("vendor", vendor), ("device", "0x1234")] {
            put(root.path(), &format!("{folder}/{name}"), text);
        }
        symlink(format!("../../drivers/{driver}"), root.path().join(&folder).join("driver")).unwrap();
    };
    device("0000:05:00.0", "0x1a03", "ast");
    device("0000:03:00.0", "0x1002", "amdgpu");
    device("0000:41:00.0", "0x10de", "nvidia");
    for (name, mib) in [("vram_total", 8000_u64), ("vram_used", 100), ("gtt_total", 400), ("gtt_used", 0)] {
        put(
            root.path(),
            &format!("sys/bus/pci/devices/0000:03:00.0/mem_info_{name}"),
            &format!("{}", mib << 20),
        );
    }
    root
}

/// Without graphics APIs: their instances are made and dropped by other tests, which take turns.
fn discovery(root: impl AsRef<Path>) -> Discovery {
    let discovery = Discovery::with_root(root.as_ref());
    #[cfg(feature = "wgpu")]
    let discovery = discovery.adapters([]);
    discovery
}

#[cfg(feature = "nvml")]
fn shown(discovery: Discovery) -> Vec<(String, CardKind, bool)> {
    let cards = discovery.cards().unwrap();
    cards.iter().map(|card| (card.to_string(), card.kind(), card.sample().is_ok())).collect()
}

#[test]
fn this_machine_has_its_host_first_and_each_card_once() {
    let cards = discovery("/").cards().unwrap();
    assert_eq!(cards[0].kind(), CardKind::Host);
    assert!(cards[0].sample().unwrap().total().is_some());
    for (at, card) in cards.iter().enumerate().filter(|(_, card)| card.kind() == CardKind::Card) {
        let same = |other: &gpu_telemetry::Card| {
            card.identity().zip(other.identity()).is_some_and(|(one, other)| one.is_same_card(&other))
        };
        assert!(!cards[..at].iter().any(same), "{card} is there twice");
    }
}

#[cfg(feature = "nvml")]
mod nvidia {
    use gpu_telemetry::DriverFiles;
    use nvml_standin::{Card, Failure, Memory, Script, Stand};

    use super::*;

    const UUID: &str = "GPU-5f1d7c1c-9d2e-4a3e-8a11-0000000000a1";

    fn with(root: &TempDir, script: &Script) -> Vec<(String, CardKind, bool)> {
        let stand = Stand::new(script);
        shown(discovery(root).files(DriverFiles::default().nvml(stand.library()).cuda(stand.library())))
    }

    fn usual() -> Card {
        Card::new("00000000:41:00.0", UUID, "Quick 9000").memory(Memory::of(1 << 30, 0))
    }

    const HOST: (&str, CardKind, bool) = ("host", CardKind::Host, true);
    const AMD: (&str, CardKind, bool) = ("AMD 1234 at 0000:03:00.0", CardKind::Card, true);

    fn are(found: &[(String, CardKind, bool)], expected: &[(&str, CardKind, bool)]) {
        let found: Vec<_> = found.iter().map(|(name, kind, answers)| (&**name, *kind, *answers)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_card_that_two_libraries_know_is_there_once_and_a_console_is_not() {
        let root = machine();
        let quick = ("Quick 9000 at 0000:41:00.0", CardKind::Card, true);
        are(&with(&root, &Script::new([usual()])), &[HOST, quick, AMD]);
        let silent = Script::new([]).init_fails(Failure::DRIVER_NOT_LOADED);
        are(&with(&root, &silent), &[HOST, AMD]);
    }

    #[test]
    fn a_library_that_fails_and_a_card_that_does_not_answer_are_told() {
        let root = machine();
        let broken = Script::new([]).init_fails(Failure::VERSION_MISMATCH);
        are(&with(&root, &broken), &[HOST, ("cards of NVIDIA", CardKind::Card, false), AMD]);
        let lost = Script::new([usual().lost_after(0)]);
        are(&with(&root, &lost), &[HOST, ("a card of NVIDIA", CardKind::Card, false), AMD]);
        let files = DriverFiles::default().nvml("/nowhere/libnvidia-ml.so");
        let cards = discovery(&root).files(files).cards().unwrap();
        assert_eq!(cards[1].sample().unwrap_err().kind(), TelemetryErrorKind::Io);
    }

    #[test]
    fn the_parts_of_a_card_stand_for_it() {
        let part = |n: u32| {
            Card::part(&format!("MIG-0000000{n}-0000-0000-0000-000000000000"), "Quick 1g")
                .memory(Memory::of(1 << 28, 0))
        };
        let divided = usual().instance(part(1)).instance(part(2));
        let of = |name| (name, CardKind::Part, true);
        let parts =
            [of("Quick 1g MIG-00000001 at 0000:41:00.0"), of("Quick 1g MIG-00000002 at 0000:41:00.0")];
        are(&with(&machine(), &Script::new([divided])), &[HOST, parts[0], parts[1], AMD]);
    }

    #[test]
    fn a_card_of_a_system_on_a_chip_is_there_with_the_hosts_memory() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "proc/meminfo", "MemTotal: 819200 kB\nMemAvailable: 512000 kB\n");
        put(root.path(), "proc/device-tree/compatible", "nvidia,tegra234\0");
        let orin = Script::new([Card::built_in("Orin (nvgpu)").memory(Failure::NOT_SUPPORTED)]);
        are(&with(&root, &orin), &[HOST, ("Orin (nvgpu)", CardKind::Card, true)]);
    }
}

#[test]
fn a_system_that_tells_nothing_has_nothing() {
    let root = tempfile::tempdir().unwrap();
    let nothing = discovery(&root);
    #[cfg(feature = "nvml")]
    let nothing = nothing.files(gpu_telemetry::DriverFiles::default().nvml("/dev/null"));
    let cards = nothing.cards().unwrap();
    assert!(cards.iter().all(|card| card.sample().is_err()), "{cards:?}");
    let broken = machine();
    put(broken.path(), "proc/meminfo", "MemTotal: lots\n");
    let cards = discovery(&broken).cards().unwrap();
    assert_eq!(
        cards[0].sample().unwrap_err().kind(),
        TelemetryErrorKind::Malformed,
        "a host that fails is told"
    );
}
