//! Files of scenarios: those that are here are read, and those that make no sense are not.

use std::path::{Path, PathBuf};

use policy_sim::Scenario;
use policy_sim::scenario::Matrix;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_file_is_read() {
    let files = files();
    assert!(files.len() >= 3);
    for file in files {
        let matrix = Matrix::read(&file).unwrap();
        assert!(
            !Scenario::all(&matrix).is_empty() && !matrix.curve.measured.is_empty(),
            "{}",
            file.display()
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_file_and_the_cause() {
    let good = std::fs::read_to_string(&files()[0]).unwrap();
    let folder = std::env::temp_dir();
    for (what, with, named) in [
        ("\"seed\"", "\"sead\"", "sead"),
        ("\"hidden\": 384", "\"hidden\": 0", "dimension of 0"),
        ("\"alignment\": 512", "\"alignment\": 0", "aligns tensors at 0"),
        ("\"share\": 0.85", "\"share\": 1.5", "takes no share"),
        ("\"least\": 8", "\"least\": 800", "gives no lengths"),
        ("\"points\": [[16,", "\"points\": [[-16,", "the curve's points"),
    ] {
        assert!(good.contains(what), "no {what}");
        let path = folder.join(format!("policy-sim-{}-{}.json", std::process::id(), named.len()));
        std::fs::write(&path, good.replacen(what, with, 1)).unwrap();
        let error = Matrix::read(&path).map(|_| ()).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(error.contains(named) && error.contains("policy-sim-"), "{error}");
    }
    let absent = Matrix::read(Path::new("absent.json")).map(|_| ()).unwrap_err().to_string();
    assert!(absent.contains("absent.json"), "{absent}");
}
