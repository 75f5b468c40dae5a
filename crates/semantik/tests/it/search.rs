//! Exact nearest neighbours, beside sorting everything.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use semantik::{Cancel, ErrorKind, search};
use tempfile::TempDir;

fn file(vectors: &[Vec<f32>]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    let lines: Vec<String> = vectors
        .iter()
        .enumerate()
        .map(|(n, vector)| serde_json::json!({"index": n, "text": "t", "embedding": vector}).to_string())
        .collect();
    fs::write(&path, lines.join("\n")).unwrap();
    (folder, path)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_nearest_are_those_of_a_full_sort(
        vectors in proptest::collection::vec(proptest::collection::vec(-3_i8..4, 3), 0..40), k in 1..12_usize,
    ) {
        let vectors: Vec<Vec<f32>> =
            vectors.into_iter().map(|vector| vector.into_iter().map(f32::from).collect()).collect();
        let question = [1.0, -2.0, 0.5];
        let (_folder, path) = file(&vectors);
        let hits = search::nearest(&path, &question, k, &Cancel::new()).unwrap();
        let score = |vector: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let norms = (dot(vector, vector) * dot(&question, &question)).sqrt();
            if norms > 0.0 { (dot(vector, &question) / norms) as f32 } else { 0.0 }
        };
        let mut sorted: Vec<usize> = (0..vectors.len()).collect();
        sorted.sort_by(|&a, &b| score(&vectors[b]).total_cmp(&score(&vectors[a])).then(a.cmp(&b)));
        sorted.truncate(k);
        let found: Vec<usize> =
            hits.iter().map(|hit| usize::try_from(hit.record["index"].as_u64().unwrap()).unwrap()).collect();
        prop_assert_eq!(found, sorted);
        prop_assert!(hits.iter().all(|hit| !hit.record.contains_key("embedding")));
    }
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let (_folder, path) = file(&[vec![1.0, 0.0]]);
    let good = fs::read_to_string(&path).unwrap();
    for (line, says) in
        [("{", "line 2"), ("{\"embedding\":[1]}", "1 numbers"), ("[]", "line 2"), ("\u{0}", "line 2")]
    {
        fs::write(&path, format!("{good}\n{line}\n")).unwrap();
        let error = search::nearest(&path, &[1.0, 0.0], 1, &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Vectors);
        assert!(error.to_string().contains(says) && error.to_string().contains("x.jsonl"), "{error}");
    }
    fs::write(&path, format!("{good}\n\n  \n")).unwrap();
    assert_eq!(search::nearest(&path, &[1.0, 0.0], 1, &Cancel::new()).unwrap().len(), 1);
}
