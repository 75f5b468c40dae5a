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
