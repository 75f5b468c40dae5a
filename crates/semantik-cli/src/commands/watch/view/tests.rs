//! Pictures of fixed samples at a fixed time, as text.

use std::path::Path;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use semantik::gpu_telemetry::{
    ByteCount, DeviceProcess, MemorySample, MemorySource, ProcessKind, TelemetryError,
};
#[cfg(unix)]
use semantik::gpu_telemetry::{DrmMonitor, MemoryMonitor};

use semantik::ledger::Holder;

use super::super::device::Device;
use super::super::model::{Event, Key};
use super::super::reading::{Reading, Trouble};
use super::*;

/// What the monitor of a card that vanished says.
const GONE: &str = "it is not on the bus any more";

/// Four devices after 50 seconds: a card that fills up and is emptied, one with a budget, one that vanished, the host.
fn model() -> Model {
    let devices = [
        ("NVIDIA H100 80GB HBM3", &["cuda:0", "wgpu:0"][..]),
        ("AMD Radeon RX 7900 XTX", &["wgpu:1"]),
        ("Intel Arc A770", &["wgpu:2"]),
        ("host", &["cpu"]),
    ];
    let devices = devices.map(|(name, specs)| Device {
        name: name.to_owned(),
        specs: specs.iter().map(|&spec| spec.to_owned()).collect(),
        identity: None,
        is_host: false,
        key: semantik::ledger::DeviceKey::host(),
    });
    let mut model = Model::new(devices, Duration::from_secs(1));
    for second in 1..=50 {
        for (device, reading) in readings(second).into_iter().enumerate() {
            model.step(Event::Read { device, at: Duration::from_secs(second), reading });
        }
    }
    model
}

fn readings(second: u64) -> [Reading; 4] {
    let mib = |count: u64| ByteCount::MIB.saturating_mul(count);
    // Batches that grow, are halved at the high watermark, and grow again.
    let used = 12_000 + 1900 * second - if second >= 30 { 32_000 } else { 0 };
    let nvidia = MemorySample::builder()
        .total(mib(81_559))
        .used(mib(used))
        .free(mib(81_559 - used))
        .process_used(ByteCount::ZERO)
        .system_reserved(mib(620))
        .utilization_percent(97)
        .source(MemorySource::Nvml);
    let amd = MemorySample::builder()
        .total(mib(24_560))
        .used(mib(15_700))
        .budget(mib(22_000))
        .process_used(mib(64))
        .source(MemorySource::VulkanBudget);
    let host = MemorySample::builder()
        .total(mib(15_970))
        .used(mib(4900 + second * 10))
        .free(mib(15_970 - 4900 - second * 10))
        .process_used(mib(11))
        .source(MemorySource::Host);
    let intel = if second < 39 {
        MemorySample::builder().total(mib(16_288)).used(mib(1200)).source(MemorySource::Sysfs).build()
    } else {
        Err(TelemetryError::lost("Intel Arc A770", GONE))
    };
    [nvidia.build(), amd.build(), intel, host.build()].map(|reading| reading.map_err(Trouble::Failed))
}

fn drawn(model: &Model, palette: Palette, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| frame.render_widget(View { model, palette }, frame.area())).unwrap();
    terminal.backend().buffer().clone()
}

/// The characters of a picture, without the blanks at the ends of lines.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned() + "\n"
    };
    buffer.content().chunks(width).map(line).collect()
}

fn picture(model: &Model, width: u16, height: u16) -> String {
    text(&drawn(model, Palette::Plain, width, height))
}

#[track_caller]
fn looks_like(model: &Model, (width, height): (u16, u16), expected: &str) {
    let picture = picture(model, width, height);
    assert!(picture == expected, "{width}x{height} is\n{picture}and should be\n{expected}");
}

#[test]
fn a_large_terminal_shows_everything() {
    looks_like(&model(), (100, 30), include_str!("tests/100x30.txt"));
}

#[test]
fn a_narrow_terminal_shows_fewer_columns() {
    let mut model = model();
    model.step(Event::Key(Key::Next));
    looks_like(&model, (60, 20), include_str!("tests/60x20.txt"));
}

#[test]
fn a_small_terminal_shows_what_matters_most() {
    let mut model = model();
    model.step(Event::Key(Key::Next));
    model.step(Event::Key(Key::Next));
    model.step(Event::Key(Key::Pause));
    looks_like(&model, (40, 10), include_str!("tests/40x10.txt"));
}

#[test]
fn who_uses_the_device_is_shown_in_place_of_its_graph() {
    let mut model = model();
    model.step(Event::Key(Key::Users));
    assert!(picture(&model, 60, 20).contains("asking…"));
    let process = |pid: u32, name: Option<&str>, mib: u64| DeviceProcess {
        pid,
        name: name.map(str::to_owned),
        used: Some(ByteCount::MIB.saturating_mul(mib)),
        kind: Some(ProcessKind::Compute),
    };
    let mut users = vec![process(4711, Some("python3\u{1b}[2J"), 40_000), process(12, None, 7)];
    model.step(Event::Users { device: 0, users: Ok(users.clone()) });
    let shown = picture(&model, 60, 20);
    for part in
        ["who uses it", "39.06 GiB     4711  python3\\x1b[2J  compute", "7.00 MiB       12  –", "u graph"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("usage, the last"), "{shown}");
    let ours = Holder {
        pid: 99,
        promised: ByteCount::GIB,
        held: ByteCount::MIB,
        idle: ByteCount::ZERO,
        waiting: Some(Duration::from_secs(3)),
    };
    model.step(Event::Ours { device: 0, ours: vec![ours] });
    let shown = picture(&model, 60, 20);
    assert!(shown.contains("99  yours, promised 1.00 GiB, waits 3s") && shown.contains("4711"), "{shown}");
    users.extend((0..90).map(|n| process(n, Some("worker"), 1)));
    model.step(Event::Users { device: 0, users: Ok(users) });
    assert!(picture(&model, 60, 20).contains("more"));
    model.step(Event::Users {
        device: 0,
        users: Err(TelemetryError::absent("nothing here tells who uses it")),
    });
    assert!(picture(&model, 60, 20).contains("nothing here tells"));
    model.step(Event::Key(Key::Users));
    assert!(picture(&model, 60, 20).contains("usage, the last"));
}

