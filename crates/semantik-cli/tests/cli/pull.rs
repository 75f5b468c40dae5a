//! `model pull`, against a server on this machine: what is brought, where it is put, and what is left when it goes wrong.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use self::server::{Fault, Hub};
use crate::place::{Place, Ran, ran, records};

const NAME: &str = "org/tiny";
const FOLDER: &str = "models--org--tiny";
const COMMIT: &str = "00112233445566778899aabbccddeeff00112233";
const WEIGHTS: &str = "model.safetensors";

/// A tiny model that is served, and a folder to run in.
struct Case {
    hub: Hub,
    place: Place,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../embed-burn/tests/fixtures/parity").join(name)
}

impl Case {
    fn new() -> Self {
        let case = Case { hub: Hub::start(), place: Place::new() };
        case.hub.put(NAME, COMMIT, &fixture("bert"));
        case.place.put("docs/a.md", "Foxes are quick.");
        case
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.place.command(args);
        let of_others = [
            "HF_HOME",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HUGGING_FACE_HUB_TOKEN",
            "HF_HUB_OFFLINE",
            "TRANSFORMERS_OFFLINE",
            "SENTENCE_TRANSFORMERS_HOME",
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ];
        for name in of_others {
            command.env_remove(name);
        }
        command
            .env("HF_ENDPOINT", self.hub.url())
            .env("HF_HUB_CACHE", self.cache())
            .env("HF_HOME", self.cache());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    fn pull(&self) -> Ran {
        self.run(&["model", "pull", NAME])
    }

    fn cache(&self) -> PathBuf {
        self.place.path().join("hub")
    }

    fn model(&self) -> PathBuf {
        self.cache().join(FOLDER)
    }

    fn snapshot(&self) -> PathBuf {
        self.model().join("snapshots").join(COMMIT)
    }

    /// Embeds with a model that was brought, and asks nobody.
    fn embeds(&self, name: &str) {
        self.hub.came();
        let ran = self.run(&["embed", "docs", "--model", name, "--backend", "cpu", "-q"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(records(&ran.out)[0]["embedding"].as_array().unwrap().len(), 32);
        assert!(self.hub.came().is_empty());
    }

    /// What is there of files that are not whole.
    fn incomplete(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.model().join("blobs")).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "incomplete"))
            .collect()
    }

    /// Begins to bring the model, until so much of the weights is there and nothing more comes.
    fn stalled(&self, at: usize) -> Child {
        self.hub.fault(WEIGHTS, Fault::Stalls(at));
        let mut command = self.command(&["model", "pull", NAME]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let there = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.len() == at as u64);
        while !self.incomplete().iter().any(there) {
            std::thread::sleep(Duration::from_millis(10));
        }
        child
    }

    /// Brings the rest, and gives the ranges that were asked for.
    fn goes_on(&self) -> Vec<String> {
        self.hub.came();
        let ran = self.pull();
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let ranges = self.hub.came().into_iter().filter_map(|came| came.range).collect();
        assert_eq!(
            fs::read(self.snapshot().join(WEIGHTS)).unwrap(),
            fs::read(fixture("bert").join(WEIGHTS)).unwrap()
        );
        assert!(self.incomplete().is_empty());
        ranges
    }
}

#[test]
fn what_a_model_needs_is_brought_into_the_hubs_layout_and_opens_by_name() {
    let case = Case::new();
    case.hub.set(NAME, "onnx/model.onnx", Some(b"no"));
    case.hub.set(NAME, "pytorch_model.bin", Some(b"no"));
    let brought = case.run(&["model", "pull", NAME]);
    assert_eq!(brought.code, Some(0), "{}", brought.err);
    assert_eq!(Path::new(brought.out.trim_end()), case.snapshot());
    assert!(brought.err.contains("org/tiny") && brought.err.contains("9 files"), "{}", brought.err);
    assert_eq!(fs::read_to_string(case.model().join("refs/main")).unwrap(), COMMIT);
    let mut names = Vec::new();
    for file in ["config.json", "1_Pooling/config.json", WEIGHTS, "modules.json", "tokenizer.json"] {
        let path = case.snapshot().join(file);
        assert_eq!(fs::read(&path).unwrap(), fs::read(fixture("bert").join(file)).unwrap(), "{file}");
        names.push(fs::canonicalize(&path).unwrap().file_name().unwrap().to_str().unwrap().to_owned());
        #[cfg(unix)]
        assert!(fs::read_link(&path).unwrap().starts_with(".."), "a cache can be moved");
    }
    assert_eq!(names[2].len(), 64, "{names:?}");
    assert!(names.iter().enumerate().all(|(at, name)| at == 2 || name.len() == 40), "{names:?}");
    for file in ["expected.json", "onnx", "pytorch_model.bin"] {
        assert!(!case.snapshot().join(file).exists(), "{file}");
    }
    assert!(
        case.hub.came().iter().all(|came| came.path.contains("1_Pooling") || !came.path.contains("onnx"))
    );
    case.embeds(NAME);
    assert!(case.run(&["model", "list"]).out.lines().any(|line| line == NAME));

    // Again, and nothing is sent: only asked after.
    let again = case.pull();
    assert!(again.code == Some(0) && again.err.contains("all of it was there already"), "{}", again.err);
    let asked = case.hub.came();
    assert!(asked.iter().all(|came| came.method == "HEAD" || came.path.starts_with("/api/")), "{asked:?}");
}

