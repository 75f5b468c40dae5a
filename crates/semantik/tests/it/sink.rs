//! A file appears whole or not at all.

use std::fs;
use std::io::Write;

use semantik::ErrorKind;
use semantik::sink::{Destination, Ended};

fn files(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn it_is_written_beside_and_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    fs::write(&path, "before").unwrap();
    let mut out = Destination::create(&path).unwrap();
    out.write_all(b"after\n").unwrap();
    out.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(files(&folder), ["out.jsonl", "out.jsonl.partial", "out.jsonl.partial.lock"]);
    assert_eq!(out.finish(Ended::Done).unwrap().file_name(), path.file_name());
    assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    assert_eq!(files(&folder), ["out.jsonl"]);
}

#[test]
fn whatever_ends_a_run_leaves_whole_lines_and_what_was_there() {
    for ended in [Some(Ended::Interrupted), None] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "before").unwrap();
        let mut out = Destination::create(&path).unwrap();
        out.write_all(b"whole\nhal").unwrap();
        match ended {
            Some(ended) => drop(out.finish(ended).unwrap()),
            None => drop(out),
        }
        assert_eq!(files(&folder), ["out.jsonl", "out.jsonl.partial"]);
        assert_eq!(fs::read_to_string(folder.path().join("out.jsonl.partial")).unwrap(), "whole\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    }
}

#[test]
fn a_run_that_wrote_nothing_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(Destination::create(&folder.path().join("out.jsonl")).unwrap());
    assert!(files(&folder).is_empty());
}

#[test]
fn what_an_earlier_run_left_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    for number in 1..4 {
        let mut out = Destination::create(&path).unwrap();
        let aside = (number > 1).then(|| folder.path().join(format!("out.jsonl.partial.{}", number - 1)));
        assert_eq!(out.moved_aside().map(std::path::Path::to_owned), aside);
        writeln!(out, "{number}").unwrap();
    }
    assert_eq!(fs::read_to_string(folder.path().join("out.jsonl.partial.2")).unwrap(), "2\n");
    assert_eq!(fs::read_to_string(folder.path().join("out.jsonl.partial")).unwrap(), "3\n");
}

#[test]
fn one_run_at_a_time_writes_an_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let first = Destination::create(&path).unwrap();
    let error = Destination::create(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(first);
    Destination::create(&path).unwrap();
    // The file of a lock that nobody holds any more.
    fs::write(folder.path().join("out.jsonl.partial.lock"), "1").unwrap();
    Destination::create(&path).unwrap();
}

#[test]
fn what_was_written_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let mut out = Destination::create(&path).unwrap();
    let line = format!("{}\n", "x".repeat(1000));
    for _ in 0..100 {
        out.write_all(line.as_bytes()).unwrap();
    }
    for lines in [99_u64, 80, 3] {
        out.rewind(lines * 1001).unwrap();
        assert_eq!(out.position(), Some(lines * 1001));
    }
    out.write_all(b"end\n").unwrap();
    out.finish(Ended::Done).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), line.repeat(3) + "end\n");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("no/such/out.jsonl"), folder.path().to_owned()] {
        let error = Destination::create(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Output);
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn new_files_have_the_permissions_of_new_files_and_links_stay_links() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (plain, path) = (folder.path().join("plain"), folder.path().join("out"));
    fs::write(&plain, "").unwrap();
    Destination::create(&path).unwrap().finish(Ended::Done).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&plain));

    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&plain, &link).unwrap();
    let mut out = Destination::create(&link).unwrap();
    out.write_all(b"through").unwrap();
    out.finish(Ended::Done).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&plain).unwrap(), "through");
}
