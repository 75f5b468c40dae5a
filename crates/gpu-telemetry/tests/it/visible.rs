//! `CUDA_VISIBLE_DEVICES`: what CUDA's driver shows, and what is read without it.

use std::process::Command;

use gpu_telemetry::{
    CardIdentity, CardOrder, CudaMonitor, DriverFiles, MemoryMonitor, NvmlLibrary, TelemetryError,
    TelemetryErrorKind, VisibleCard, VisibleCards,
};
use nvml_standin::{Card, Failure, Memory, Script, Stand};

/// Four cards, one at each bus, in the order of NVML, which is not that of the bus.
const CARDS: [(u8, &str); 4] = [
    (0x81, "GPU-aaaa1111-0000-4000-8000-000000000081"),
    (0x01, "GPU-aaaa2222-0000-4000-8000-000000000001"),
    (0xc1, "GPU-bbbb3333-0000-4000-8000-0000000000c1"),
    (0x41, "GPU-cccc4444-0000-4000-8000-000000000041"),
];
const PART: &str = "MIG-dddd5555-0000-4000-8000-000000000099";

/// Alike but for the third, which is the fastest where it is of another model; the last is in MIG mode.
fn four(other_model: bool) -> Script {
    let cards = CARDS.iter().enumerate().map(|(at, (bus, uuid))| {
        let name = if at == 2 && other_model { "Quick 9000" } else { "Slow 100" };
        let card =
            Card::new(&format!("0000:{bus:02x}:00.0"), uuid, name).memory(Memory::of(8 << 30, 1 << 30));
        if at == 3 {
            card.instance(Card::part(PART, "Slow 100 MIG 1g.5gb").memory(Memory::of(1 << 30, 0)))
        } else {
            card
        }
    });
    // The faster card first, the rest by bus; alike, all by bus.
    let script = Script::new(cards);
    if other_model { script.fastest_first([2, 1, 3, 0]) } else { script.fastest_first([1, 3, 0, 2]) }
}

/// The list's buses by CUDA's driver and without it, for the same environment.
fn both(
    list: &str,
    order: CardOrder,
    script: Script,
) -> (Result<Vec<u8>, TelemetryError>, Result<Vec<u8>, TelemetryError>) {
    let bus_order = if order == CardOrder::Bus { Some("PCI_BUS_ID") } else { None };
    let script = script.variable("CUDA_VISIBLE_DEVICES", list).variable("CUDA_DEVICE_ORDER", bus_order);
    let stand = Stand::new(&script);
    let library = NvmlLibrary::load_from(stand.library()).unwrap();
    let told = VisibleCards::told_by_cuda(stand.library()).map(|cards| buses(&cards));
    (told, VisibleCards::listed(list, order, &library).map(|cards| buses(&cards)))
}

fn buses(cards: &VisibleCards) -> Vec<u8> {
    cards.cards().unwrap().iter().map(|card| card.identity().pci.unwrap().bus).collect()
}

#[test]
fn reading_the_list_gives_what_cuda_shows() {
    for (list, expected) in [
        ("0", vec![0x01]),
        ("2,0", vec![0x81, 0x01]),
        ("3, 2 ,1,0", vec![0xc1, 0x81, 0x41, 0x01]),
        ("GPU-bbbb3333-0000-4000-8000-0000000000c1", vec![0xc1]),
        ("GPU-cccc,GPU-bb", vec![0x41, 0xc1]),
        ("1,GPU-aaaa1", vec![0x41, 0x81]),
        (PART, vec![0x41]),
        ("MIG-GPU-cccc4444-0000-4000-8000-000000000041/0/0", vec![0x41]),
        ("0,-1,1", vec![0x01]),
        ("0,9,1", vec![0x01]),
        ("-1", vec![]),
        ("GPU-aaaa,1", vec![]),
        ("GPU-eeee", vec![]),
        ("GPU-,0", vec![]),
        ("MIG-nothing,0", vec![]),
        ("none", vec![]),
        ("", vec![]),
    ] {
        for order in [CardOrder::Bus, CardOrder::FastestFirst] {
            let (told, read) = both(list, order, four(false));
            assert_eq!(told.unwrap(), expected, "CUDA: {list:?}");
            assert_eq!(read.unwrap(), expected, "without CUDA: {list:?}");
        }
    }
}

#[test]
fn an_index_among_several_models_is_known_to_cuda_alone() {
    let (told, read) = both("0,1", CardOrder::FastestFirst, four(true));
    assert_eq!(told.unwrap(), [0xc1, 0x01], "the fastest first");
    let error = read.unwrap_err();
    assert_eq!(error.kind(), TelemetryErrorKind::Driver);
    assert!(error.to_string().contains("CUDA_DEVICE_ORDER=PCI_BUS_ID"), "{error}");

    let (told, read) = both("0,1", CardOrder::Bus, four(true));
    assert_eq!((told.unwrap(), read.unwrap()), (vec![0x01, 0x41], vec![0x01, 0x41]));
    let (told, read) = both("GPU-cccc", CardOrder::FastestFirst, four(true));
    assert_eq!((told.unwrap(), read.unwrap()), (vec![0x41], vec![0x41]), "a name needs no order");
}

