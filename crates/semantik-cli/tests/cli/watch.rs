//! `semantik watch` without a terminal: its forms, its refusals and its ends.

#[cfg(target_os = "linux")]
mod terminal;

use std::collections::HashSet;
use std::time::SystemTime;

use serde_json::Value;

use crate::place::{Place, Ran, records};

fn watch(args: &[&str]) -> Ran {
    Place::new().run(&[&["watch"], args].concat())
}

#[test]
fn once_without_a_terminal_is_an_object_for_each_device() {
    let ran = watch(&["--once"]);
    // A device of this machine may fail.
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.err);
    let devices = records(&ran.out);
    let names: HashSet<&str> = devices.iter().map(|device| device["device"].as_str().unwrap()).collect();
    assert_eq!(names.len(), devices.len(), "each device is told once: {}", ran.out);
    let host = devices.iter().find(|device| device["device"] == "host").unwrap();
    let bytes = |name: &str| host[name].as_u64().unwrap();
    assert!(bytes("used_bytes") > 0 && bytes("used_bytes") <= bytes("total_bytes"), "{host}");
    assert_eq!(ran.err, "");
}

#[test]
fn once_as_text_is_a_table() {
    let ran = watch(&["--once", "--format", "text", "--device", "cpu"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.code, lines.len()), (Some(0), 2), "{}", ran.out);
    assert!(lines[0].contains("device") && lines[0].contains("used") && lines[0].contains("level"));
    assert!(lines[1].contains("host") && lines[1].contains("iB") && lines[1].contains('%'), "{}", ran.out);
}

#[test]
fn once_for_prometheus_is_an_exposition() {
    let ran = watch(&["--once", "--format", "prometheus", "--device", "cpu"]);
    assert_eq!(ran.code, Some(0));
    let mut described = HashSet::new();
    let mut seen = HashSet::new();
    for line in ran.out.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            assert!(words[0] == "HELP" || words == ["TYPE", words[1], "gauge"], "{line}");
            described.insert((words[0].to_owned(), words[1].to_owned()));
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap();
        assert!(labels.starts_with("device=\"") && labels.ends_with("\"}"), "{line}");
        assert!(value.parse::<f64>().unwrap() >= 0.0, "{line}");
        for kind in ["HELP", "TYPE"] {
            assert!(described.contains(&(kind.to_owned(), name.to_owned())), "{kind} comes before {line}");
        }
        assert!(seen.insert(series.to_owned()), "{series} is there twice");
    }
    assert!(seen.iter().any(|series| series.contains("_used_bytes{device=\"host\"")), "{}", ran.out);
}

#[test]
fn a_line_says_when_it_was_asked_for() {
    let unix_ms = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let before = unix_ms();
    let ran = watch(&["--once", "--device", "cpu"]);
    let at = u128::from(ran.records()[0]["unix_ms"].as_u64().unwrap());
    assert!((before..=unix_ms()).contains(&at), "{before} and then {at}");
}

#[test]
fn the_host_is_found_by_whatever_embed_and_devices_call_it() {
    let devices: Vec<Value> =
        serde_json::from_str(&Place::new().run(&["devices", "--format", "json"]).out).unwrap();
    let hosts = devices.iter().filter(|device| device["memory"]["source"] == "host");
    let mut names = vec!["cpu:0".to_owned(), "host".to_owned()];
    for host in hosts {
        names.extend(["spec", "name"].map(|key| host[key].as_str().unwrap().to_owned()));
    }
    assert!(names.len() >= 4, "{devices:?}");
    for name in names {
        let told = watch(&["--once", "--device", &name]).records();
        assert!(told.iter().any(|device| device["device"] == "host"), "{name}: {told:?}");
    }
}

#[test]
fn what_cannot_be_watched_is_refused_with_what_can() {
    for (args, code, says) in [
        (&["--interval", "0"][..], 2, &["interval", "50ms", "1h"][..]),
        (&["--interval", "soon"], 2, &["soon", "500ms"]),
        (&["--interval", "2h"], 2, &["2h", "1h"]),
        (&["--format", "xml"], 2, &["xml", "jsonl", "prometheus"]),
        (&["--device", "abacus"], 2, &["abacus", "host (cpu"]),
        (&["--device", "rocm:7"], 1, &["rocm:7", "host (cpu"]),
        (&["--device", "ffff:ff:1f.7"], 1, &["ffff:ff:1f.7", "host (cpu"]),
    ] {
        let ran = watch(args);
        ran.failed(code, says);
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn start(args: &[&str]) -> (Place, Child) {
        let place = Place::new();
        let args = [&["watch", "--device", "cpu", "--interval", "50ms"], args].concat();
        let child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (place, child)
    }

    #[test]
    fn an_interrupt_ends_it_after_a_whole_line() {
        for signal in ["-INT", "-TERM"] {
            let (_place, mut child) = start(&[]);
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut text = String::new();
            for _ in 0..3 {
                out.read_line(&mut text).unwrap();
            }
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            out.read_to_string(&mut text).unwrap();
            let ended = crate::place::ran(child.wait_with_output().unwrap());
            assert_eq!((ended.code, ended.err.as_str()), (Some(130), ""), "{signal}");
            assert!(text.ends_with("}\n"), "{text:?}");
            let times: Vec<u64> =
                records(&text).iter().map(|record| record["unix_ms"].as_u64().unwrap()).collect();
            assert!(times.len() >= 3 && times.is_sorted(), "{times:?}");
        }
    }

    #[test]
    fn a_closed_pipe_ends_it_quietly() {
        let (_place, mut child) = start(&["--format", "text"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ended = crate::place::ran(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        assert!(line.contains("device"), "{line}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let place = Place::new();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = crate::place::ran(place.command(&["watch", "--once"]).stdout(full).output().unwrap());
        ran.failed(1, &["standard output"]);
    }
}
