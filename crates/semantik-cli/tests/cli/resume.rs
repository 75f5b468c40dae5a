//! What is finished is never lost, and the same command goes on from it.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use device_suite::{SeededModel, Sizes};
use serde_json::Value;

use crate::place::{Place, Ran, ran, records};

/// A folder of documents and a model that is fast.
struct Case {
    place: Place,
    model: SeededModel,
}

impl Case {
    fn new(documents: usize) -> Self {
        let place = Place::new();
        for number in 0..documents {
            place.put(&format!("docs/{number:03}.txt"), text(number));
        }
        Case { place, model: SeededModel::new(Sizes::TINY).unwrap() }
    }

    fn args<'a>(&'a self, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let model = self.model.path().to_str().unwrap();
        [&["embed", "docs", "--model", model, "--backend", "cpu", "-o", out][..], more].concat()
    }

    fn embed(&self, out: &str, more: &[&str]) -> Ran {
        self.place.run(&self.args(out, more))
    }

    fn done(&self, out: &str, more: &[&str]) -> (Vec<Value>, String) {
        let ran = self.embed(out, more);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(!self.has(&format!("{out}.partial")), "nothing is left beside a finished file");
        assert!(!self.has(&format!("{out}.partial.kept")) && !self.has(&format!("{out}.partial.lock")));
        (records(&self.place.read(out)), ran.err)
    }

    fn has(&self, name: &str) -> bool {
        self.place.path().join(name).exists()
    }

    fn meta(&self, name: &str) -> Value {
        serde_json::from_str(&self.place.read(&format!("{name}.meta.json"))).unwrap()
    }

    fn spawn(&self, out: &str) -> Child {
        let mut command = self.place.command(&self.args(out, &[]));
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until the partial file has records, and a little more.
    fn wait_for_records(&self, out: &str) {
        let partial = self.place.path().join(format!("{out}.partial"));
        let start = Instant::now();
        while fs::metadata(&partial).map_or(0, |there| there.len()) == 0 {
            assert!(start.elapsed() < Duration::from_mins(2), "no record appeared");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Runs until there are records, and kills the run.
    fn killed(&self, out: &str) {
        let mut child = self.spawn(out);
        self.wait_for_records(out);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// A document of its own words: the model knows few, so numbers and order make it.
pub(crate) fn text(number: usize) -> String {
    let words = ["the", "fox", "quick", "dog", "lazy", "memory", "batch", "a", "b", "漢", "字", "1", "2"];
    let mut state = number as u64 + 1;
    let mut text = format!("Document {number}.\n\n");
    for at in 0..400 + 200 * (number % 7) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text += words[(state >> 40) as usize % words.len()];
        text += if at % 9 == 8 { ".\n" } else { " " };
    }
    text
}

/// Every field but the vector is the same, and the vector within E2.
pub(crate) fn assert_same(got: &[Value], want: &[Value]) {
    for (got, want) in got.iter().zip(want) {
        let (mut a, mut b) = (got.clone(), want.clone());
        let (a, b) = (a.as_object_mut().unwrap(), b.as_object_mut().unwrap());
        let (mine, theirs) = (a.remove("embedding"), b.remove("embedding"));
        assert_eq!(a, b);
        let values = |of: &Option<Value>| -> Vec<f64> {
            of.iter().flat_map(|of| of.as_array().unwrap()).map(|value| value.as_f64().unwrap()).collect()
        };
        let (mine, theirs) = (values(&mine), values(&theirs));
        assert_eq!(mine.len(), theirs.len());
        let off = mine.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-6, "{} {} is off by {off}", want["document"], want["index"]);
    }
    assert_eq!(got.len(), want.len());
}

/// The whole lines of a file; what follows the last end of line is no record.
fn whole(text: &str) -> Vec<Value> {
    records(text.rfind('\n').map_or("", |end| &text[..=end]))
}

#[test]
fn a_run_that_was_killed_anywhere_keeps_whole_records_and_goes_on() {
    let case = Case::new(60);
    let start = Instant::now();
    let (want, _) = case.done("whole.jsonl", &[]);
    let takes = start.elapsed();
    let rounds = if std::env::var_os("SEMANTIK_TEST_FULL").is_some() { 100 } else { 10 };
    let mut with_records = 0;
    for round in 0..rounds {
        let out = format!("killed-{round}.jsonl");
        let mut child = case.spawn(&out);
        // Spread over the whole run, and not the same from test run to test run.
        let jitter = f64::from(std::process::id() % 97) / 97.0;
        let delay = takes.mul_f64((f64::from(round) + jitter) / f64::from(rounds));
        if round == 0 {
            // On a busy machine no other round may meet a run that writes.
            case.wait_for_records(&out);
        } else {
            std::thread::sleep(delay);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let partial = format!("{out}.partial");
        if case.has(&partial) {
            let left = whole(&case.place.read(&partial));
            assert_same(&left, &want[..left.len()]);
            if !left.is_empty() {
                with_records += 1;
                assert_eq!(case.meta(&partial)["interrupted"], true);
                let search =
                    case.place.run(&["search", &partial, "fox", "--backend", "cpu", "--format", "jsonl"]);
                assert!(!search.records().is_empty());
            }
        }
        let (got, _) = case.done(&out, &[]);
        assert_same(&got, &want);
    }
    assert!(with_records > 0, "no kill met a run that had written something; it takes {takes:?}");
}

#[test]
fn a_run_that_was_killed_before_its_last_step_is_complete() {
    let case = Case::new(3);
    let (want, _) = case.done("out.jsonl", &["--size", "20"]);
    // As it is between the two: the file is in its place, and what belongs to it is not.
    let meta = case.place.path().join("out.jsonl.meta.json");
    fs::rename(&meta, case.place.path().join("out.jsonl.partial.meta.json")).unwrap();
    case.place.put("out.jsonl.meta.json", "that of the file before");
    let search = ["search", "out.jsonl", "fox", "--backend", "cpu", "--format", "jsonl"];
    assert_eq!(case.place.run(&search).records().len(), 5);
    assert!(case.place.run(&["status", "out.jsonl"]).out.contains("3 finished of 3 found"));
    let (got, _) = case.done("out.jsonl", &["--size", "20", "--update"]);
    assert_same(&got, &want);
    assert_eq!(case.meta("out.jsonl")["tokens"], 0, "nothing was left to do");
    assert!(!case.has("out.jsonl.partial.meta.json"));
}

#[test]
fn killed_twice_loses_nothing_of_the_first() {
    let case = Case::new(60);
    let (want, _) = case.done("whole.jsonl", &[]);
    case.killed("out.jsonl");
    case.place.run(&["search", "out.jsonl", "fox"]).failed(1, &["semantik search out.jsonl.partial"]);
    let first = whole(&case.place.read("out.jsonl.partial")).len();
    case.killed("out.jsonl");
    let partial = whole(&case.place.read("out.jsonl.partial")).len();
    let kept = if case.has("out.jsonl.partial.kept") {
        whole(&case.place.read("out.jsonl.partial.kept")).len()
    } else {
        0
    };
    assert!(partial + kept >= first, "{partial} and {kept} of {first}");
    let (got, err) = case.done("out.jsonl", &[]);
    assert_same(&got, &want);
    assert!(err.contains("going on from") && err.contains("kept: "), "{err}");
}

#[test]
fn a_half_line_is_cut_off_and_what_is_behind_rubbish_is_used_again() {
    let case = Case::new(12);
    let (want, _) = case.done("whole.jsonl", &[]);
    let lines = case.place.read("whole.jsonl");
    let meta = case.place.read("whole.jsonl.meta.json");
    let ends: Vec<usize> = lines.match_indices('\n').map(|(at, _)| at + 1).collect();
    let middle = ends[ends.len() / 2];
    let cases = [
        lines[..middle + 40].to_owned(),
        lines[..7].to_owned(),
        format!("{}\0\0\0\n{}", &lines[..middle], &lines[middle..]),
        format!("{}rubbish\n", &lines[..middle]),
        lines.clone(),
        // Documents in another order, and one that nobody knows.
        format!("{}{}", &lines[middle..], &lines[..middle]).replacen("docs/003.txt", "docs/gone.txt", 1),
    ];
    for (number, partial) in cases.iter().enumerate() {
        case.place.put("out.jsonl.partial", partial);
        case.place.put("out.jsonl.partial.meta.json", &meta);
        let (got, err) = case.done("out.jsonl", &[]);
        assert_same(&got, &want);
        assert!(number == 1 || err.contains("kept: "), "{number}: {err}");
        if number == 0 || number == 1 {
            case.place.put("half.jsonl.partial", partial);
            case.place.put("half.jsonl.partial.meta.json", &meta);
            let search = case.place.run(&["search", "half.jsonl.partial", "fox", "--backend", "cpu"]);
            assert_eq!(search.code == Some(0), number == 0, "{}", search.err);
        }
    }
}

#[test]
fn what_changed_meanwhile_is_done_and_what_is_gone_is_left_out() {
    let case = Case::new(20);
    case.done("out.jsonl", &[]);
    let (lines, meta) = (case.place.read("out.jsonl"), case.place.read("out.jsonl.meta.json"));
    case.place.put("next.jsonl.partial", &lines);
    case.place.put("next.jsonl.partial.meta.json", &meta);
    case.place.put("docs/000-new.txt", "the quick fox is new.\n");
    case.place.put("docs/005.txt", text(5).replacen("Document 5", "Document five", 1));
    fs::remove_file(case.place.path().join("docs/010.txt")).unwrap();
    let (want, _) = case.done("anew.jsonl", &[]);
    for (out, more) in [("next.jsonl", &[][..]), ("out.jsonl", &["--update"])] {
        let (got, err) = case.done(out, more);
        assert_same(&got, &want);
        let meta = case.meta(out);
        assert_eq!(meta["run"]["kept_documents"], 18, "{meta}");
        assert_eq!(meta["run"]["gone_documents"], 1, "{meta}");
        assert!(meta["run"]["reused_vectors"].as_u64() > Some(0), "{meta}");
        assert_eq!(meta["chunks"].as_u64(), Some(want.len() as u64));
        assert!(err.contains("1 document is no longer there"), "{err}");
    }
    // Once more: there is nothing to do.
    let (got, _) = case.done("out.jsonl", &["--update"]);
    assert_same(&got, &want);
    let meta = case.meta("out.jsonl");
    assert_eq!((&meta["run"]["kept_documents"], &meta["tokens"]), (&20.into(), &0.into()));
}

#[test]
fn a_partial_of_something_else_is_moved_aside_with_the_reason() {
    let case = Case::new(60);
    case.killed("out.jsonl");
    let left = case.place.read("out.jsonl.partial");
    let (_, err) = case.done("out.jsonl", &["--size", "20"]);
    assert!(err.contains("out.jsonl.partial.1") && err.contains("size 20 instead of"), "{err}");
    assert_eq!(case.place.read("out.jsonl.partial.1"), left);
    assert!(case.has("out.jsonl.partial.1.meta.json"));
    let search = case.place.run(&["search", "out.jsonl.partial.1", "fox", "--backend", "cpu"]);
    assert_eq!(search.code, Some(0), "{}", search.err);

    case.killed("out.jsonl");
    let (_, err) = case.done("out.jsonl", &["--no-resume"]);
    assert!(err.contains("out.jsonl.partial.2") && !err.contains("going on"), "{err}");

    // Nothing beside it says what made it.
    case.place.put("odd.jsonl.partial", "{\"document\":\"docs/000.txt\"}\n");
    let (_, err) = case.done("odd.jsonl", &[]);
    assert!(err.contains("odd.jsonl.partial.1") && err.contains("meta.json"), "{err}");
    assert_eq!(case.place.read("odd.jsonl.partial.1"), "{\"document\":\"docs/000.txt\"}\n");
}

#[test]
fn an_update_of_what_another_configuration_made_is_refused_and_one_of_nothing_is_a_run() {
    let case = Case::new(3);
    case.done("out.jsonl", &["--update"]);
    let before = case.place.read("out.jsonl");
    let ran = case.embed("out.jsonl", &["--size", "20", "--update"]);
    // The run has 20 and the file has more, and not the other way round.
    ran.failed(1, &["out.jsonl", "in this run: size 20 instead of"]);
    assert_eq!(case.place.read("out.jsonl"), before);
    case.place.run(&["embed", "docs", "--update"]).failed_usage("--output");
}

#[test]
fn a_second_run_on_the_same_output_is_refused_with_the_first_ones_process() {
    let case = Case::new(200);
    let mut child = case.spawn("out.jsonl");
    case.wait_for_records("out.jsonl");
    let pid = child.id().to_string();
    case.embed("out.jsonl", &[]).failed(1, &["out.jsonl", &pid]);
    let chunk = case.place.run(&["chunk", "docs", "-o", "out.jsonl"]);
    chunk.failed(1, &["out.jsonl", &pid]);
    let status = case.place.run(&["status", "out.jsonl"]);
    assert!(status.out.contains(&format!("being written by process {pid}")), "{}", status.out);
    child.kill().unwrap();
    child.wait().unwrap();
    let status: Value =
        serde_json::from_str(&case.place.run(&["status", "out.jsonl.partial", "--format", "json"]).out)
            .unwrap();
    assert_eq!((&status["is_being_written"], &status["finished"]), (&false.into(), &Value::Null));
    let records = whole(&case.place.read("out.jsonl.partial")).len();
    assert_eq!(status["partial"]["records"].as_u64(), Some(records as u64));
    assert_eq!(status["partial"]["meta"]["run"]["found"], 200);
    // The lock of a process that is gone holds nobody up.
    case.done("out.jsonl", &[]);
    let status: Value =
        serde_json::from_str(&case.place.run(&["status", "out.jsonl", "--format", "json"]).out).unwrap();
    assert_eq!((&status["partial"], &status["finished"]["left"]), (&Value::Null, &0.into()));
    assert_eq!(status["finished"]["meta"]["run"]["finished"], 200);
    case.place.run(&["status", "nowhere.jsonl"]).failed(1, &["nowhere.jsonl"]);
}

#[test]
fn an_output_that_cannot_be_renamed_leaves_its_records() {
    let case = Case::new(200);
    let child = case.spawn("out.jsonl");
    case.wait_for_records("out.jsonl");
    fs::create_dir(case.place.path().join("out.jsonl")).unwrap();
    fs::write(case.place.path().join("out.jsonl/x"), "").unwrap();
    let ended = ran(child.wait_with_output().unwrap());
    ended.failed(1, &["out.jsonl.partial"]);
    assert!(ended.err.contains("`semantik search` takes it"), "{}", ended.err);
    let left = whole(&case.place.read("out.jsonl.partial"));
    assert_eq!(case.meta("out.jsonl.partial")["interrupted"], true);
    fs::remove_dir_all(case.place.path().join("out.jsonl")).unwrap();
    let (got, _) = case.done("out.jsonl", &[]);
    assert_same(&got, &left);
    assert_eq!(case.meta("out.jsonl")["tokens"], 0, "nothing was left to do");
}

#[cfg(unix)]
#[test]
fn a_request_to_end_keeps_what_is_finished_and_the_same_command_goes_on() {
    let case = Case::new(200);
    let (want, _) = case.done("whole.jsonl", &[]);
    for signal in ["-TERM", "-INT", "-HUP"] {
        let out = format!("out{signal}.jsonl");
        let child = case.spawn(&out);
        case.wait_for_records(&out);
        let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let ended = ran(child.wait_with_output().unwrap());
        // On a fast machine the run may have ended before the signal came.
        if ended.code == Some(0) {
            continue;
        }
        assert_eq!(ended.code, Some(130), "{signal}: {}", ended.err);
        let text = case.place.read(&format!("{out}.partial"));
        assert!(text.ends_with('\n'));
        let meta = case.meta(&format!("{out}.partial"));
        assert_eq!(meta["chunks"].as_u64(), Some(records(&text).len() as u64), "{signal}");
        assert!(ended.err.contains("goes on from there"), "{}", ended.err);
        let (got, _) = case.done(&out, &[]);
        assert_same(&got, &want);
    }
}

/// A file system of a few hundred KiB; `None` where mounting is not allowed.
#[cfg(target_os = "linux")]
struct Small(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Small {
    fn mount(at: &std::path::Path, kib: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "none"]).arg(at);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| Small(at.to_owned()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_what_was_finished_and_with_room_the_run_goes_on() {
    let case = Case::new(60);
    let (want, _) = case.done("whole.jsonl", &[]);
    // No skip that a run refuses: whether mounting is allowed is not the machine's owner's to mend.
    #[allow(clippy::print_stdout)]
    let Some(small) = Small::mount(&case.place.path().join("small"), 600) else {
        println!("skipped: mounting is not allowed here");
        return;
    };
    let ended = case.embed("small/out.jsonl", &[]);
    ended.failed(1, &["small/out.jsonl.partial", "has room"]);
    assert!(ended.err.contains("`semantik search` takes it"), "{}", ended.err);
    let left = case.place.read("small/out.jsonl.partial");
    assert!(left.ends_with('\n') && left.len() > 300_000, "{} bytes", left.len());
    let left = records(&left);
    assert_same(&left, &want[..left.len()]);
    let search = case.place.run(&[
        "search",
        "small/out.jsonl.partial",
        "fox",
        "--backend",
        "cpu",
        "--format",
        "jsonl",
    ]);
    assert_eq!(search.records().len(), 5);
    let status = case.place.run(&["status", "small/out.jsonl"]);
    assert!(status.out.contains(&format!("records    {}", left.len())), "{}", status.out);
    // Still full: nothing is lost by trying.
    case.embed("small/out.jsonl", &[]).failed(1, &["small/out.jsonl"]);
    assert_eq!(records(&case.place.read("small/out.jsonl.partial")).len(), left.len());
    let grown = std::process::Command::new("mount").args(["-o", "remount,size=16m"]).arg(&small.0).status();
    assert!(grown.unwrap().success());
    let (got, err) = case.done("small/out.jsonl", &[]);
    assert_same(&got, &want);
    assert!(err.contains("kept: "), "{err}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_a_files_size_is_as_a_full_disk() {
    use std::process::Command;

    let case = Case::new(60);
    let (want, _) = case.done("whole.jsonl", &[]);
    // The shell's limit counts blocks of 1024 bytes; past it a write fails, once the signal that goes with it is ignored.
    let words: Vec<String> = case.args("out.jsonl", &[]).iter().map(|word| format!("'{word}'")).collect();
    let line =
        format!("trap '' XFSZ; ulimit -f 300; exec '{}' {}", env!("CARGO_BIN_EXE_semantik"), words.join(" "));
    let ended =
        ran(Command::new("bash").args(["-c", &line]).current_dir(case.place.path()).output().unwrap());
    ended.failed(1, &["out.jsonl.partial"]);
    let left = case.place.read("out.jsonl.partial");
    assert!(left.ends_with('\n') && left.len() > 200_000, "{} bytes", left.len());
    let (got, _) = case.done("out.jsonl", &[]);
    assert_same(&got, &want);
}

#[test]
fn documents_that_were_cut_into_levels_go_on_too() {
    let case = Case::new(30);
    let levels = ["--strategy", "hierarchical", "--size", "12"];
    let (want, _) = case.done("whole.jsonl", &levels);
    let lines = case.place.read("whole.jsonl");
    let ends: Vec<usize> = lines.match_indices('\n').map(|(at, _)| at + 1).collect();
    for part in 1..4 {
        case.place.put("out.jsonl.partial", &lines[..ends[ends.len() * part / 4]]);
        case.place.put("out.jsonl.partial.meta.json", case.place.read("whole.jsonl.meta.json"));
        let (got, err) = case.done("out.jsonl", &levels);
        assert_same(&got, &want);
        assert!(err.contains("kept: "), "{err}");
    }
}

#[test]
fn a_document_that_fails_today_keeps_what_was_made_of_it_before() {
    let case = Case::new(5);
    let (first, _) = case.done("out.jsonl", &[]);
    let of = |records: &[Value], name: &str| -> Vec<Value> {
        records.iter().filter(|record| record["document"] == name).cloned().collect()
    };
    // One cannot be decoded any more, one has changed, one is gone.
    let good = case.place.read("docs/001.txt");
    case.place.put("docs/001.txt", b"not \xff UTF-8");
    case.place.put("docs/002.txt", text(77));
    fs::remove_file(case.place.path().join("docs/003.txt")).unwrap();
    for round in 0..2 {
        let ran = case.embed("out.jsonl", &["--update"]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(
            ran.err.contains("docs/001.txt") && ran.err.contains("records of an earlier run were kept"),
            "{}",
            ran.err
        );
        let now = records(&case.place.read("out.jsonl"));
        assert_eq!(of(&now, "docs/001.txt"), of(&first, "docs/001.txt"), "round {round}");
        assert!(of(&now, "docs/003.txt").is_empty() && !of(&now, "docs/002.txt").is_empty());
        assert_ne!(of(&now, "docs/002.txt"), of(&first, "docs/002.txt"));
        let meta = case.meta("out.jsonl");
        assert_eq!(meta["run"]["stale_documents"], serde_json::json!(["docs/001.txt"]));
        assert_eq!(meta["chunks"], now.len());
        let status = case.place.run(&["status", "out.jsonl"]).out;
        assert!(
            status.contains("docs/001.txt: it failed, and has the records of an earlier run"),
            "{status}"
        );
    }
    // As soon as it can be read it is as any other.
    case.place.put("docs/001.txt", good);
    let (last, err) = case.done("out.jsonl", &["--update"]);
    assert!(!err.contains("earlier run were kept"), "{err}");
    assert_eq!(of(&last, "docs/001.txt"), of(&first, "docs/001.txt"));
    assert_eq!(case.meta("out.jsonl")["run"]["stale_documents"], serde_json::json!([]));
}

#[test]
fn a_document_that_fails_when_a_run_goes_on_keeps_what_the_first_made() {
    let case = Case::new(5);
    let (want, _) = case.done("whole.jsonl", &[]);
    let lines = case.place.read("whole.jsonl");
    let is_before = |record: &&Value| record["document"].as_str().unwrap() < "docs/003.txt";
    let three = want.iter().filter(is_before).count();
    let end = lines.match_indices('\n').nth(three).unwrap().0 + 1;
    // The fourth may not have been finished: its records are not known to be all.
    for failing in ["docs/000.txt", "docs/002.txt", "docs/003.txt"] {
        case.place.put("out.jsonl.partial", &lines[..end]);
        case.place.put("out.jsonl.partial.meta.json", case.place.read("whole.jsonl.meta.json"));
        let good = case.place.read(failing);
        case.place.put(failing, b"not \xff UTF-8");
        assert_eq!(case.embed("out.jsonl", &[]).code, Some(1));
        let now = records(&case.place.read("out.jsonl"));
        let of = |records: &[Value]| records.iter().filter(|record| record["document"] == failing).count();
        assert_eq!(of(&now), if failing == "docs/003.txt" { 0 } else { of(&want) }, "{failing}");
        assert_eq!(now.len() + of(&want) - of(&now), want.len());
        case.place.put(failing, good);
    }
}

#[test]
fn a_report_has_every_document() {
    let case = Case::new(4);
    case.place.put("docs/bad.txt", b"not \xff UTF-8");
    let ran = case.embed("out.jsonl", &["--report", "report.json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let report: Value = serde_json::from_str(&case.place.read("report.json")).unwrap();
    let documents = report["documents"].as_array().unwrap();
    assert_eq!((documents.len(), &report["done"], &report["failed"]), (5, &4.into(), &1.into()));
    let bad = documents.iter().find(|document| document["document"] == "docs/bad.txt").unwrap();
    assert!(bad["outcome"] == "failed" && bad["error"].as_str().unwrap().contains("byte 4"), "{bad}");
    let chunks: u64 = documents.iter().map(|document| document["chunks"].as_u64().unwrap()).sum();
    assert_eq!(chunks, records(&case.place.read("out.jsonl")).len() as u64);
    assert!(
        documents
            .iter()
            .all(|document| document["outcome"] == "failed" || document["tokens"].as_u64() > Some(0))
    );
}

/// Batches of two texts, so that their number and their padding are known.
#[test]
fn a_report_has_what_the_batches_came_to() {
    let case = Case::new(0);
    case.place.put("docs/a.txt", "the fox");
    case.place.put("docs/b.txt", "the quick fox and the quick dogs");
    case.place.put("docs/c.txt", "the dogs");
    let (found, _) = case.done("out.jsonl", &["--report", "report.json", "--max-batch-size", "2"]);
    let report: Value = serde_json::from_str(&case.place.read("report.json")).unwrap();
    let batches = &report["run"]["batches"];
    assert_eq!((&batches["batches"], &batches["texts"]), (&2.into(), &found.len().into()), "{report}");
    assert_eq!(batches["tokens"], report["tokens"], "{report}");
    let of = |name: &str| batches[name].as_f64().unwrap();
    let padding = 1.0 - of("tokens") / of("computed_tokens");
    assert!((of("padding") - padding).abs() < 1e-9, "{report}");
    assert!(of("fill") > 0.0 && of("fill") < 0.5, "two short texts keep nothing busy: {report}");
    assert_eq!((of("out_of_memory"), of("pressure_seconds")), (0.0, 0.0), "{report}");
    // Nothing is embedded again: there is nothing of which there could be a share.
    case.done("out.jsonl", &["--report", "report.json", "--update"]);
    let report: Value = serde_json::from_str(&case.place.read("report.json")).unwrap();
    let batches = &report["run"]["batches"];
    assert_eq!(
        (&batches["batches"], &batches["padding"], &batches["fill"]),
        (&0.into(), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_report_in_the_place_of_records_or_nowhere_is_refused_before_the_work() {
    let case = Case::new(2);
    let (_, _) = case.done("out.jsonl", &[]);
    let before = case.place.read("out.jsonl");
    for report in
        ["out.jsonl", "./out.jsonl", "docs/../out.jsonl", "out.jsonl.partial", "out.jsonl.meta.json"]
    {
        let ran = case.embed("out.jsonl", &["--report", report]);
        ran.failed(2, &["--report", "out.jsonl"]);
    }
    case.place
        .run(&["chunk", "docs", "-o", "new.jsonl", "--report", "new.jsonl"])
        .failed(2, &["--report", "new.jsonl"]);
    if cfg!(unix) {
        case.place.run(&["chunk", "docs", "--report", "/dev/stdout"]).failed(2, &["--report", "/dev/stdout"]);
        // As a shell does for `> out.jsonl`.
        let redirected =
            fs::OpenOptions::new().append(true).open(case.place.path().join("out.jsonl")).unwrap();
        let mut command = case.place.command(&["chunk", "docs", "--report", "out.jsonl"]);
        assert_eq!(command.stdout(redirected).status().unwrap().code(), Some(2));
    }
    for report in ["nowhere/report.json", "docs"] {
        case.embed("new.jsonl", &["--report", report]).failed(1, &[report]);
        case.place.run(&["chunk", "docs", "-o", "new.jsonl", "--report", report]).failed(1, &[report]);
    }
    assert_eq!(case.place.read("out.jsonl"), before);
    assert!(!case.has("new.jsonl") && !case.has("new.jsonl.partial"));
}

#[test]
fn a_run_of_which_nothing_came_leaves_what_was_there() {
    let case = Case::new(3);
    case.done("out.jsonl", &[]);
    let (before, meta) = (case.place.read("out.jsonl"), case.place.read("out.jsonl.meta.json"));
    std::fs::rename(case.place.path().join("docs"), case.place.path().join("moved")).unwrap();
    case.place.put("bad.txt", b"not \xff UTF-8");
    for input in ["docs", "bad.txt"] {
        for more in [&[][..], &["--update"], &["--no-resume"]] {
            let args = case.args("out.jsonl", more);
            let args: Vec<&str> =
                args.into_iter().map(|arg| if arg == "docs" { input } else { arg }).collect();
            let ran = case.place.run(&args);
            assert_eq!(ran.code, Some(1), "{}", ran.err);
            assert!(ran.err.contains("out.jsonl is as it was"), "{}", ran.err);
            assert_eq!(case.place.read("out.jsonl"), before, "{input} {more:?}");
            assert_eq!(case.place.read("out.jsonl.meta.json"), meta, "{input} {more:?}");
        }
        let ran = case.place.run(&["chunk", input, "-o", "out.jsonl"]);
        assert_eq!((ran.code, case.place.read("out.jsonl")), (Some(1), before.clone()), "{}", ran.err);
    }
    std::fs::rename(case.place.path().join("moved"), case.place.path().join("docs")).unwrap();
    let (got, _) = case.done("out.jsonl", &["--update"]);
    assert_eq!(got.len(), records(&before).len());
}

#[test]
fn what_cannot_be_searched_is_named_and_nothing_of_it_is_left_out() {
    let case = Case::new(2);
    case.done("out.jsonl", &[]);
    let search = |file: &str, question: &str| case.place.run(&["search", file, question, "--backend", "cpu"]);
    search("out.jsonl", " \n").failed(2, &["question"]);
    assert!(!search("nowhere.jsonl", "fox").err.contains("meta.json:"));
    search("nowhere.jsonl", "fox").failed(1, &["nowhere.jsonl is not there"]);
    search("docs", "fox").failed(1, &["docs is no file"]);
    let (whole, meta) = (case.place.read("out.jsonl"), case.place.read("out.jsonl.meta.json"));
    let put = |records: &str| {
        case.place.put("x.jsonl", records);
        case.place.put("x.jsonl.meta.json", &meta);
    };
    put(&whole[..whole.len() - 20]);
    search("x.jsonl", "fox").failed(1, &["x.jsonl: line", "cut off"]);
    let (head, tail) = whole.split_once("\"embedding\":[").unwrap();
    let (_, tail) = tail.split_once(',').unwrap();
    put(&format!("{head}\"embedding\":[1e39,{tail}"));
    search("x.jsonl", "fox").failed(1, &["x.jsonl: line 1", "number 0", "not finite"]);
}

#[test]
fn blank_chunks_get_no_vector_and_are_not_found_and_equal_texts_are_embedded_once() {
    let case = Case::new(0);
    case.place.put("docs/form.txt", format!("the fox.{}the dog.", "\n".repeat(1500)));
    case.place.put("docs/blank.txt", "---\n\n...\n");
    case.place.put("docs/twice-a.txt", "the quick fox");
    case.place.put("docs/twice-b.txt", "the quick fox");
    let (found, err) =
        case.done("out.jsonl", &["-s", "character", "--unit", "chars", "--size", "100", "--overlap", "0"]);
    let is_blank = |record: &Value| !record["text"].as_str().unwrap().contains(char::is_alphanumeric);
    assert!(found.iter().filter(|record| is_blank(record)).count() > 5);
    for record in &found {
        assert_eq!(record.get("embedding").is_none(), is_blank(record), "{record}");
    }
    let own: String = found
        .iter()
        .filter(|record| record["document"] == "docs/form.txt")
        .map(|record| record["text"].as_str().unwrap())
        .collect();
    assert_eq!(own, case.place.read("docs/form.txt"), "the chunks tile the document still");
    assert!(err.contains("no letter, digit or symbol") && err.contains("same as another"), "{err}");
    let hits = case
        .place
        .run(&["search", "out.jsonl", "fox", "-k", "50", "--backend", "cpu", "--format", "jsonl"])
        .records();
    assert_eq!(hits.len(), found.iter().filter(|record| !is_blank(record)).count());
    let twins: Vec<&Value> =
        found.iter().filter(|record| record["document"].as_str().unwrap().contains("twice")).collect();
    assert_eq!((twins.len(), &twins[0]["embedding"]), (2, &twins[1]["embedding"]));
    // Kept as they are by the next run.
    let (again, _) = case.done(
        "out.jsonl",
        &["-s", "character", "--unit", "chars", "--size", "100", "--overlap", "0", "--update"],
    );
    assert_same(&again, &found);
    assert_eq!(case.meta("out.jsonl")["tokens"], 0);
}

#[test]
fn on_any_number_of_threads_the_output_is_the_same_byte_for_byte() {
    let case = Case::new(40);
    let on = |threads: &str| {
        let (_, err) = case.done("out.jsonl", &["--threads", threads]);
        (case.place.read("out.jsonl"), err)
    };
    let (want, _) = on("1");
    for threads in ["2", "5"] {
        let (got, err) = on(threads);
        assert!(got == want, "on {threads} threads it is something else: {err}");
    }
    for none in ["0", "many", "70000"] {
        case.embed("out.jsonl", &["--threads", none]).failed_usage("--threads");
    }
}
