//! Standard streams, help and signals.

use serde_json::Value;

use crate::place::Place;

#[test]
fn help_and_version_go_to_standard_output() {
    let place = Place::new();
    for args in [
        &["--help"][..],
        &["--version"],
        &["chunk", "--help"],
        &["embed", "--help"],
        &["search", "--help"],
        &["devices", "--help"],
        &["watch", "--help"],
        &["model", "--help"],
    ] {
        let ran = place.run(args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(ran.out.len() > 10);
    }
}

#[test]
fn devices_lists_every_backend() {
    let place = Place::new();
    let ran = place.run(&["devices", "--format", "json"]);
    assert_eq!(ran.code, Some(0));
    let devices: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    for backend in ["cpu", "wgpu", "vulkan", "metal", "webgpu", "cuda", "rocm"] {
        assert!(devices.iter().any(|device| device["backend"] == backend), "{backend} is not listed");
    }
    let cpu = devices.iter().find(|device| device["backend"] == "cpu").unwrap();
    assert_eq!(cpu["present"], true);
    for device in &devices {
        assert_eq!(device["present"] == false, device["reason"].is_string(), "{device}");
        assert!(device["memory"].as_object().unwrap().contains_key("total"));
    }
    assert_eq!(devices.iter().filter(|device| device["auto"] == true).count(), 1);
    assert!(place.run(&["devices"]).out.contains("cpu"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let place = Place::new();
    place.put("a.md", "words ".repeat(10_000));
    let mut command = place.command(&["chunk", "a.md", "--size", "20"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = crate::place::ran(command.stdout(full).output().unwrap());
    ran.failed(1, &["standard output"]);
    place.run(&["chunk", "a.md", "--size", "20", "-o", "/dev/full"]).failed(1, &["/dev/full"]);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_quiet() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    let place = Place::new();
    place.put("a.md", "words ".repeat(200_000));
    let mut command = place.command(&["chunk", "a.md", "--size", "20"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    child.wait().unwrap();
    assert_eq!(err, "");
    assert!(line.starts_with('{'));
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_is_finished() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let place = Place::new();
    for n in 0..60 {
        place.put(&format!("docs/{n:02}.md"), "The quick brown fox jumps over the lazy dog. ".repeat(2000));
    }
    let model = crate::place::model();
    let args = ["embed", "docs", "--model", &model, "--backend", "cpu", "-o", "out.jsonl"];
    let child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // No need for luck: from then on a run of a million tokens takes minutes.
    while !place.path().join("out.jsonl.partial").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(2));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = crate::place::ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.err);
    assert!(!place.path().join("out.jsonl").exists());
    let records = crate::place::records(&place.read("out.jsonl.partial"));
    assert!(records.iter().all(|record| record["embedding"].as_array().unwrap().len() == 384));
    let meta: Value = serde_json::from_str(&place.read("out.jsonl.partial.meta.json")).unwrap();
    assert_eq!(
        (meta["interrupted"].as_bool(), meta["chunks"].as_u64()),
        (Some(true), Some(records.len() as u64))
    );
}
