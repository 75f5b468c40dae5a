//! Profiles in files: kept, found again, merged, and put aside where they are none.

use std::process::Command;

use batch_policy::{Analytic, Bytes, CostModel, ModelShape};

use super::*;

const MODEL: ModelShape = ModelShape { hidden: 384, heads: 12, feed_forward: 1536, element_bytes: 4 };

fn key() -> ProfileKey {
    ProfileKey {
        hidden: 384,
        layers: 6,
        heads: 12,
        feed_forward: 1536,
        parameters: 22_564_608,
        max_tokens: 256,
        dtype: "f32".to_owned(),
        attention: "explicit".to_owned(),
        backend: "wgpu".to_owned(),
        device: "a card".to_owned(),
        driver: Some("1.2".to_owned()),
        framework: "none".to_owned(),
    }
}

/// Of a device that was seen to take so many bytes for one batch, and is so fast.
fn learned(items: usize, taken: u64, rate: f64) -> Profile {
    learned_after(&Profile::default(), items, taken, rate)
}

/// The same by who knew this.
fn learned_after(known: &Profile, items: usize, taken: u64, rate: f64) -> Profile {
    let mut cost = known.cost(Analytic::new(MODEL).unwrap());
    cost.observe(items, 128, Bytes::new(taken));
    let mut busy = known.busy(4096);
    for _ in 0..100 {
        let tokens = busy.tokens();
        busy.observe(tokens, 0.001 + tokens as f64 / rate);
    }
    Profile::of(&busy, &cost)
}

fn peak(profile: &Profile, items: usize) -> u64 {
    profile.cost(Analytic::new(MODEL).unwrap()).peak(items, 128).get()
}

fn file(folder: &Path) -> PathBuf {
    folder.join(format!("{}.json", key().file_name()))
}

#[test]
fn what_was_learned_is_found_again() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path().join("not/there/yet"));
    assert_eq!(profiles.load(&key()), (Profile::default(), None));
    let profile = learned(32, 1 << 30, 1e6);
    profiles.save(&key(), &Profile::default(), &profile).unwrap();
    assert_eq!(profiles.load(&key()), (profile, None));
    // What another model, device or version learned is another's.
    let others = [
        ProfileKey { driver: None, ..key() },
        ProfileKey { dtype: "f16".to_owned(), ..key() },
        ProfileKey { device: "another card".to_owned(), ..key() },
        ProfileKey { framework: "newer".to_owned(), ..key() },
        ProfileKey { parameters: 1, ..key() },
    ];
    for other in others {
        assert!(profiles.load(&other).0.is_empty(), "{other:?}");
    }
}

#[test]
fn two_that_learn_at_once_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path());
    let (one, other) = (learned(8, 1 << 30, 1e6), learned(64, 3 << 30, 1e6));
    let nothing = Profile::default();
    profiles.save(&key(), &nothing, &one).unwrap();
    profiles.save(&key(), &nothing, &other).unwrap();
    let (kept, _) = profiles.load(&key());
    assert!(peak(&kept, 8) >= 1 << 30 && peak(&kept, 64) >= 3 << 30);
    assert_eq!(kept, one.merge(&other));
}

#[test]
fn what_nobody_else_changed_is_replaced() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path());
    let before = learned(32, 1 << 30, 1e9);
    profiles.save(&key(), &Profile::default(), &before).unwrap();
    let now = learned(32, 1 << 30, 1e5);
    assert!(now.busy(1).tokens() < before.busy(1).tokens(), "a slower machine needs less to be busy");
    profiles.save(&key(), &before, &now).unwrap();
    assert_eq!(profiles.load(&key()).0, now);
}

#[test]
fn what_is_no_profile_is_put_aside_and_told_once() {
    let good = {
        let place = tempfile::tempdir().unwrap();
        Profiles::at(place.path()).save(&key(), &Profile::default(), &learned(32, 1 << 30, 1e6)).unwrap();
        std::fs::read_to_string(file(place.path())).unwrap()
    };
    let bad = [
        (String::new(), "EOF"),
        ("not json".to_owned(), "expected"),
        (good[..good.len() / 2].to_owned(), "EOF"),
        (good.replace("\"semantik_profile\": 1", "\"semantik_profile\": 2"), "version 2"),
        ("{}".to_owned(), "no version"),
        (good.replace("\"a card\"", "\"another\""), "another model or device"),
        (good.replace("\"version\": 1", "\"version\": 9"), ""),
        ("x".repeat(5 << 20), "bytes"),
    ];
    for (text, why) in bad {
        let place = tempfile::tempdir().unwrap();
        let profiles = Profiles::at(place.path());
        std::fs::write(file(place.path()), &text).unwrap();
        let (profile, problem) = profiles.load(&key());
        let problem = problem.unwrap_or_else(|| panic!("{why}: nothing was told"));
        assert!(profile.is_empty() && problem.contains(why) && problem.contains(".aside"), "{problem}");
        assert_eq!(profiles.load(&key()), (Profile::default(), None));
        let aside = place.path().join(format!("{}.json.aside", key().file_name()));
        assert_eq!(std::fs::read_to_string(aside).unwrap(), text);
        profiles.save(&key(), &Profile::default(), &learned(32, 1 << 30, 1e6)).unwrap();
        assert!(!profiles.load(&key()).0.is_empty());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("file"), "x").unwrap();
    let profiles = Profiles::at(place.path().join("file"));
    let (remembered, profile) = Remembered::open(profiles.clone(), key());
    assert!(profile.is_empty());
    remembered.learned(learned(32, 1 << 30, 1e6));
    drop(remembered);
    let problem = profiles.save(&key(), &Profile::default(), &learned(32, 1 << 30, 1e6)).unwrap_err();
    assert!(problem.contains("not kept"), "{problem}");
}