#[test]
fn a_card_named_twice_is_told() {
    let (told, read) = both("0,0", CardOrder::Bus, four(false));
    assert_eq!(told.unwrap(), Vec::<u8>::new());
    assert!(read.unwrap_err().to_string().contains("twice"));
}

#[test]
fn a_card_that_does_not_answer_makes_an_index_meaningless() {
    let mut cards: Vec<Card> = CARDS[..3]
        .iter()
        .map(|(bus, uuid)| Card::new(&format!("0000:{bus:02x}:00.0"), uuid, "Slow 100"))
        .collect();
    cards[0] = cards[0].clone().lost_after(0);
    let stand = Stand::new(&Script::new(cards));
    let library = NvmlLibrary::load_from(stand.library()).unwrap();
    let listed = |list| VisibleCards::listed(list, CardOrder::Bus, &library);
    for list in ["0", "GPU-aaaa1"] {
        assert!(listed(list).unwrap_err().to_string().contains("is gone"), "{list}");
    }
    assert_eq!(buses(&listed("GPU-aaaa2").unwrap()), [0x01]);
}

#[test]
fn what_is_not_listed_is_not_for_this_process() {
    let stand = Stand::new(&four(false).variable("CUDA_VISIBLE_DEVICES", "GPU-bb"));
    let seen = VisibleCards::told_by_cuda(stand.library()).unwrap();
    let at = |bus: u8| CardIdentity::at(format!("0000:{bus:02x}:00.0").parse().unwrap());
    assert!(seen.contains(&at(0xc1)) && !seen.contains(&at(0x01)));
    assert!(!seen.contains(&CardIdentity::default()), "what is not known is not listed");
    assert!(VisibleCards::every().contains(&at(0x01)) && VisibleCards::every().cards().is_none());
}

#[test]
fn on_windows_a_card_is_known_by_its_luid_too() {
    let (bus, uuid) = CARDS[0];
    let card = Card::new(&format!("0000:{bus:02x}:00.0"), uuid, "Quick 9000").luid(0x0102);
    let stand = Stand::new(&Script::new([card]).variable("CUDA_VISIBLE_DEVICES", None));
    let seen = VisibleCards::told_by_cuda(stand.library()).unwrap();
    let by_luid = |low| CardIdentity { luid: Some([low, 1, 0, 0, 0, 0, 0, 0]), ..CardIdentity::default() };
    assert!(seen.contains(&by_luid(2)) && !seen.contains(&by_luid(3)));
    let library = NvmlLibrary::load_from(stand.library()).unwrap();
    let monitor = CudaMonitor::visible(&library, &seen.cards().unwrap()[0]).unwrap();
    assert!(monitor.identity().unwrap().is_same_card(&by_luid(2)));
}

#[test]
fn a_driver_that_fails_or_is_not_there_is_told() {
    let stand = Stand::new(&four(false).cuda_init_fails(803));
    let error = VisibleCards::told_by_cuda(stand.library()).unwrap_err();
    assert!(error.kind() == TelemetryErrorKind::Driver && error.to_string().contains("803"), "{error}");
    let error = VisibleCards::told_by_cuda("/nowhere/libcuda.so").unwrap_err();
    assert!(
        error.kind() == TelemetryErrorKind::Absent && error.to_string().contains("NVIDIA's driver brings it"),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some(), "the loader's own words");
}

pub(crate) const FILES: [&str; 2] = [LIBCUDA, NVML];
const OF_PROCESS: &str = "visible::the_environment_of_the_process_decides";
/// Set for a process that only says what it sees: its environment is its own.
const ONLY_SAYS: &str = "TEST_ONLY_SAYS";
/// The files that such a process passes in, as a program would.
const NVML: &str = "TEST_NVML";
const LIBCUDA: &str = "TEST_LIBCUDA";

fn say_what_is_seen() {
    match seen() {
        Ok(seen) => eprintln!("seen: {seen:?}"),
        Err(error) => eprintln!("error: {:?}: {error}", error.kind()),
    }
}

/// Each card that is shown, and its budget where a limit is set; `None` where every card is.
fn seen() -> Result<Option<Vec<String>>, TelemetryError> {
    let mut files = DriverFiles::default();
    if let Some(file) = std::env::var_os(NVML) {
        files = files.nvml(file);
    }
    if let Some(file) = std::env::var_os(LIBCUDA) {
        files = files.cuda(file);
    }
    let visible = VisibleCards::of_process_by(&files)?;
    let Some(cards) = visible.cards() else { return Ok(None) };
    let one = |card: &VisibleCard| {
        let text = format!("{}{}", card.identity().pci.unwrap(), card.instance().unwrap_or_default());
        if std::env::var_os("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT").is_none() {
            return Ok(text);
        }
        let monitor = CudaMonitor::visible(&NvmlLibrary::of(&files)?, card)?;
        let budget = |monitor: &CudaMonitor| Ok::<_, TelemetryError>(monitor.sample()?.budget());
        let limit = budget(&monitor)?;
        assert_eq!(budget(&monitor.without_mps_limit())?, None);
        Ok(format!("{text} {}", limit.map_or("all".to_owned(), |budget| budget.to_string())))
    };
    cards.iter().map(one).collect::<Result<_, _>>().map(Some)
}

