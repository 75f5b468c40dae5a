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
    out.write_all(b"after").unwrap();
    out.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(out.finish(Ended::Done).unwrap().file_name(), path.file_name());
    assert_eq!(fs::read_to_string(&path).unwrap(), "after");
    assert_eq!(files(&folder), ["out.jsonl"]);
}

#[test]
fn an_interrupted_run_leaves_a_partial_file_and_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    fs::write(&path, "before").unwrap();
    let mut out = Destination::create(&path).unwrap();
    out.write_all(b"half").unwrap();
    out.finish(Ended::Interrupted).unwrap();
    assert_eq!(files(&folder), ["out.jsonl", "out.jsonl.partial"]);
    assert_eq!(fs::read_to_string(folder.path().join("out.jsonl.partial")).unwrap(), "half");
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn a_run_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Destination::create(&folder.path().join("out.jsonl")).unwrap();
    out.write_all(b"half").unwrap();
    drop(out);
    assert!(files(&folder).is_empty());
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
