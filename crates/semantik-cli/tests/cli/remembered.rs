//! What one run learned of a device, the next begins with.

use std::path::PathBuf;

use device_suite::{SeededModel, Sizes};
use serde_json::Value;

use crate::place::{Place, Ran, records};
use crate::resume::text;

fn embed(place: &Place, model: &SeededModel, out: &str) -> Ran {
    let model = model.path().to_str().unwrap();
    let ran = place.run(&["embed", "docs", "--model", model, "--backend", "cpu", "-o", out]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran
}

fn case() -> (Place, SeededModel) {
    let place = Place::new();
    for number in 0..8 {
        place.put(&format!("docs/{number:03}.txt"), text(number));
    }
    (place, SeededModel::new(Sizes::TINY).unwrap())
}

/// The profiles that are kept.
fn profiles(place: &Place) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.kept().join("semantik/profiles")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn a_run_keeps_what_it_learned_and_the_next_adds_to_it() {
    let (place, model) = case();
    embed(&place, &model, "one.jsonl");
    let [path] = &profiles(&place)[..] else { panic!("one profile: {:?}", profiles(&place)) };
    let read = || -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let first = read();
    assert_eq!((&first["semantik_profile"], &first["key"]["backend"]), (&1.into(), &"cpu".into()));
    assert!(first["key"]["framework"].as_str().unwrap().contains("burn "), "{first}");
    let tokens = first["profile"]["busy"]["tokens"].as_u64().unwrap();
    // And what is planned begins with it too.
    let plan = place.run(&["plan", model.path().to_str().unwrap(), "--backend", "cpu", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.out).unwrap();
    let outlook = &plan["device"]["outlook"];
    assert_eq!((&outlook["busy_tokens"], &outlook["is_learned"]), (&tokens.into(), &true.into()), "{first}");
    embed(&place, &model, "two.jsonl");
    assert_eq!(profiles(&place).len(), 1, "the same model on the same device");
    assert!(read()["profile"]["busy"]["tokens"].as_u64().unwrap() >= tokens / 2, "{}", read());
    // Another model is another profile, and trained further it is not.
    embed(&place, &SeededModel::new(Sizes::TINY).unwrap(), "three.jsonl");
    assert_eq!(profiles(&place).len(), 1);
    let larger = SeededModel::new(Sizes { layers: 3, ..Sizes::TINY }).unwrap();
    embed(&place, &larger, "four.jsonl");
    assert_eq!(profiles(&place).len(), 2);
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn a_profile_that_is_none_is_put_aside_and_ends_no_run() {
    let (place, model) = case();
    embed(&place, &model, "one.jsonl");
    let want = records(&place.read("one.jsonl"));
    let [path] = &profiles(&place)[..] else { panic!() };
    for bad in ["", "{}", "{\"semantik_profile\":7}", "\u{0}\u{1}"] {
        std::fs::write(path, bad).unwrap();
        let ran = embed(&place, &model, "again.jsonl");
        assert_eq!(ran.err.matches("is no profile").count(), 1, "{bad:?}: {}", ran.err);
        assert_eq!(records(&place.read("again.jsonl")), want, "{bad:?}");
        let ran = embed(&place, &model, "again.jsonl");
        assert!(!ran.err.contains("is no profile"), "a good one is in its place: {}", ran.err);
    }
}

#[test]
fn where_nothing_can_be_kept_a_run_says_so_and_goes_on() {
    let (place, model) = case();
    let file = place.put("no-folder", "x");
    let args =
        ["embed", "docs", "--model", model.path().to_str().unwrap(), "--backend", "cpu", "-o", "out.jsonl"];
    let ran = crate::place::ran(place.command(&args).env("SEMANTIK_DATA", file).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.err.matches("what was learned is not kept").count(), 1, "{}", ran.err);
}

#[test]
fn what_one_run_replays_the_next_finds_and_vectors_are_the_same() {
    let (place, model) = case();
    let run = |backend: &str, replay: &[&str], out: &str| {
        let args =
            ["embed", "docs", "--model", model.path().to_str().unwrap(), "--backend", backend, "-o", out];
        let ran = place.run(&[&args[..], replay].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.err
    };
    let told = run("cpu", &["--replay", "always"], "cpu.jsonl");
    assert!(told.contains("nothing is replayed"), "{told}");
    let devices = place.run(&["devices", "--format", "json"]);
    let devices: Vec<Value> = serde_json::from_str(&devices.out).unwrap();
    if !devices.iter().any(|device| device["backend"] == "wgpu" && device["present"] == true) {
        return;
    }
    let first = run("wgpu", &["--replay", "always"], "first.jsonl");
    assert_eq!(first.matches("shapes of batch, up to").count(), 1, "{first}");
    let second = run("wgpu", &["--replay", "always"], "second.jsonl");
    assert!(!second.contains("replay"), "the table is kept: {second}");
    let without = run("wgpu", &["--replay", "never"], "without.jsonl");
    assert!(!without.contains("replay"), "{without}");
    let vectors = |name: &str| -> Vec<f64> {
        let records = records(&place.read(name));
        let numbers = records.iter().flat_map(|record| record["embedding"].as_array().unwrap().clone());
        numbers.map(|number| number.as_f64().unwrap()).collect()
    };
    let want = vectors("without.jsonl");
    for name in ["first.jsonl", "second.jsonl"] {
        let got = vectors(name);
        assert_eq!(got.len(), want.len());
        let off = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-6, "{name}: {off}");
    }
    let wrong = place.run(&["embed", "docs", "--replay", "sometimes"]);
    wrong.failed_usage("--replay");
}