#[test]
fn a_writer_that_hangs_is_not_waited_for_long() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path());
    let lock = std::fs::File::create(place.path().join(format!("{}.json.lock", key().file_name()))).unwrap();
    lock.lock().unwrap();
    let problem = profiles.save(&key(), &Profile::default(), &learned(32, 1 << 30, 1e6)).unwrap_err();
    assert!(problem.contains("locked"), "{problem}");
}

#[test]
fn what_others_learn_meanwhile_stays_though_it_is_not_known_here() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path());
    let (here, _) = Remembered::open(profiles.clone(), key());
    here.learned(learned(8, 1 << 30, 1e6));
    profiles.save(&key(), &Profile::default(), &learned(64, 3 << 30, 1e6)).unwrap();
    for taken in [1, 2] {
        here.learned(learned(8, taken << 30, 1e6));
        here.keep_now();
        assert!(peak(&profiles.load(&key()).0, 64) >= 3 << 30, "with {taken} GiB");
    }
    assert!(peak(&profiles.load(&key()).0, 8) >= 2 << 30);
}

#[test]
fn it_is_kept_when_the_embedder_goes() {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::at(place.path());
    let (remembered, _) = Remembered::open(profiles.clone(), key());
    let profile = learned(32, 1 << 30, 1e6);
    remembered.learned(profile.clone());
    assert!(profiles.load(&key()).0.is_empty(), "not with every batch");
    drop(remembered);
    assert_eq!(profiles.load(&key()).0, profile);
}

#[test]
fn the_folder_is_named_or_the_users() {
    let of = |vars: &[(&str, &str)]| {
        let var = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Profiles::from_vars(var).map(|profiles| profiles.path().to_owned())
    };
    let named = [("SEMANTIK_DATA", "/data"), ("XDG_DATA_HOME", "/x"), ("HOME", "/home/fox")];
    assert_eq!(of(&named), Some("/data/profiles".into()));
    assert_eq!(of(&[]), None);
    if cfg!(all(unix, not(target_os = "macos"))) {
        assert_eq!(of(&named[1..]), Some("/x/semantik/profiles".into()));
        assert_eq!(of(&named[2..]), Some("/home/fox/.local/share/semantik/profiles".into()));
        let relative = [("XDG_DATA_HOME", "x"), ("HOME", "/home/fox"), ("SEMANTIK_DATA", "")];
        assert_eq!(of(&relative), Some("/home/fox/.local/share/semantik/profiles".into()));
    }
}

const FOLDER: &str = "SEMANTIK_TEST_PROFILES";

/// Another process of the test below, which starts it with a folder: learns of one batch, as `SEMANTIK_TEST_ITEMS` says, and
/// keeps it. Without a folder there is nothing to do.
#[test]
fn other_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let profiles = Profiles::at(folder);
    let items: usize = std::env::var("SEMANTIK_TEST_ITEMS").unwrap().parse().unwrap();
    let (remembered, known) = Remembered::open(profiles, key());
    remembered.learned(learned_after(&known, items, (items as u64) << 28, 1e6));
}

#[test]
fn processes_that_learn_at_once_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let this = module_path!().split_once("::").map_or("", |(_, path)| path);
    let start = |items: usize| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{this}::other_process"), "--quiet"])
            .env(FOLDER, place.path())
            .env("SEMANTIK_TEST_ITEMS", items.to_string())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut others: Vec<_> = (1..=6).map(|power| start(1 << power)).collect();
    for other in &mut others {
        assert!(other.wait().unwrap().success());
    }
    let (kept, problem) = Profiles::at(place.path()).load(&key());
    assert_eq!(problem, None);
    for items in (1..=6).map(|power| 1_usize << power) {
        assert!(peak(&kept, items) >= (items as u64) << 28, "what was learned of {items} texts is lost");
    }
}
