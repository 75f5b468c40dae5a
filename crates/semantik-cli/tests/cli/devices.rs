//! What `devices` and `watch` say of the cards that are there and of those that are not.

use nvml_standin::{Card, Failure, Memory, Process, Script, Stand};
use serde_json::Value;

use crate::place::{Place, Ran, model, ran};

const GIB: u64 = 1 << 30;

/// Runs with a stand-in for NVIDIA's libraries, whose cards this machine need not have.
fn with_cards(stand: &Stand, visible: Option<&str>, args: &[&str]) -> Ran {
    let place = Place::new();
    let mut command = place.command(args);
    command.env("SEMANTIK_NVML", stand.library()).env("SEMANTIK_LIBCUDA", stand.library());
    command.env_remove("CUDA_VISIBLE_DEVICES").env_remove("CUDA_DEVICE_ORDER");
    if let Some(visible) = visible {
        command.env("CUDA_VISIBLE_DEVICES", visible);
    }
    ran(command.output().unwrap())
}

fn two_cards() -> Stand {
    let card = |bus: u32, used: u64| {
        Card::new(
            &format!("00000000:{bus:02X}:00.0"),
            &format!("GPU-00000000-0000-0000-0000-0000000000{bus:02x}"),
            "Stand-in 80",
        )
        .memory(Memory::of(80 * GIB, used))
    };
    Stand::new(&Script::new([card(0x41, 30 * GIB), card(0xc1, GIB)]))
}