#[test]
fn one_device_leaves_room_for_its_graph() {
    let host = Device {
        name: "host".to_owned(),
        specs: vec!["cpu".to_owned()],
        identity: None,
        is_host: true,
        key: semantik::ledger::DeviceKey::host(),
    };
    let mut model = Model::new([host], Duration::from_secs(1));
    for second in 1..=50 {
        let [.., reading] = readings(second);
        model.step(Event::Read { device: 0, at: Duration::from_secs(second), reading });
    }
    looks_like(&model, (40, 10), include_str!("tests/40x10-one.txt"));
}

#[test]
fn a_tiny_terminal_lists_the_devices() {
    let mut model = model();
    looks_like(&model, (25, 3), include_str!("tests/25x3.txt"));
    for _ in 0..3 {
        model.step(Event::Key(Key::Next));
    }
    assert_eq!(picture(&model, 18, 1), "↑› host        34%\n");
}

#[test]
fn the_picture_in_the_documentation_is_what_is_shown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/watch.md");
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let picture = picture(&model(), 80, 24);
    assert!(document.contains(&format!("```text\n{picture}```\n")), "docs/watch.md should show\n{picture}");
}

#[cfg(unix)]
#[test]
fn a_card_that_vanishes_says_what_the_pictures_say() {
    let system = tempfile::tempdir().unwrap();
    let card = system.path().join("sys/bus/pci/devices/0000:03:00.0");
    std::fs::create_dir_all(&card).unwrap();
    for (name, text) in [("class", "0x030000"), ("vendor", "0x8086"), ("product_name", "Intel Arc A770")] {
        std::fs::write(card.join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("../../../bus/pci/drivers/xe", card.join("driver")).unwrap();
    let monitor = DrmMonitor::with_root(system.path(), "0000:03:00.0".parse().unwrap()).unwrap();
    std::fs::remove_dir_all(&card).unwrap();
    let said = monitor.sample().unwrap_err();
    assert_eq!(said.to_string(), TelemetryError::lost("Intel Arc A770", GONE).to_string());
}

#[test]
fn no_size_of_terminal_is_too_small_or_odd() {
    let mut model = model();
    let empty = Model::new([], Duration::from_secs(1));
    for selected in 0..4 {
        for width in 0..45 {
            for height in 0..20 {
                let area = ratatui::layout::Rect::new(0, 0, width, height);
                let mut buffer = Buffer::empty(area);
                View { model: &model, palette: Palette::Coloured }.render(area, &mut buffer);
                View { model: &empty, palette: Palette::Coloured }.render(area, &mut buffer);
            }
        }
        model.step(Event::Key(Key::Next));
        assert_eq!(model.selected(), (selected + 1) % 4);
    }
}

#[test]
fn the_selected_device_is_always_on_the_screen() {
    let mut model = model();
    for _ in 0..4 {
        let name = model.rows()[model.selected()].device.name.clone();
        for height in 1..30 {
            let picture = picture(&model, 100, height);
            assert!(picture.contains(&format!("› {name}")), "{name} at height {height}:\n{picture}");
        }
        model.step(Event::Key(Key::Next));
    }
}

#[test]
fn without_colours_there_is_none_and_the_picture_is_the_same() {
    let model = model();
    let (coloured, plain) =
        (drawn(&model, Palette::Coloured, 100, 30), drawn(&model, Palette::Plain, 100, 30));
    assert_eq!(text(&coloured), text(&plain));
    let colours = |buffer: &Buffer| buffer.content().iter().filter(|cell| cell.fg != Color::Reset).count();
    assert_eq!(colours(&plain), 0);
    assert!(colours(&coloured) > 100);
    assert!(plain.content().iter().all(|cell| cell.bg == Color::Reset), "backgrounds are the terminal's own");
}

#[test]
fn before_the_first_sample_nothing_is_made_up() {
    let device = Device {
        name: "card".to_owned(),
        specs: Vec::new(),
        identity: None,
        is_host: false,
        key: semantik::ledger::DeviceKey::host(),
    };
    let mut model = Model::new([device], Duration::from_secs(1));
    let first = picture(&model, 80, 24);
    assert!(first.contains("card") && first.contains("asking…") && !first.contains("0 B"), "{first}");
    let reading = Ok(MemorySample::default());
    model.step(Event::Read { device: 0, at: Duration::ZERO, reading });
    let unknown = picture(&model, 80, 24);
    assert!(unknown.contains("not known") && !unknown.contains("0 B"), "{unknown}");
    let list = unknown.lines().find(|line| line.contains("› card")).unwrap();
    assert!(list.contains('–') && !list.contains("0%"), "{list}");
}
