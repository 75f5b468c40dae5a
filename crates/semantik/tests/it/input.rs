//! Which documents are found, and in which order.

use std::fs;
use std::path::Path;

use semantik::{Encoding, ErrorKind, Inputs, SkipReason};
use tempfile::TempDir;

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    root
}

fn names(inputs: &Inputs, root: &Path) -> Vec<String> {
    let found = inputs.find();
    assert!(found.errors.is_empty(), "{:?}", found.errors);
    found
        .sources
        .iter()
        .map(|source| {
            let name = inputs.read(source).unwrap().name;
            Path::new(&name).strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")
        })
        .collect()
}

/// What was skipped, with its reason and whether it is a folder.
fn skipped(inputs: &Inputs, root: &Path) -> Vec<(String, SkipReason, bool)> {
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let found = inputs.find().skipped.into_iter();
    found.map(|skipped| (name(&skipped.path), skipped.reason, skipped.is_folder)).collect()
}

#[test]
fn folders_are_walked_in_the_order_of_path_components() {
    let root = tree(&[
        ("b.md", b"x"),
        ("a/z.md", b"x"),
        ("a.md", b"x"),
        ("a/b/c.md", b"x"),
        ("B.md", b"x"),
        ("a-b/x.md", b"x"),
    ]);
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["B.md", "a/b/c.md", "a/z.md", "a-b/x.md", "a.md", "b.md"]);
}

#[test]
fn hidden_ignored_and_binary_files_are_skipped() {
    let root = tree(&[
        (".gitignore", b"*.log\n/build\n"),
        ("a.md", b"text"),
        ("a.log", b"text"),
        ("build/b.md", b"text"),
        (".hidden/c.md", b"text"),
        ("deep/.gitignore", b"d.md\n"),
        ("deep/d.md", b"text"),
        ("deep/e.md", b"text"),
        ("picture.png", b"\x89PNG\0\0"),
        ("late.bin", &[&[b'a'; 9000][..], &[0]].concat()),
    ]);
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["a.md", "deep/e.md", "late.bin"]);
    let reasons = [
        (".gitignore", SkipReason::Hidden, false),
        (".hidden", SkipReason::Hidden, true),
        ("a.log", SkipReason::Ignored, false),
        ("build", SkipReason::Ignored, true),
        ("deep/.gitignore", SkipReason::Hidden, false),
        ("deep/d.md", SkipReason::Ignored, false),
        // A NUL is in its first 8 KiB.
        ("picture.png", SkipReason::Binary, false),
    ];
    assert_eq!(
        skipped(&inputs, root.path()),
        reasons.map(|(name, reason, folder)| (name.to_owned(), reason, folder))
    );
}

#[test]
fn what_is_named_is_text_whatever_it_is_called() {
    let root = tree(&[(".gitignore", b"*"), (".hidden", b"a\0b")]);
    let inputs = Inputs::new([root.path().join(".hidden")]);
    assert_eq!(names(&inputs, root.path()), [".hidden"]);
}

#[test]
fn what_this_run_writes_is_left_out_without_a_word() {
    let root = tree(&[
        ("a.md", b"text"),
        ("out.jsonl", b"{}"),
        ("out.jsonl.meta.json", b"{}"),
        ("out.jsonl.partial", b""),
        ("out.jsonl.partial.1", b""),
        ("out.jsonl.partial.meta.json", b""),
        (".semantik-abc.tmp", b""),
        ("out.jsonl.meta.json.tmp", b""),
        ("out.jsonl.partial-notes.md", b"text"),
        ("out.jsonlines", b"text"),
    ]);
    let out = root.path().join("out.jsonl");
    let inputs = Inputs::new([root.path()]).excluding(&out);
    assert_eq!(names(&inputs, root.path()), ["a.md", "out.jsonl.partial-notes.md", "out.jsonlines"]);
    assert_eq!(skipped(&inputs, root.path()), []);
    fs::remove_file(&out).unwrap();
    let inputs = Inputs::new([root.path()]).excluding(&out);
    assert_eq!(
        names(&inputs, root.path()),
        ["a.md", "out.jsonl.partial-notes.md", "out.jsonlines"],
        "also before it is there"
    );
}

const RECORD: &[u8] = br#"{"document":"a.md","index":0,"id":"0123456789abcdef0123456789abcdef","strategy":"markdown","text":"x","byte_start":0}"#;

