//! Which cards there are, and those that tell nothing.

use gpu_telemetry::{CardVendor, MemoryMonitor, TelemetryErrorKind, drm_cards};

use super::System;

#[test]
fn cards_are_listed_by_address_and_other_devices_are_not() {
    let system = System::new();
    system.device("0000:00:1f.3", "0x040300", ("0x8086", "0x51c8"), Some("snd_hda_intel"));
    system.device("0000:c1:00.0", "0x120000", ("0x1002", "0x74a1"), Some("amdgpu"));
    system.card("0000:c1:00.0", "product_name", "AMD Instinct MI300X\n");
    system.device("0000:00:02.0", "0x030000", ("0x8086", "0x46a6"), Some("i915"));
    system.device("0000:41:00.0", "0x030200", ("0x10de", "0x2330"), Some("nvidia"));
    system.device("0000:05:00.0", "0x030000", ("0x1a03", "0x2000"), None);
    system.put("sys/bus/pci/devices/0000:06:00.0/vendor", "0x1002\n");
    let cards = drm_cards(system.path()).unwrap();
    let seen: Vec<_> = cards
        .iter()
        .map(|card| (card.pci.to_string(), card.vendor, card.driver.as_deref(), card.describe()))
        .collect();
    let expected = [
        ("0000:00:02.0", CardVendor::Intel, Some("i915"), "Intel 46a6 at 0000:00:02.0"),
        ("0000:05:00.0", CardVendor::Other(0x1a03), None, "vendor 1a03 2000 at 0000:05:00.0"),
        ("0000:41:00.0", CardVendor::Nvidia, Some("nvidia"), "NVIDIA 2330 at 0000:41:00.0"),
        ("0000:c1:00.0", CardVendor::Amd, Some("amdgpu"), "AMD Instinct MI300X"),
    ]
    .map(|(at, vendor, driver, name)| (at.to_owned(), vendor, driver, name.to_owned()));
    assert_eq!(seen, expected);
    assert!(cards[0].identity.is_same_card(&cards[0].identity));
}

#[test]
fn a_system_without_a_bus_has_no_cards() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(drm_cards(empty.path()).unwrap(), []);
}

#[test]
fn a_card_whose_driver_tells_nothing_is_absent_with_a_remedy() {
    let system = System::new();
    system.device("0000:41:00.0", "0x030200", ("0x10de", "0x2330"), Some("nvidia"));
    system.device("0000:42:00.0", "0x030000", ("0x10de", "0x1b80"), Some("nouveau"));
    system.device("0000:43:00.0", "0x030000", ("0x1002", "0x73bf"), None);
    system.device("0000:44:00.0", "0x030000", ("0x1002", "0x73bf"), Some("amdgpu"));
    for (at, remedy) in [
        ("0000:41:00.0", "NVML"),
        ("0000:42:00.0", "Vulkan"),
        ("0000:43:00.0", "bind"),
        ("0000:44:00.0", "Vulkan"),
        ("0000:45:00.0", "ls /sys/bus/pci/devices"),
    ] {
        let error = system.monitor(at).unwrap_err();
        assert_eq!(error.kind(), TelemetryErrorKind::Absent, "{at}");
        assert!(error.to_string().contains(remedy) && error.to_string().contains(at), "{error}");
    }
}

#[test]
fn a_monitor_is_known_by_its_cards_address_and_name() {
    let system = System::new();
    system.device("0000:c1:00.0", "0x120000", ("0x1002", "0x74a1"), Some("amdgpu"));
    system.card("0000:c1:00.0", "product_name", "AMD Instinct MI300X\n");
    for (name, text) in
        [("vram_total", "206141652992"), ("vram_used", "0"), ("gtt_total", "1"), ("gtt_used", "0")]
    {
        system.card("0000:c1:00.0", &format!("mem_info_{name}"), text);
    }
    let monitor = system.monitor("0000:c1:00.0").unwrap();
    assert_eq!(monitor.name(), "AMD Instinct MI300X");
    let card = &drm_cards(system.path()).unwrap()[0];
    assert!(monitor.identity().unwrap().is_same_card(&card.identity));
}
