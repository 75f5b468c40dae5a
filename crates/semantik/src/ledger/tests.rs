//! The ledger between real processes: this test's program is started again as its own children.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::shares::in_folder;
use super::*;

const MIB: u64 = 1 << 20;

fn ask(budget: u64, idle: u64, want: u64) -> Ask {
    Ask {
        budget: Bytes::new(budget * MIB),
        safety_permille: 1000,
        is_measured: true,
        idle: Bytes::new(idle * MIB),
        held: Bytes::new(idle * MIB),
        want: Bytes::new(want * MIB),
    }
}

fn ledger(folder: &Path) -> Arc<Ledger> {
    let folder = Folder::at(folder).map(Arc::new);
    Arc::new(Ledger::new(folder, &DeviceKey::host(), "host"))
}

fn usable(grant: &Grant) -> u64 {
    grant.usable.get() / MIB
}

/// Another process, which obeys lines: `take BUDGET IDLE WANT`, `drop`. It answers each with what it may use.
struct Other {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

const FOLDER: &str = "SEMANTIK_TEST_LEDGER";

impl Other {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{}::other_process", module()), "--nocapture", "--quiet"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The harness complains there when nobody listens any more.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Other { child, orders, answers }
    }

    fn does(&mut self, order: &str) -> u64 {
        writeln!(self.orders, "{order}").unwrap();
        // What the test's own harness says comes before.
        let mut lines = self.answers.by_ref().lines().map(Result::unwrap);
        let answer = lines.find_map(|line| Some(line.strip_prefix("may use ")?.to_owned()));
        answer.expect("the other process ended").parse().unwrap()
    }

    fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.id()
    }
}

/// The path of this module as the harness names it, without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").map_or("", |(_, path)| path)
}

/// Another process of the tests below, which start it with a folder; without one there is nothing to do.
#[test]
// The other process answers on its standard output.
#[allow(clippy::print_stdout)]
fn other_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ledger = ledger(Path::new(&folder));
    let mut leases = Vec::new();
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["take", budget, idle, want] => {
                let [budget, idle, want] = [budget, idle, want].map(|word| word.parse().unwrap());
                let grant = ledger.take(&ask(budget, idle, want));
                let answer = usable(&grant);
                leases.push(grant.lease);
                answer
            }
            ["drop"] => {
                leases.clear();
                0
            }
            _ => panic!("no order: {line}"),
        };
        println!("\nmay use {answer}");
    }
}

#[test]
fn another_process_is_not_given_what_this_one_was_promised() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let mut grant = ledger.take(&ask(1000, 0, 600));
    assert_eq!((usable(&grant), grant.others), (1000, 0));
    let mut other = Other::start(place.path());
    assert_eq!(other.does("take 1000 0 300"), 400);
    // A batch that was cut smaller gives the rest back.
    grant.lease.shrink(Bytes::new(100 * MIB));
    assert_eq!(other.does("drop"), 0);
    assert_eq!(other.does("take 1000 0 900"), 900);
    drop(grant);
    assert_eq!(usable(&ledger.take(&ask(1000, 0, 1000))), 100);
}

#[test]
fn what_a_killed_process_was_promised_is_free_at_the_next_look() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let mut other = Other::start(place.path());
    assert_eq!(other.does("take 1000 0 900"), 1000);
    assert_eq!(usable(&ledger.take(&ask(1000, 0, 1000))), 100);
    let pid = other.kill();
    let grant = ledger.take(&ask(1000, 0, 1000));
    assert_eq!((usable(&grant), grant.others), (1000, 0));
    let text = std::fs::read_to_string(place.path().join("host.ledger")).unwrap();
    assert!(!text.contains(&format!("\"pid\":{pid},")), "{text}");
    assert_eq!(
        std::fs::read_dir(place.path().join("holders")).unwrap().count(),
        1,
        "its sign of life is gone"
    );
}

