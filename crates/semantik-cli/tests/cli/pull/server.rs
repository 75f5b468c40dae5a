//! A small hub: a real server on this machine that answers as a hub does, and fails as networks do.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) range: Option<String>,
    pub(super) token: Option<String>,
}

/// What goes wrong with the bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The connection breaks behind so many bytes of an answer; once.
    Breaks(usize),
    /// Nothing more comes behind so many bytes of an answer, and the connection stays; once.
    Stalls(usize),
    /// One bit of every answer is another.
    Spoils,
    /// Parts are not sent, only the whole.
    Whole,
    /// The server is not at work, once.
    Busy,
    /// Where the bytes were said to be they are not given any more; once.
    Expires,
    /// Nothing is said of the length before the bytes come.
    Unmeasured,
    /// It names the bytes so that a careless program writes elsewhere.
    Misnames,
}

#[derive(Debug, Default)]
struct Model {
    commit: String,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Default)]
struct State {
    /// By name, and by `name@revision`.
    models: HashMap<String, Model>,
    moved: HashMap<String, String>,
    gated: Vec<String>,
    faults: HashMap<String, Fault>,
    came: Vec<Came>,
}

/// The server; it is gone with the process.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// Files from so many bytes on are kept elsewhere, and named by another hash.
const LARGE: usize = 60_000;

impl Hub {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hub = Hub { address: listener.local_addr().unwrap(), state: Arc::default() };
        let serving = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let hub = serving.clone();
                // A client that goes away in the middle of an answer is an everyday thing.
                std::thread::spawn(move || hub.answer(stream));
            }
        });
        hub
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves the files of a folder.
    pub(super) fn put(&self, name: &str, commit: &str, folder: &Path) {
        let mut files = BTreeMap::new();
        read(folder, "", &mut files);
        self.state().models.insert(name.to_owned(), Model { commit: commit.to_owned(), files });
    }

    /// Adds a file, or takes one away.
    pub(super) fn set(&self, name: &str, file: &str, bytes: Option<&[u8]>) {
        let mut state = self.state();
        let files = &mut state.models.get_mut(name).unwrap().files;
        match bytes {
            Some(bytes) => files.insert(file.to_owned(), bytes.to_vec()),
            None => files.remove(file),
        };
    }

    pub(super) fn fault(&self, file: &str, fault: Fault) {
        self.state().faults.insert(file.to_owned(), fault);
    }

    pub(super) fn heal(&self) {
        self.state().faults.clear();
    }

    pub(super) fn gate(&self, name: &str) {
        self.state().gated.push(name.to_owned());
    }

    /// Requests for one name are sent on to another.
    pub(super) fn rename(&self, from: &str, to: &str) {
        self.state().moved.insert(from.to_owned(), to.to_owned());
    }

    /// What came since the last look.
    pub(super) fn came(&self) -> Vec<Came> {
        std::mem::take(&mut self.state().came)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// One request, and then the end of the connection.
    fn answer(&self, mut stream: TcpStream) {
        let Some(came) = request(&stream) else { return };
        self.state().came.push(came.clone());
        let answer = self.find(&came);
        let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", answer.status);
        for (name, value) in &answer.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if came.method != "HEAD" || !matches!(answer.fault, Some(Fault::Unmeasured)) {
            let _ = write!(head, "Content-Length: {}\r\n", answer.body.len());
        }
        head += "\r\n";
        if stream.write_all(head.as_bytes()).is_err() || came.method == "HEAD" {
            return;
        }
        let (bytes, stalls) = match answer.fault {
            Some(Fault::Breaks(at)) => (&answer.body[..at.min(answer.body.len())], false),
            Some(Fault::Stalls(at)) => (&answer.body[..at.min(answer.body.len())], true),
            _ => (&answer.body[..], false),
        };
        let _ = stream.write_all(bytes).and_then(|()| stream.flush());
        if stalls {
            std::thread::sleep(Duration::from_mins(2));
        }
    }

    fn find(&self, came: &Came) -> Answer {
        let path = came.path.split('?').next().unwrap();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts[..] {
            ["api", "models", org, name, "revision", ref revision @ ..] => {
                self.listing(came, &format!("{org}/{name}"), &revision.join("/"))
            }
            ["api", "models", name, "revision", revision] => self.listing(came, name, revision),
            ["elsewhere", etag] => self.bytes(came, etag),
            [org, name, "resolve", commit, ref file @ ..] => {
                self.resolve(came, &format!("{org}/{name}"), commit, &file.join("/"))
            }
            _ => Answer::refusal("404 Not Found", "EntryNotFound"),
        }
    }

    fn refusal(&self, came: &Came, name: &str) -> Option<Answer> {
        let state = self.state();
        if let Some(to) = state.moved.get(name) {
            let path = came.path.replace(name, to);
            return Some(Answer::to("307 Temporary Redirect", path));
        }
        let is_known = state.models.keys().any(|known| known.split('@').next() == Some(name));
        match (is_known, &came.token) {
            // To those who might not be told of it, a hub says nothing of what there is.
            (false, None) => Some(Answer::refusal("401 Unauthorized", "RepoNotFound")),
            (false, Some(_)) => Some(Answer::refusal("404 Not Found", "RepoNotFound")),
            (true, None) if state.gated.iter().any(|gated| gated == name) => {
                Some(Answer::refusal("401 Unauthorized", "GatedRepo"))
            }
            _ => None,
        }
    }

    fn listing(&self, came: &Came, name: &str, revision: &str) -> Answer {
        if let Some(refusal) = self.refusal(came, name) {
            return refusal;
        }
        let mut state = self.state();
        if let Some(Fault::Busy) = state.faults.remove("listing") {
            return Answer { body: b"<html>later</html>".to_vec(), ..Answer::of("503 Service Unavailable") };
        }
        let key = if revision == "main" { name.to_owned() } else { format!("{name}@{revision}") };
        let by_commit = |model: &&Model| model.commit == revision;
        let Some(model) = state.models.get(&key).or_else(|| state.models.values().find(by_commit)) else {
            return Answer::refusal("404 Not Found", "RevisionNotFound");
        };
        let siblings: Vec<_> = model
            .files
            .iter()
            .map(|(name, bytes)| json!({"rfilename": name, "size": bytes.len(), "blobId": git(bytes)}))
            .collect();
        let listing = json!({"id": name, "sha": model.commit, "siblings": siblings});
        Answer { body: listing.to_string().into_bytes(), ..Answer::of("200 OK") }
    }

    fn resolve(&self, came: &Came, name: &str, commit: &str, file: &str) -> Answer {
        if let Some(refusal) = self.refusal(came, name) {
            return refusal;
        }
        let mut state = self.state();
        let is_it = |model: &&Model| model.commit == commit && model.files.contains_key(file);
        let Some(bytes) = state.models.values().find(is_it).map(|model| model.files[file].clone()) else {
            return Answer::refusal("404 Not Found", "EntryNotFound");
        };
        let fault = state.fault(file, &came.method);
        drop(state);
        if let Some(Fault::Busy) = fault {
            return Answer::of("503 Service Unavailable");
        }
        let etag = match fault {
            Some(Fault::Misnames) => "../../../../../escaped".to_owned(),
            _ if bytes.len() < LARGE => git(&bytes),
            _ => hex(&Sha256::digest(&bytes)),
        };
        let headers = vec![("X-Repo-Commit", commit.to_owned())];
        if bytes.len() < LARGE {
            let answer = Answer::part(came, bytes, fault);
            let headers = [answer.headers, headers, vec![("ETag", format!("\"{etag}\""))]].concat();
            return Answer { headers, ..answer };
        }
        // The same server by another name, as a store of large files is another host.
        let to = format!("http://localhost:{}/elsewhere/{file}?signed=1", self.address.port());
        let size = ("X-Linked-Size", bytes.len().to_string());
        let mut answer = Answer::to("302 Found", to.replace(file, &file.replace('/', "%2F")));
        answer.headers.extend(headers.into_iter().chain([size, ("X-Linked-ETag", format!("\"{etag}\""))]));
        answer
    }

    /// What is kept elsewhere; knows no names of models.
    fn bytes(&self, came: &Came, file: &str) -> Answer {
        let file = file.replace("%2F", "/");
        let mut state = self.state();
        let Some(bytes) = state.models.values().find_map(|model| model.files.get(&file).cloned()) else {
            return Answer::of("404 Not Found");
        };
        match state.fault(&file, &came.method) {
            Some(Fault::Expires) => Answer::of("403 Forbidden"),
            fault => Answer::part(came, bytes, fault),
        }
    }
}

