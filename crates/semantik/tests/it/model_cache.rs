//! Models by name and by path.

use std::fs;

use semantik::{ErrorKind, ModelCache};

#[test]
fn a_name_is_found_in_the_cache_and_a_path_where_it_is() {
    let root = tempfile::tempdir().unwrap();
    let cache = ModelCache::at(root.path());
    for name in ["b-model", "a-model", ".hidden"] {
        fs::create_dir_all(cache.models().join(name)).unwrap();
    }
    fs::write(cache.models().join("file"), "").unwrap();
    assert_eq!(cache.names(), ["a-model", "b-model"]);
    assert_eq!(cache.path("a-model").unwrap(), cache.models().join("a-model"));
    let direct = root.path().join("models/b-model");
    assert_eq!(cache.path(direct.to_str().unwrap()).unwrap(), direct);
}

#[test]
fn what_is_not_there_is_named() {
    let root = tempfile::tempdir().unwrap();
    let cache = ModelCache::at(root.path());
    for name in ["nothing", "", "../etc", "./x", "a/b", "models/../.."] {
        let error = cache.path(&format!("{name}-no")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Model);
        assert!(error.to_string().contains("-no"), "{error}");
    }
    assert!(cache.names().is_empty());
}
