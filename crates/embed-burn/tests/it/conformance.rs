//! The suite that every backend passes, on a small model and beside the oracle.

use chunk_strategies::Embedder;
use embed_burn::{BurnDevice, BurnEmbedder, EmbedErrorKind, ModelFolder};

use crate::oracle;
use crate::present::devices;
use crate::tiny::{HIDDEN, MAX_TOKENS, Tiny, VOCABULARY};

const TEXTS: [&str; 7] = [
    "the quick foxes are quick.",
    "",
    "a",
    "the lazy dogs, the memory",
    "漢字 漢 batch 1 2 1 2",
    "unknown words become one token each",
    "the fox the dog the fox the dog the fox the dog the fox the dog the fox the dog.",
];

fn load(tiny: &Tiny, device: &BurnDevice) -> BurnEmbedder {
    BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), device).unwrap()
}

/// What f32 leaves of 1e-5 on the CPU, and of 1e-4 on a GPU, whose exp and erf are approximations.
fn tolerance(device: &BurnDevice) -> f64 {
    if device.largest_tensor().is_none() { 1e-5 } else { 1e-4 }
}

fn furthest(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(got, want)| (f64::from(*got) - want).abs()).fold(0.0, f64::max)
}

#[test]
fn e1_faithful_to_the_oracle() {
    let tiny = Tiny::new();
    for device in devices("e1_faithful_to_the_oracle") {
        let model = load(&tiny, &device);
        let vectors = model.embed(&TEXTS).unwrap();
        for (text, vector) in TEXTS.iter().zip(vectors.rows()) {
            let ids = model.tokenize(text).unwrap().ids;
            let want = oracle::vector(&tiny, &ids, true, true, oracle::gelu);
            let off = furthest(vector, &want);
            assert!(off <= tolerance(&device), "{text:?} is off by {off} on {}", device.name());
        }
    }
}

#[test]
fn e1_faithful_without_normalisation_with_cls_and_relu() {
    let tiny = Tiny::with("cls_token", false, "relu");
    for device in devices("e1_faithful_without_normalisation_with_cls_and_relu") {
        let model = load(&tiny, &device);
        let vectors = model.embed(&TEXTS).unwrap();
        for (text, vector) in TEXTS.iter().zip(vectors.rows()) {
            let ids = model.tokenize(text).unwrap().ids;
            let want = oracle::vector(&tiny, &ids, false, false, |x| x.max(0.0));
            let length = want.iter().map(|value| value * value).sum::<f64>().sqrt();
            let off = furthest(vector, &want) / length;
            assert!(off <= tolerance(&device), "{text:?} is off by {off} on {}", device.name());
        }
    }
}

#[test]
fn e2_batch_invariant() {
    let tiny = Tiny::new();
    for device in devices("e2_batch_invariant") {
        let model = load(&tiny, &device);
        let rows: Vec<Vec<u32>> = TEXTS.iter().map(|text| model.tokenize(text).unwrap().ids).collect();
        let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let together = model.forward(&rows).unwrap();
        for (row, vector) in rows.iter().zip(together.rows()) {
            let alone = model.forward(&[row]).unwrap().into_inner();
            let off = alone.iter().zip(vector).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 1e-6, "{} tokens differ by {off} on {}", row.len(), device.name());
        }
    }
}

#[test]
fn e3_ordered_and_complete() {
    let tiny = Tiny::new();
    for device in devices("e3_ordered_and_complete") {
        let model = load(&tiny, &device);
        let texts: Vec<String> = (0..60).map(|n| "the fox ".repeat(n % 17) + "a dog").collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let forth = model.embed(&texts).unwrap();
        assert_eq!((forth.len(), forth.dim()), (texts.len(), HIDDEN));
        let back = model.embed(&texts.iter().rev().copied().collect::<Vec<_>>()).unwrap();
        for (index, (a, b)) in forth.rows().zip(back.rows().collect::<Vec<_>>().into_iter().rev()).enumerate()
        {
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 1e-6, "text {index} differs by {off} on {}", device.name());
        }
        assert!(model.embed(&[]).unwrap().is_empty());
    }
}

#[test]
fn e3_what_is_cut_is_counted() {
    let tiny = Tiny::new();
    for device in devices("e3_what_is_cut_is_counted") {
        let model = load(&tiny, &device);
        let fits = "fox ".repeat(MAX_TOKENS - 2);
        let over = "fox ".repeat(MAX_TOKENS + 5);
        assert_eq!(model.tokenize(&fits).unwrap().dropped, 0);
        let cut = model.tokenize(&over).unwrap();
        assert_eq!((cut.ids.len(), cut.dropped), (MAX_TOKENS, 7));
        assert_eq!(cut.ids, model.tokenize(&fits).unwrap().ids, "the end of a cut text is a special token");
        assert!(model.fits(&fits) && !model.fits(&over));
        assert_eq!(model.forward(&[&cut.ids]).unwrap().len(), 1);
    }
}

#[test]
fn rows_that_the_model_cannot_read_are_refused() {
    let tiny = Tiny::new();
    for device in devices("rows_that_the_model_cannot_read_are_refused") {
        let model = load(&tiny, &device);
        let long = vec![4; MAX_TOKENS + 1];
        for row in [&[][..], &[2, VOCABULARY as u32, 3], &[u32::MAX], &long] {
            let error = model.forward(&[&[2, 3], row]).unwrap_err();
            assert_eq!(error.kind(), EmbedErrorKind::Input, "{error}");
            assert!(error.to_string().contains("text 1"), "{error}");
        }
        assert_eq!(model.forward(&[&[2, 4, 3]]).unwrap().len(), 1, "the model still runs");
    }
}

#[test]
fn a_batch_over_the_largest_tensor_never_fits() {
    let tiny = Tiny::new();
    for device in devices("a_batch_over_the_largest_tensor_never_fits") {
        let Some(cap) = device.largest_tensor() else { continue };
        let model = load(&tiny, &device);
        let row = [4; MAX_TOKENS];
        let items = usize::try_from(cap / model.largest_tensor(1, MAX_TOKENS)).unwrap() + 1;
        if items > 1 << 20 {
            continue;
        }
        let error = model.forward(&vec![&row[..]; items]).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::NeverFits, "{error}");
        let (needed, limit) = error.needed_and_cap().unwrap();
        assert!(needed > limit && limit == cap, "{error}");
    }
}

#[test]
fn a_second_model_and_a_second_handle_share_the_device() {
    let tiny = Tiny::new();
    for device in devices("a_second_model_and_a_second_handle_share_the_device") {
        let first = load(&tiny, &device);
        let again = BurnDevice::open(device.backend().into()).unwrap();
        let second = load(&tiny, &again);
        let (a, b) = (first.embed(&TEXTS).unwrap(), second.embed(&TEXTS).unwrap());
        assert_eq!(a, b, "the same device gives the same numbers");
        drop(second);
        device.cleanup().unwrap();
        device.sync().unwrap();
        assert_eq!(first.embed(&TEXTS).unwrap(), a);
        if let Some(pool) = device.pool_usage() {
            assert!(pool.in_use > 0 && pool.reserved >= pool.in_use, "{pool:?}");
        }
    }
}