impl State {
    /// Those that come once are gone when bytes were asked for.
    fn fault(&mut self, file: &str, method: &str) -> Option<Fault> {
        let fault = *self.faults.get(file)?;
        let is_once = matches!(fault, Fault::Breaks(_) | Fault::Stalls(_) | Fault::Busy | Fault::Expires);
        if is_once && method == "GET" {
            self.faults.remove(file);
        }
        Some(fault).filter(|_| !is_once || method == "GET")
    }
}

struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    fault: Option<Fault>,
}

impl Answer {
    fn of(status: &'static str) -> Self {
        Answer { status, headers: Vec::new(), body: Vec::new(), fault: None }
    }

    fn refusal(status: &'static str, code: &str) -> Self {
        Answer { headers: vec![("X-Error-Code", code.to_owned())], ..Answer::of(status) }
    }

    fn to(status: &'static str, location: String) -> Self {
        // For people whose programs do not go there by themselves.
        let body = format!("{status}. Redirecting to {location}\n").into_bytes();
        Answer { headers: vec![("Location", location)], body, ..Answer::of(status) }
    }

    /// The part that was asked for, or the whole.
    fn part(came: &Came, mut bytes: Vec<u8>, fault: Option<Fault>) -> Self {
        if let (Some(Fault::Spoils), Some(byte)) = (fault, bytes.last_mut()) {
            *byte ^= 1;
        }
        let from = came
            .range
            .as_ref()
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match from {
            Some(from) if !matches!(fault, Some(Fault::Whole)) => {
                let all = bytes.len();
                if from >= all {
                    return Answer::of("416 Range Not Satisfiable");
                }
                let range = format!("bytes {from}-{}/{all}", all - 1);
                let headers = vec![("Content-Range", range)];
                Answer { headers, body: bytes.split_off(from), fault, ..Answer::of("206 Partial Content") }
            }
            _ => Answer { body: bytes, fault, ..Answer::of("200 OK") },
        }
    }
}

fn request(stream: &TcpStream) -> Option<Came> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut came = Came { method, path, range: None, token: None };
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ")?;
        match &*name.to_ascii_lowercase() {
            "range" => came.range = Some(value.to_owned()),
            "authorization" => came.token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    Some(came)
}

fn read(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// What Git calls a file.
fn git(bytes: &[u8]) -> String {
    let mut hash = Sha1::new_with_prefix(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