#[test]
fn what_was_written_before_is_no_document_in_a_folder() {
    let root = tree(&[
        ("a.md", b"text"),
        ("deep/kept.jsonl", RECORD),
        ("mine.jsonl", br#"{"document":"a.md","text":"mine"}"#),
        ("new.jsonl.partial", &RECORD[..80]),
        ("new.jsonl.partial.journal", b"whatever"),
        ("renamed.txt", RECORD),
    ]);
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["a.md", "mine.jsonl"]);
    let ours = ["deep/kept.jsonl", "new.jsonl.partial", "new.jsonl.partial.journal", "renamed.txt"];
    assert_eq!(skipped(&inputs, root.path()), ours.map(|name| (name.to_owned(), SkipReason::Ours, false)));
    let named = Inputs::new([root.path().join("renamed.txt")]);
    assert_eq!(names(&named, root.path()), ["renamed.txt"], "a file that is named is a document");
}

#[test]
fn a_file_that_the_run_writes_into_is_not_read() {
    let root = tree(&[("a.md", b"text"), ("b.md", b"text")]);
    let (a, b) = (root.path().join("a.md"), root.path().join("b.md"));
    assert!(Inputs::new([&a, &b]).excluding(&root.path().join("c.md")).check().is_ok());
    for named in [b.clone(), root.path().join("./b.md")] {
        let error = Inputs::new([&a, &named]).excluding(&b).check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutputIsInput);
        assert_eq!(error.path(), Some(&*named));
    }
    #[cfg(unix)]
    {
        let link = root.path().join("link.md");
        std::os::unix::fs::symlink(&b, &link).unwrap();
        assert_eq!(Inputs::new([&link]).excluding(&b).check().unwrap_err().path(), Some(&*link));
        assert_eq!(Inputs::new([&b]).excluding(&link).check().unwrap_err().path(), Some(&*b));
    }
}

#[test]
fn a_byte_order_mark_is_asked_before_a_nul() {
    let utf16: Vec<u8> = "\u{feff}Häfen".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let root = tree(&[
        ("a.txt", &utf16),
        ("b.txt", "\u{feff}Häfen".as_bytes()),
        ("c.txt", b"H\0\xe4\0f\0e\0n\0"),
        ("d.bin", b"\xff\xfe\x01\x02\0\0\x03\x04"),
    ]);
    let inputs = Inputs::new([root.path()]);
    let read: Vec<_> = inputs.find().sources.iter().map(|source| inputs.read(source).unwrap()).collect();
    let encodings: Vec<Encoding> = read.iter().map(|document| document.encoding).collect();
    assert_eq!(encodings, [Encoding::Utf16Le, Encoding::MarkedUtf8]);
    assert!(read.iter().all(|document| document.text == "Häfen"));
    let binary = ["c.txt", "d.bin"].map(|name| (name.to_owned(), SkipReason::Binary, false));
    assert_eq!(skipped(&inputs, root.path()), binary);
}

#[test]
fn a_folder_without_a_document_says_what_was_skipped() {
    let root = tree(&[("all/.a", b"text"), ("all/.b/c.md", b"text"), ("some/a.md", b"text")]);
    fs::create_dir(root.path().join("none")).unwrap();
    let found = Inputs::new(["all", "some", "none"].map(|name| root.path().join(name))).find();
    let nothing: Vec<_> = found
        .nothing_in
        .iter()
        .map(|nothing| {
            let counts =
                (nothing.skipped.files(SkipReason::Hidden), nothing.skipped.folders(SkipReason::Hidden));
            (nothing.folder.file_name().unwrap().to_str().unwrap(), counts)
        })
        .collect();
    assert_eq!(nothing, [("all", (1, 1)), ("none", (0, 0))]);
}

#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed() {
    let root = tree(&[("real/a.md", b"text")]);
    std::os::unix::fs::symlink(root.path().join("real"), root.path().join("link")).unwrap();
    std::os::unix::fs::symlink(root.path().join("real/a.md"), root.path().join("b.md")).unwrap();
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["real/a.md"]);
    let links = ["b.md", "link"].map(|name| (name.to_owned(), SkipReason::Link, false));
    assert_eq!(skipped(&inputs, root.path()), links);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_told() {
    let root = tree(&[("a.md", b"text")]);
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["a.md"]);
    assert_eq!(skipped(&inputs, root.path()), [("socket".to_owned(), SkipReason::Special, false)]);
}

#[test]
fn what_is_missing_is_an_error_and_does_not_hide_the_rest() {
    let root = tree(&[("a.md", b"text")]);
    let found = Inputs::new([root.path().join("nowhere.md"), root.path().join("a.md")]).find();
    assert_eq!(found.sources.len(), 1);
    assert_eq!(found.errors[0].kind(), ErrorKind::Document);
    assert!(found.errors[0].to_string().contains("nowhere.md"));
}