#[test]
fn a_card_that_no_backend_reaches_is_told_of_with_its_memory() {
    let ran = with_cards(&two_cards(), None, &["devices"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let cards: Vec<&str> = ran.out.lines().filter(|line| line.contains("Stand-in 80")).collect();
    assert_eq!(cards.len(), 2, "{}", ran.out);
    assert!(cards[0].contains("50") && cards[1].contains("79"), "{}", ran.out);
    assert!(cards.iter().all(|line| line.contains("no backend")), "{}", ran.out);
}

#[test]
fn watch_has_a_line_for_each_card_and_says_where_its_numbers_come_from() {
    let ran = with_cards(&two_cards(), None, &["watch", "--once", "--format", "jsonl"]);
    let lines = ran.records();
    let cards: Vec<&Value> = lines.iter().filter(|line| line["source"] == "nvml").collect();
    assert_eq!(cards.len(), 2, "{}", ran.out);
    assert!(ran.out.contains("0000:c1:00.0"), "{}", ran.out);
}

#[test]
fn cards_that_the_variable_hides_are_watched_all_the_same() {
    let ran = with_cards(&two_cards(), Some(""), &["watch", "--once", "--format", "jsonl"]);
    assert_eq!(ran.records().iter().filter(|line| line["source"] == "nvml").count(), 2, "{}", ran.out);
}

#[test]
fn one_of_two_equal_cards_is_chosen_by_its_place_and_by_the_name_that_is_shown() {
    let watch = |device: &str| {
        let stand = two_cards();
        let ran = with_cards(&stand, None, &["watch", "--once", "--format", "jsonl", "--device", device]);
        let told = ran.records();
        assert_eq!(told.len(), 1, "{device}: {}", ran.out);
        told.into_iter().next().unwrap()
    };
    for place in ["0000:41:00.0", "c1:00.0"] {
        let card = watch(place);
        assert!(card["pci"].as_str().unwrap().ends_with(place), "{card}");
        // Its name is the same whatever else is watched, and means it alone.
        assert_eq!(watch(card["device"].as_str().unwrap())["pci"], card["pci"]);
    }
}

#[test]
fn a_cards_name_cannot_write_to_the_terminal() {
    let card = Card::new(
        "00000000:41:00.0",
        "GPU-00000000-0000-0000-0000-000000000041",
        "Stand\u{1b}[2J-in\u{2028}\u{202e}",
    );
    let stand = Stand::new(&Script::new([card.memory(Memory::of(GIB, 0))]));
    let ran = with_cards(&stand, None, &["devices"]);
    // U+2028 is a blank between words, and this one ends there.
    assert!(ran.out.contains("Stand\\x1b[2J-in \\u{202e}"), "{:?}", ran.out);
    let obeyed = ['\u{1b}', '\u{2028}', '\u{202e}'];
    assert!(!ran.out.contains(obeyed), "{:?}", ran.out);
    for args in [
        &["devices", "--format", "json"][..],
        &["watch", "--once", "--format", "jsonl"],
        &["watch", "--once", "--format", "text"],
    ] {
        let ran = with_cards(&stand, None, args);
        assert!(!ran.out.contains(['\u{1b}', '\u{2028}']), "{args:?}: {:?}", ran.out);
    }
}

/// A list that nobody understands: CUDA's driver is not there, and an index among cards that differ means nothing without
/// it.
fn with_hidden_cards(place: &Place, args: &[&str]) -> Ran {
    let cards = [
        Card::new("00000000:41:00.0", "GPU-00000000-0000-0000-0000-000000000041", "Small"),
        Card::new("00000000:C1:00.0", "GPU-00000000-0000-0000-0000-0000000000c1", "Large"),
    ];
    let stand = Stand::new(&Script::new(cards.map(|card| card.memory(Memory::of(GIB, 0)))));
    let mut command = place.command(args);
    command.env("SEMANTIK_NVML", stand.library()).env("SEMANTIK_LIBCUDA", "/nowhere/libcuda.so");
    let ran = ran(command.env("CUDA_VISIBLE_DEVICES", "1").env_remove("CUDA_DEVICE_ORDER").output().unwrap());
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
    ran
}

fn tells_of_hidden_cards(ran: &Ran) -> bool {
    let told = ran.err.lines().filter(|line| line.contains("cards of NVIDIA are hidden"));
    let told: Vec<&str> = told.collect();
    assert!(
        told.len() <= 1 && told.iter().all(|line| line.contains("CUDA_VISIBLE_DEVICES=1")),
        "{}",
        ran.err
    );
    !told.is_empty()
}

#[test]
fn a_list_that_nobody_understands_is_told() {
    for args in [&["devices"][..], &["watch", "--once", "--device", "cpu"]] {
        let ran = with_hidden_cards(&Place::new(), args);
        assert!(tells_of_hidden_cards(&ran), "{args:?}: {}", ran.err);
    }
}

#[test]
fn work_that_could_use_hidden_cards_says_so() {
    let place = Place::new();
    place.put("a.md", "A graphics card has memory.\n");
    let model = model();
    let embed = ["embed", "a.md", "--model", &model, "-o", "out.jsonl"];
    let search = ["search", "out.jsonl", "memory"];
    for args in [&embed[..], &search] {
        let ran = with_hidden_cards(&place, args);
        assert!(tells_of_hidden_cards(&ran), "{args:?}: {}", ran.err);
        let ran = with_hidden_cards(&place, &[args, &["--backend", "cpu"]].concat());
        assert!(!tells_of_hidden_cards(&ran), "{args:?} on the processor: {}", ran.err);
    }
}

#[test]
fn a_driver_that_does_not_start_hides_nothing_else() {
    let stand = Stand::new(&Script::new([]).init_fails(Failure::UNKNOWN));
    let ran = with_cards(&stand, None, &["devices", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let devices: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let cpu = devices.iter().find(|device| device["backend"] == "cpu").unwrap();
    assert_eq!((&cpu["present"], &cpu["memory"]["source"]), (&Value::Bool(true), &Value::from("host")));
    // And it is told: a card that is looked for and not there is a question.
    let told = with_cards(&stand, None, &["devices"]);
    assert!(told.out.contains("cards of NVIDIA"), "{}", told.out);
}

#[test]
fn the_instances_of_a_card_stand_for_it() {
    let part = |n: u32| {
        Card::part(&format!("MIG-0000000{n}-0000-0000-0000-000000000000"), "Stand-in 80 1g.10gb")
            .memory(Memory::of(10 * GIB, GIB))
    };
    let card = Card::new("00000000:41:00.0", "GPU-00000000-0000-0000-0000-000000000041", "Stand-in 80")
        .memory(Failure::NO_PERMISSION)
        .instance(part(1))
        .instance(part(2));
    let ran = with_cards(&Stand::new(&Script::new([card])), None, &["watch", "--once", "--format", "jsonl"]);
    // The whole is denied, as in a container, and would make every run fail.
    let lines = ran.records();
    assert_eq!(lines.iter().filter(|line| line["total_bytes"] == 10 * GIB).count(), 2, "{}", ran.out);
    assert!(lines.iter().all(|line| line["error"].is_null()), "{}", ran.out);
}

#[test]
fn the_limit_of_the_multi_process_service_is_a_cards_budget() {
    let stand = two_cards();
    let place = Place::new();
    let mut command = place.command(&["watch", "--once", "--format", "jsonl"]);
    command.env("SEMANTIK_NVML", stand.library()).env("SEMANTIK_LIBCUDA", stand.library());
    command.env("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "0=10G").env_remove("CUDA_VISIBLE_DEVICES");
    let ran = ran(command.output().unwrap());
    let budgets: Vec<Value> = ran.records().into_iter().map(|line| line["budget_bytes"].clone()).collect();
    assert!(budgets.contains(&Value::from(10 * GIB)), "{}", ran.out);
}

#[test]
fn without_a_vulkan_driver_wgpu_is_absent_with_the_reason() {
    let place = Place::new();
    let mut command = place.command(&["devices", "--format", "json"]);
    // The loader then knows of no driver.
    command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json");
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let devices: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let wgpu: Vec<&Value> = devices.iter().filter(|device| device["backend"] == "wgpu").collect();
    assert_eq!(wgpu.len(), 1, "{}", ran.out);
    assert_eq!(wgpu[0]["present"], false);
    let reason = wgpu[0]["reason"].as_str().unwrap();
    assert!(reason.contains("driver") || reason.contains("--features wgpu"), "{reason}");
    assert!(devices.iter().any(|device| device["auto"] == true && device["backend"] == "cpu"), "{}", ran.out);
}

/// What is done with the stand-in for NVIDIA's libraries while a command runs.
fn uses(args: &[&str], prepare: impl FnOnce(&Place)) -> (Ran, Vec<String>) {
    let place = Place::new();
    prepare(&place);
    let stand = two_cards();
    let mut command = place.command(args);
    command.env("SEMANTIK_NVML", stand.library()).env("SEMANTIK_LIBCUDA", stand.library());
    command.env_remove("CUDA_VISIBLE_DEVICES").env_remove("CUDA_DEVICE_ORDER");
    (ran(command.output().unwrap()), stand.uses())
}

#[cfg(target_os = "linux")]
#[test]
fn work_on_the_processor_loads_no_driver_of_a_card() {
    let (ran, loaded) = uses(&["devices"], |_| {});
    assert!(
        loaded.contains(&"load".to_owned()) && loaded.contains(&"nvml".to_owned()),
        "{loaded:?} {}",
        ran.err
    );

    let model = model();
    let embed = ["embed", "a.md", "--model", &model, "--backend", "cpu", "-o", "out.jsonl"];
    let (ran, loaded) = uses(&embed, |place| drop(place.put("a.md", "A card has memory.\n")));
    assert_eq!((ran.code, loaded), (Some(0), vec![]), "{}", ran.err);
    for device in ["host", "cpu", "cpu:0"] {
        let (ran, loaded) = uses(&["watch", "--once", "--device", device], |_| {});
        assert_eq!((ran.code, loaded), (Some(0), vec![]), "{device}: {}", ran.err);
        assert_eq!(ran.records()[0]["device"], "host", "{device}");
    }
}

#[test]
fn json_tells_what_text_tells() {
    let listed = |stand: &Stand| -> Vec<Value> {
        let ran = with_cards(stand, None, &["devices", "--format", "json"]);
        serde_json::from_str(&ran.out).unwrap()
    };
    let devices = listed(&two_cards());
    let cards: Vec<&Value> = devices.iter().filter(|device| device["name"] == "Stand-in 80").collect();
    assert_eq!(cards.len(), 2, "{devices:?}");
    for (card, (pci, free)) in cards.iter().zip([("0000:41:00.0", 50), ("0000:c1:00.0", 79)]) {
        assert_eq!(
            (&card["backend"], &card["present"], &card["auto"]),
            (&Value::Null, &false.into(), &false.into())
        );
        assert_eq!((&card["pci"], &card["memory"]["free"]), (&Value::from(pci), &Value::from(free * GIB)));
        assert!(card["reason"].as_str().unwrap().contains("no backend"), "{card}");
    }
    let failing = listed(&Stand::new(&Script::new([]).init_fails(Failure::VERSION_MISMATCH)));
    let library = failing.iter().find(|device| device["name"] == "cards of NVIDIA").unwrap();
    assert!(library["memory_error"].as_str().unwrap().contains("restart"), "{library}");
}

#[test]
fn who_uses_a_card_is_told_where_that_is_asked_for() {
    let card = Card::new("00000000:41:00.0", "GPU-00000000-0000-0000-0000-000000000041", "Stand-in 80");
    let card = card.memory(Memory::of(80 * GIB, 30 * GIB)).compute(vec![Process::other(1, 20 * GIB)]);
    let stand = Stand::new(&Script::new([card]));
    let told = with_cards(&stand, None, &["devices", "-v"]);
    let user =
        told.out.lines().find(|line| line.contains("20.00 GiB")).unwrap_or_else(|| panic!("{}", told.out));
    assert!(user.contains(" 1 ") && user.contains("compute"), "{user}");
    let json = with_cards(&stand, None, &["devices", "-v", "--format", "json"]);
    let devices: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    let card = devices.iter().find(|device| device["name"] == "Stand-in 80").unwrap();
    let user = &card["processes"][0];
    assert_eq!(
        (&user["pid"], &user["used"], &user["kind"]),
        (&1.into(), &(20 * GIB).into(), &"compute".into())
    );
    let plain = with_cards(&stand, None, &["devices"]);
    assert!(!plain.out.contains("20.00 GiB"), "{}", plain.out);
}

#[test]
fn the_host_is_no_card_in_what_is_exported() {
    let ran = with_cards(&two_cards(), None, &["watch", "--once", "--format", "prometheus"]);
    let of = |name: &str| ran.out.lines().filter(|line| line.starts_with(&format!("{name}{{"))).count();
    assert_eq!((of("gpu_memory_total_bytes"), of("host_memory_total_bytes")), (2, 1), "{}", ran.out);
    assert_eq!(of("host_memory_up"), 1, "{}", ran.out);
}