#[test]
fn two_that_want_more_than_there_is_have_half_each() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let mut other = Other::start(place.path());
    // The other has taken 900 of 1000 into its pool.
    assert_eq!(other.does("take 1000 0 900"), 1000);
    assert_eq!(other.does("drop"), 0);
    assert_eq!(other.does("take 1000 900 900"), 1000);
    let newcomer = ledger.take(&ask(100, 0, 900));
    assert_eq!((usable(&newcomer), newcomer.share.get() / MIB), (100, 500));
    drop(newcomer);
    // At its next batch the other keeps to its share, and gives back what it held above.
    assert_eq!(other.does("drop"), 0);
    assert_eq!(other.does("take 1000 900 900"), 500);
    assert_eq!(other.does("drop"), 0);
    assert_eq!(other.does("take 1000 0 900"), 500);
    let grant = ledger.take(&ask(1000, 0, 900));
    assert_eq!(usable(&grant), 500);
    let told = in_folder(place.path(), &DeviceKey::host()).unwrap();
    assert_eq!((told.device.as_str(), told.holders.len()), ("host", 2), "{told:?}");
    assert!(
        told.holders.iter().all(|holder| holder.promised == gpu_telemetry::ByteCount::new(500 * MIB)),
        "{told:?}"
    );
}

#[test]
fn a_process_without_work_is_asked_back_what_it_holds() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    drop(ledger.take(&ask(1000, 900, 900)));
    assert!(!ledger.is_waited_for());
    let mut other = Other::start(place.path());
    assert_eq!(other.does("take 100 0 900"), 100);
    assert!(ledger.is_waited_for());
    other.kill();
    assert!(!ledger.is_waited_for());
}

#[test]
fn many_processes_at_once_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut others: Vec<Other> = (0..4).map(|_| Other::start(place.path())).collect();
    std::thread::scope(|scope| {
        for other in &mut others {
            scope.spawn(|| {
                for _ in 0..50 {
                    other.does("take 1000 0 100");
                    other.does("drop");
                }
                other.does("take 1000 0 100");
            });
        }
    });
    let told = in_folder(place.path(), &DeviceKey::host()).unwrap();
    let promised: u64 = told.holders.iter().map(|holder| holder.promised.get()).sum();
    assert_eq!((told.holders.len(), promised), (4, 400 * MIB), "{told:?}");
}

#[test]
fn an_end_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let grant = ledger.take(&ask(1000, 0, 600));
    drop(ledger);
    assert!(in_folder(place.path(), &DeviceKey::host()).is_some(), "a lease keeps its ledger");
    drop(grant);
    assert_eq!(in_folder(place.path(), &DeviceKey::host()), None);
    assert_eq!(std::fs::read_dir(place.path().join("holders")).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_ledger_is_told_of_once_and_what_was_promised_stays_so() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let grant = ledger.take(&ask(1000, 0, 600));
    for _ in 0..2 {
        std::fs::write(place.path().join("host.ledger"), "{}").unwrap();
        assert_eq!(usable(&ledger.take(&ask(1000, 0, 0))), 400);
    }
    let problem = ledger.take_problem().unwrap();
    assert!(problem.contains("host.ledger.aside"), "{problem}");
    assert_eq!(ledger.take_problem(), None);
    let mut other = Other::start(place.path());
    assert_eq!(other.does("take 1000 0 1000"), 400);
    drop(grant);
}

#[test]
fn without_a_folder_a_process_goes_on_alone_and_says_so_once() {
    let denied = || Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
    let ledger = Arc::new(Ledger::new(denied(), &DeviceKey::host(), "host"));
    let first = ledger.take(&ask(1000, 0, 600));
    assert_eq!(usable(&first), 1000);
    assert_eq!(usable(&ledger.take(&ask(1000, 0, 600))), 400, "leases of one process count all the same");
    drop(first);
    assert_eq!(usable(&ledger.take(&ask(1000, 0, 600))), 1000);
    assert!(ledger.take_problem().unwrap().contains("runtime folder"));
    assert_eq!(ledger.take_problem(), None);
}

#[test]
fn a_process_that_hangs_with_the_lock_holds_nobody_up() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    drop(ledger.take(&ask(1000, 0, 600)));
    let hanging = std::fs::File::open(place.path().join("host.ledger")).unwrap();
    hanging.lock().unwrap();
    for _ in 0..3 {
        assert_eq!(usable(&ledger.take(&ask(1000, 0, 600))), 1000);
    }
    assert!(ledger.take_problem().unwrap().contains("locked"));
    assert_eq!(ledger.take_problem(), None);
}

#[test]
fn a_sign_of_life_that_was_cleaned_up_is_made_again() {
    let place = tempfile::tempdir().unwrap();
    let ledger = ledger(place.path());
    let _grant = ledger.take(&ask(1000, 0, 600));
    for file in std::fs::read_dir(place.path().join("holders")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    drop(ledger.take(&ask(1000, 0, 100)));
    let mut other = Other::start(place.path());
    assert_eq!(other.does("take 1000 0 1000"), 400);
}