#[test]
fn weights_of_pytorch_are_brought_where_there_are_no_others() {
    let case = Case::new();
    // Of another commit: that is what the server finds files by.
    case.hub.put("org/pickled", "ffeeddccbbaa99887766554433221100ffeeddcc", &fixture("pickled"));
    case.hub.set("org/pickled", "tf_model.h5", Some(b"no"));
    let brought = case.run(&["model", "pull", "org/pickled"]);
    assert_eq!(brought.code, Some(0), "{}", brought.err);
    let snapshot = PathBuf::from(brought.out.trim_end());
    for file in ["pytorch_model.bin", "2_Dense/pytorch_model.bin"] {
        let (got, want) = (fs::read(snapshot.join(file)), fs::read(fixture("pickled").join(file)));
        assert_eq!(got.unwrap(), want.unwrap(), "{file}");
    }
    assert!(!snapshot.join("tf_model.h5").exists());
    let ran = case.run(&["embed", "docs", "--model", "org/pickled", "--backend", "cpu", "-q"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(records(&ran.out)[0]["embedding"].as_array().unwrap().len(), 20);
}

#[test]
fn a_token_is_for_the_hub_alone() {
    let case = Case::new();
    case.hub.gate(NAME);
    let denied = case.pull();
    denied.failed(1, &[NAME, "401", "gated", "HF_TOKEN", &format!("{}/{NAME}", case.hub.url())]);
    assert!(!case.model().exists());
    case.hub.came();
    let brought = ran(case.command(&["model", "pull", NAME]).env("HF_TOKEN", "secret").output().unwrap());
    assert!(brought.code == Some(0) && !brought.err.contains("secret"), "{}", brought.err);
    for came in case.hub.came() {
        let is_hubs = !came.path.starts_with("/elsewhere/");
        assert_eq!(came.token.as_deref(), is_hubs.then_some("secret"), "{came:?}");
    }
    case.embeds(NAME);
    case.place.put("token", "of a file\n");
    let token = case.place.path().join("token");
    let wrong = ran(case.command(&["model", "pull", NAME]).env("HF_TOKEN_PATH", token).output().unwrap());
    wrong.failed(2, &["HF_TOKEN"]);
}

#[test]
fn a_connection_that_breaks_is_gone_on_with() {
    let case = Case::new();
    case.hub.fault(WEIGHTS, Fault::Breaks(40_000));
    case.hub.fault("tokenizer.json", Fault::Breaks(0));
    case.hub.fault("config.json", Fault::Busy);
    let ran = case.pull();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains(WEIGHTS) && ran.err.contains("trying again"), "{}", ran.err);
    assert!(case.hub.came().iter().any(|came| came.range.as_deref() == Some("bytes=40000-")));
    case.embeds(NAME);
}

#[test]
fn an_address_that_is_good_no_longer_is_asked_for_anew() {
    let case = Case::new();
    case.hub.fault(WEIGHTS, Fault::Expires);
    let ran = case.pull();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("403") && ran.err.contains("trying again"), "{}", ran.err);
    case.embeds(NAME);
}

