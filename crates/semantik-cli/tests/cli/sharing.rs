//! Two runs on one device, one of which is killed.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use device_suite::{SeededModel, Sizes};
use serde_json::Value;

use crate::place::{Place, ran, records};
use crate::resume::{assert_same, text};

/// Longer than anything here takes on a busy machine: a test that hangs should end.
const LONG: Duration = Duration::from_mins(3);

/// Documents, a model that is fast, and a backend.
struct Case {
    place: Place,
    model: SeededModel,
    backend: &'static str,
    environment: Vec<(&'static str, std::ffi::OsString)>,
}

impl Case {
    fn new(backend: &'static str, documents: usize) -> Self {
        let place = Place::new();
        for number in 0..documents {
            place.put(&format!("docs/{number:03}.txt"), text(number));
        }
        Case { place, model: SeededModel::new(Sizes::TINY).unwrap(), backend, environment: Vec::new() }
    }

    fn start(&self, out: &str, backend: &str) -> Child {
        let model = self.model.path().to_str().unwrap();
        let args =
            ["embed", "docs", "--model", model, "--backend", backend, "-o", out, "--memory-limit", "64MiB"];
        // Small batches, so that there are many.
        let mut command = self.place.command(&[&args[..], &["--max-batch-size", "8"]].concat());
        command.envs(self.environment.iter().cloned());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn done(&self, run: Child, out: &str) -> Vec<Value> {
        let ran = ran(run.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        records(&self.place.read(out))
    }

    /// What stands in the ledger of the host's memory, as another process reads it.
    fn ours(&self) -> Vec<Value> {
        let model = self.model.path().to_str().unwrap();
        let told = self.place.run(&["plan", model, "--backend", "cpu", "--format", "json"]);
        assert_eq!(told.code, Some(0), "{}", told.err);
        let plan: Value = serde_json::from_str(&told.out).unwrap();
        plan["device"]["ours"].as_array().unwrap().clone()
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) {
        let start = Instant::now();
        while !holds(&self.ours()) {
            assert!(start.elapsed() < LONG, "{what}: {:?}", self.ours());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn one_of_two_is_killed(&self) {
        let want = self.done(self.start("want.jsonl", "cpu"), "want.jsonl");
        assert_eq!(self.ours(), Vec::<Value>::new(), "a run that ended holds nothing");

        let mut killed = self.start("killed.jsonl", self.backend);
        self.wait_until("the first is not there", |ours| has(ours, killed.id()));
        let other = self.start("other.jsonl", self.backend);
        self.wait_until("there are not two", |ours| has(ours, killed.id()) && has(ours, other.id()));
        assert!(killed.try_wait().unwrap().is_none(), "the first was done before it could be killed");
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert!(!has(&self.ours(), killed.id()), "what it was promised is free at the next look");

        let got = self.done(other, "other.jsonl");
        assert_same(&got, &want);
        assert_eq!(self.ours(), Vec::<Value>::new());
        // And what the killed one had begun is gone on with.
        let again = self.done(self.start("killed.jsonl", self.backend), "killed.jsonl");
        assert_same(&again, &want);
    }
}

fn has(ours: &[Value], pid: u32) -> bool {
    ours.iter().any(|holder| holder["pid"] == pid)
}

#[test]
fn two_runs_share_the_processor_and_the_end_of_one_harms_nothing() {
    Case::new("cpu", 60).one_of_two_is_killed();
}

/// A card of 96 MiB, as the driver has it: each run alone may take most of it.
#[cfg(target_os = "linux")]
#[test]
fn two_runs_share_a_limited_card_and_the_end_of_one_harms_nothing() {
    const NAME: &str = "sharing::two_runs_share_a_limited_card_and_the_end_of_one_harms_nothing";
    let mut case = Case::new("wgpu", 12);
    let devices = case.place.run(&["devices", "--format", "json"]);
    let devices: Vec<Value> = serde_json::from_str(&devices.out).unwrap();
    if !devices.iter().any(|device| device["backend"] == "wgpu" && device["present"] == true) {
        return vulkan_limit::skip(NAME, "there is no device of wgpu");
    }
    let card = vulkan_limit::LimitedDevice::builder(96 << 20).hide_spirv().build().unwrap();
    case.environment = card.environment().into();
    case.one_of_two_is_killed();
    assert_eq!(card.live().unwrap(), 0, "what runs held of the card came back with their ends");
    assert!(card.peak().unwrap() > 0, "they ran on it");
}

#[test]
fn without_a_folder_to_agree_in_a_run_says_so_once_and_goes_on() {
    let case = Case::new("cpu", 3);
    let place = &case.place;
    let file = place.put("no-folder", "x");
    let model = case.model.path().to_str().unwrap();
    let args = ["embed", "docs", "--model", model, "--backend", "cpu", "-o", "out.jsonl"];
    let mut command = place.command(&args);
    // Neither of the two places can be a folder.
    command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", &file).env("TEMP", &file).env("TMP", &file);
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(
        ran.err.matches("other processes on this device are not reckoned with").count(),
        1,
        "{}",
        ran.err
    );
    assert!(!records(&place.read("out.jsonl")).is_empty());
}

#[test]
fn a_ledger_that_is_none_is_put_aside_and_told() {
    let case = Case::new("cpu", 3);
    let folder = case.place.kept().join("semantik");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("host.ledger"), "{\"semantik_ledger\":99}\n").unwrap();
    let run = case.start("out.jsonl", "cpu").wait_with_output().unwrap();
    let ran = ran(run);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("host.ledger.aside"), "{}", ran.err);
    assert!(folder.join("host.ledger.aside").is_file());
}