pub(crate) fn of_process(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", OF_PROCESS, "--nocapture"]).env(ONLY_SAYS, "1");
    for name in
        ["CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", NVML, LIBCUDA]
    {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| line.starts_with("seen: ") || line.starts_with("error: "));
    line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stdout))).to_owned()
}

#[test]
fn the_environment_of_the_process_decides() {
    if std::env::var_os(ONLY_SAYS).is_some() {
        return say_what_is_seen();
    }
    let stand = Stand::new(&four(true));
    let library = stand.library();
    let library = library.to_str().unwrap();
    let absent = (LIBCUDA, "/nowhere/libcuda.so");
    let (cuda, nvml) = ((LIBCUDA, library), (NVML, library));
    let list = |list| ("CUDA_VISIBLE_DEVICES", list);

    assert_eq!(of_process(&[]), "seen: None", "not set: every card, and no driver is asked");
    assert_eq!(of_process(&[list("")]), "seen: Some([])");
    assert_eq!(of_process(&[list("0"), cuda]), "seen: Some([\"0000:c1:00.0\"])", "the fastest");
    let bus = ("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
    assert_eq!(of_process(&[list("0"), bus, cuda]), "seen: Some([\"0000:01:00.0\"])");
    assert_eq!(
        of_process(&[list("3,1"), bus, absent, nvml]),
        format!("seen: Some([\"0000:c1:00.0\", \"0000:41:00.0{PART}\"])"),
        "the second is in MIG mode"
    );
    for source in [cuda, nvml] {
        let seen = of_process(&[list(PART), absent, source]);
        assert_eq!(seen, format!("seen: Some([\"0000:41:00.0{PART}\"])"));
    }
    let older = "MIG-GPU-cccc4444-0000-4000-8000-000000000041/0/0";
    assert_eq!(of_process(&[list(older), cuda]), format!("seen: Some([\"0000:41:00.0{older}\"])"));
    let error = of_process(&[list("0"), absent, nvml]);
    assert!(error.contains("PCI_BUS_ID") && error.contains("libcuda.so"), "both reasons: {error}");
    assert_eq!(error.matches("CUDA_VISIBLE_DEVICES=0").count(), 1, "each fact once: {error}");
}

#[test]
fn without_any_driver_the_reasons_are_told() {
    let none = Stand::new(&Script::new([]).init_fails(Failure::DRIVER_NOT_LOADED));
    let library = none.library();
    let error = of_process(&[
        ("CUDA_VISIBLE_DEVICES", "0"),
        (LIBCUDA, "/nowhere/libcuda.so"),
        (NVML, library.to_str().unwrap()),
    ]);
    assert!(
        error.contains("Absent") && error.contains("modprobe") && error.contains("libcuda.so"),
        "{error}"
    );
}

#[test]
fn on_a_machine_that_is_updated_by_half_no_driver_is_taken_for_absent() {
    let half = Stand::new(&four(false).init_fails(Failure::VERSION_MISMATCH).cuda_init_fails(803));
    let library = half.library();
    let library = library.to_str().unwrap();
    for cuda in [library, "/nowhere/libcuda.so"] {
        let error = of_process(&[("CUDA_VISIBLE_DEVICES", "0"), (LIBCUDA, cuda), (NVML, library)]);
        assert!(error.contains("error: Driver") && error.contains("restart"), "{error}");
        assert_eq!(error.matches("CUDA_VISIBLE_DEVICES=0").count(), 1, "each fact once: {error}");
    }
}

#[test]
fn a_library_that_the_user_named_and_that_does_not_load_is_not_taken_for_a_system_without_one() {
    let error = of_process(&[
        ("CUDA_VISIBLE_DEVICES", "0"),
        (LIBCUDA, "/nowhere/libcuda.so"),
        (NVML, "/nowhere/libnvidia-ml.so"),
    ]);
    assert!(error.contains("error: Driver") && error.contains("it is named"), "{error}");
    assert_eq!(error.matches("/nowhere/libnvidia-ml.so").count(), 1, "each fact once: {error}");
}

#[test]
fn the_limit_of_the_multi_process_service_is_the_budget_of_the_card_that_cuda_numbers_so() {
    let stand = Stand::new(&four(true));
    let library = stand.library();
    let library = library.to_str().unwrap();
    let with = |limit| {
        of_process(&[
            ("CUDA_VISIBLE_DEVICES", "1,0"),
            ("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", limit),
            (LIBCUDA, library),
            (NVML, library),
        ])
    };
    assert_eq!(with("0=2G"), "seen: Some([\"0000:01:00.0 2.00 GiB\", \"0000:c1:00.0 all\"])");
    assert_eq!(with("1=512M,0=1G"), "seen: Some([\"0000:01:00.0 1.00 GiB\", \"0000:c1:00.0 512.00 MiB\"])");
    assert!(with("lots").contains("0=1G"), "the form is told");
}