#[test]
fn what_a_killed_download_left_is_gone_on_with() {
    let case = Case::new();
    let mut child = case.stalled(50_000);
    child.kill().unwrap();
    child.wait().unwrap();
    // What is not whole is not found by its name.
    let early = case.run(&["embed", "docs", "--model", NAME, "--backend", "cpu"]);
    early.failed(1, &["not finished", "semantik model pull"]);
    assert_eq!(case.goes_on(), ["bytes=50000-"]);
    case.embeds(NAME);
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_obeyed_while_nothing_comes() {
    let case = Case::new();
    let child = case.stalled(30_000);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let stopped = ran(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, Some(130), "{}", stopped.err);
    assert!(stopped.err.contains("what was received is kept"), "{}", stopped.err);
    assert_eq!(case.incomplete().len(), 1);
    assert!(case.goes_on().contains(&"bytes=30000-".to_owned()));
}

#[test]
fn what_was_left_may_be_all_or_too_much_or_spoilt() {
    let case = Case::new();
    let right = fs::read(fixture("bert").join(WEIGHTS)).unwrap();
    let long = [&right[..], b"more"].concat();
    let mut spoilt = right[..20_000].to_vec();
    spoilt[7] ^= 1;
    for (left, want) in [(&right, &[][..]), (&long, &[]), (&spoilt, &["bytes=20000-"])] {
        let mut child = case.stalled(10);
        child.kill().unwrap();
        child.wait().unwrap();
        fs::write(&case.incomplete()[0], left).unwrap();
        assert_eq!(case.goes_on(), want, "{} bytes", left.len());
        fs::remove_dir_all(case.model()).unwrap();
    }
    // Who keeps the files may not be able to send parts of them.
    let mut child = case.stalled(10_000);
    child.kill().unwrap();
    child.wait().unwrap();
    case.hub.fault(WEIGHTS, Fault::Whole);
    case.goes_on();
}

#[test]
fn bytes_that_are_not_the_hubs_are_never_found_by_name() {
    let case = Case::new();
    for file in ["tokenizer.json", WEIGHTS] {
        case.hub.fault(file, Fault::Spoils);
        case.pull().failed(1, &[NAME, file, "not those that the hub names", "hint:"]);
        assert!(!case.snapshot().exists() && case.incomplete().is_empty());
        case.hub.heal();
    }
    assert_eq!(case.pull().code, Some(0));
    case.embeds(NAME);
    // What was spoilt since is found out and brought again.
    let blob = fs::canonicalize(case.snapshot().join(WEIGHTS)).unwrap();
    let mut bytes = fs::read(&blob).unwrap();
    bytes[0] ^= 1;
    fs::write(&blob, bytes).unwrap();
    case.goes_on();

    let case = Case::new();
    case.hub.fault("config.json", Fault::Misnames);
    case.pull().failed(1, &[NAME, "config.json", "no known way"]);
    assert!(!case.place.path().join("escaped").exists() && !case.snapshot().exists());
}

#[test]
fn what_is_not_there_or_not_read_is_told_before_weights_are_brought() {
    let case = Case::new();
    let token = |args: &[&str]| ran(case.command(args).env("HF_TOKEN", "t").output().unwrap());
    case.run(&["model", "pull", "org/none"]).failed(1, &["org/none", "401", "HF_TOKEN"]);
    token(&["model", "pull", "org/none"]).failed(1, &["org/none", "404", "nothing of this name"]);
    let revision = case.run(&["model", "pull", "org/tiny@v9"]);
    revision.failed(1, &["org/tiny@v9", "404", "no such revision"]);
    for name in ["", "a/b/c", "../x", "org/tiny@", "org tiny"] {
        case.run(&["model", "pull", name]).failed(2, &["name", "ORGANISATION/NAME", "hint:"]);
    }
    case.hub.came();

    case.hub.set(NAME, WEIGHTS, None);
    case.hub.set(NAME, "tf_model.h5", Some(b"HDF"));
    case.pull().failed(1, &[NAME, "no pytorch_model.bin", "safetensors", "save_pretrained", "hint:"]);
    case.hub.set(NAME, WEIGHTS, Some(&vec![0; 70_000]));
    case.hub.set(NAME, "config.json", Some(br#"{"model_type": "llama9", "hidden_size": 4}"#));
    case.pull().failed(1, &[NAME, "llama9", "docs/models.md"]);
    let weights = |came: &server::Came| came.path.contains(WEIGHTS) || came.path.contains("tf_model");
    assert!(!case.hub.came().iter().any(weights));
    assert!(!case.snapshot().exists());
    case.hub.set(NAME, "tokenizer.json", None);
    case.pull().failed(1, &[NAME, "tokenizer.json"]);
}

#[test]
fn without_a_network_it_says_so_and_what_is_there_is_used() {
    let case = Case::new();
    let nobody = |command: &mut Command| {
        // A port that nothing listens on any more.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        ran(command.env("HF_ENDPOINT", format!("http://{free}")).output().unwrap())
    };
    let pull = || case.command(&["model", "pull", NAME]);
    nobody(&mut pull()).failed(1, &[NAME, "127.0.0.1", "is not reached", "--model DIR", "HF_HUB_CACHE"]);
    let offline = || ran(pull().env("HF_HUB_OFFLINE", "1").output().unwrap());
    offline().failed(1, &[NAME, "HF_HUB_OFFLINE", "--model DIR"]);
    case.hub.fault("listing", Fault::Busy);
    case.pull().failed(1, &[NAME, "503"]);
    assert_eq!(case.pull().code, Some(0));
    case.hub.came();
    let there = offline();
    assert!(there.code == Some(0) && there.err.contains("nobody was asked"), "{}", there.err);
    assert_eq!(Path::new(there.out.trim_end()), case.snapshot());
    assert!(case.hub.came().is_empty());
    let strange = ran(pull().env("HF_ENDPOINT", "nonsense").output().unwrap());
    strange.failed(2, &["HF_ENDPOINT", "nonsense"]);
}

#[test]
fn revisions_stand_beside_each_other_and_old_names_lead_to_new_ones() {
    let case = Case::new();
    let other = "ffeeddccbbaa99887766554433221100ffeeddcc";
    case.hub.put("org/tiny@v2", other, &fixture("bert"));
    assert_eq!(case.pull().code, Some(0));
    let brought = case.run(&["model", "pull", "org/tiny@v2"]);
    assert_eq!(brought.code, Some(0), "{}", brought.err);
    assert!(brought.err.contains("all of it was there already"), "the same bytes: {}", brought.err);
    let path = |name: &str| case.run(&["model", "path", name]).out;
    assert!(path("org/tiny@v2").contains(other) && path("org/tiny").contains(COMMIT));
    assert!(path(&format!("org/tiny@{other}")).contains(other));
    case.embeds("org/tiny@v2");
    case.run(&["embed", "docs", "--model", "org/tiny@v3"]).failed(1, &["v3", "semantik model pull"]);

    case.hub.rename("org/former", NAME);
    case.hub.fault("config.json", Fault::Unmeasured);
    let moved = case.run(&["model", "pull", "org/former"]);
    assert_eq!(moved.code, Some(0), "{}", moved.err);
    case.embeds("org/former");

    // Without an organisation: first sentence-transformers', then nobody's.
    case.hub.put("sentence-transformers/mini", COMMIT, &fixture("bert"));
    let named = case.run(&["model", "pull", "mini"]);
    assert!(named.code == Some(0) && named.err.contains("sentence-transformers/mini"), "{}", named.err);
    case.embeds("mini");
}

#[test]
fn what_a_model_is_is_told_for_people_and_for_programs() {
    let case = Case::new();
    let card = b"---\nlicense: apache-2.0\nlanguage:\n- en\n- de\n---\n# Tiny\n";
    case.hub.set(NAME, "README.md", Some(card));
    assert_eq!(case.pull().code, Some(0));
    let info = case.run(&["model", "info", NAME, "--json", "--backend", "cpu"]);
    assert_eq!(info.code, Some(0), "{}", info.err);
    let info: serde_json::Value = serde_json::from_str(&info.out).unwrap();
    let weights = fs::metadata(fixture("bert").join(WEIGHTS)).unwrap().len();
    assert!(info["bytes"].as_u64().unwrap() > weights);
    assert_eq!((&info["architecture"], &info["licence"]), (&"bert".into(), &"apache-2.0".into()));
    assert_eq!((&info["languages"], &info["dim"]), (&serde_json::json!(["en", "de"]), &32.into()));
    // What is in the file is what the configuration promises, to what stands around the encoder.
    let stored = info["weights"]["F32"].as_u64().unwrap();
    let parameters = info["parameters"].as_u64().unwrap();
    assert!(stored.abs_diff(parameters) * 10 < stored, "{stored} stored, {parameters} told");
    let batches = info["device"]["batches"].as_array().unwrap();
    assert!(!batches.is_empty() && batches.iter().all(|batch| batch["peak"].as_u64().unwrap() > 0));
    let dtypes: Vec<&str> =
        info["cpu_dtypes"].as_array().unwrap().iter().filter_map(|it| it["dtype"].as_str()).collect();
    assert!(dtypes.starts_with(&["f32", "f16"]), "{dtypes:?}");
    let text = case.run(&["model", "info", NAME, "--backend", "cpu"]).out;
    for says in
        ["architecture  bert", "licence       apache-2.0", "en, de", "weights in F32", "a batch of", "mean"]
    {
        assert!(text.contains(says), "{says}: {text}");
    }
    let plain = case.run(&["model", "info", fixture("bert").to_str().unwrap(), "--backend", "cpu"]).out;
    assert!(
        plain.contains("licence       not stated") && plain.contains("languages     not stated"),
        "{plain}"
    );
}
