//! Which documents are found, and in which order.

use std::fs;
use std::path::Path;

use semantik::{ErrorKind, Inputs};
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
    assert_eq!(inputs.find().binaries, 1, "a NUL in the first 8 KiB");
}

#[test]
fn what_is_named_is_text_whatever_it_is_called() {
    let root = tree(&[(".gitignore", b"*"), (".hidden", b"a\0b")]);
    let inputs = Inputs::new([root.path().join(".hidden")]);
    assert_eq!(names(&inputs, root.path()), [".hidden"]);
}

#[test]
fn an_output_in_the_folder_is_left_out() {
    let root = tree(&[("a.md", b"text"), ("out.jsonl", b"{}")]);
    let inputs = Inputs::new([root.path()]).excluding(&root.path().join("out.jsonl"));
    assert_eq!(names(&inputs, root.path()), ["a.md"]);
}

#[cfg(unix)]
#[test]
fn links_in_folders_are_not_followed() {
    let root = tree(&[("real/a.md", b"text")]);
    std::os::unix::fs::symlink(root.path().join("real"), root.path().join("link")).unwrap();
    std::os::unix::fs::symlink(root.path().join("real/a.md"), root.path().join("b.md")).unwrap();
    let inputs = Inputs::new([root.path()]);
    assert_eq!(names(&inputs, root.path()), ["real/a.md"]);
}

#[test]
fn what_is_missing_is_an_error_and_does_not_hide_the_rest() {
    let root = tree(&[("a.md", b"text")]);
    let found = Inputs::new([root.path().join("nowhere.md"), root.path().join("a.md")]).find();
    assert_eq!(found.sources.len(), 1);
    assert_eq!(found.errors[0].kind(), ErrorKind::Document);
    assert!(found.errors[0].to_string().contains("nowhere.md"));
}
