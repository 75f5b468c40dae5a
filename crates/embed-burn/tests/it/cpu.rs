//! What the CPU promises beyond the suite of all backends.

use std::path::Path;

use device_suite::SeededModel;
use embed_burn::{
    Backend, BurnDevice, BurnEmbedder, Compute, DeviceSpec, EmbedErrorKind, ModelFolder, Precision,
};

use crate::choices::FIXTURES;
use crate::tiny::{SIZES, make_tiny};

const MAX_TOKENS: usize = SIZES.max_tokens;
const VOCABULARY: usize = SeededModel::VOCABULARY;

fn load(tiny: &SeededModel) -> BurnEmbedder {
    let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
    BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap()
}

/// Texts of all lengths that the model reads.
fn rows(count: usize) -> Vec<Vec<u32>> {
    let row = |index: usize| (0..=index * 7 % MAX_TOKENS).map(move |at| ((index + at) % VOCABULARY) as u32);
    (0..count).map(|index| row(index).collect()).collect()
}

#[test]
fn e2_a_vector_is_the_same_to_the_last_bit_in_any_batch() {
    let tiny = make_tiny();
    let model = load(&tiny);
    let rows = rows(100);
    let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
    let together = model.forward(&rows).unwrap();
    for (row, vector) in rows.iter().zip(together.rows()) {
        let alone = model.forward(&[row]).unwrap().into_inner();
        assert!(alone == vector, "{} tokens", row.len());
    }
}

#[test]
fn e2_a_vector_is_the_same_while_others_are_made() {
    let tiny = make_tiny();
    let model = load(&tiny);
    let rows = rows(30);
    let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
    let want = model.forward(&rows).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert!(model.forward(&rows).unwrap() == want, "a thread got other numbers");
                }
            });
        }
    });
}

#[test]
fn working_memory_is_counted_before_anything_is_loaded() {
    let tiny = make_tiny();
    let (folder, model) = (ModelFolder::open(tiny.path()).unwrap(), load(&tiny));
    for items in [1, 2, 7, 64, 300] {
        for tokens in [1, 3, 16, MAX_TOKENS] {
            let counted = folder.working_bytes(items, tokens);
            assert!(counted.is_some() && counted == model.scratch_bytes(items, tokens), "{items} × {tokens}");
        }
    }
}

#[test]
fn working_memory_is_counted_kept_and_given_back() {
    let tiny = make_tiny();
    let model = load(&tiny);
    assert_eq!(model.kept_scratch_bytes(), 0);
    let row = [4; MAX_TOKENS];
    let vectors = model.forward(&[&row[..]; 40]).unwrap();
    let kept = model.kept_scratch_bytes();
    let said = model.scratch_bytes(40, MAX_TOKENS).unwrap();
    let output = (vectors.len() * vectors.dim() * size_of::<f32>()) as u64;
    assert!(kept > 0 && kept + output <= said, "{kept} + {output} bytes, and {said} were said");
    model.release_scratch();
    assert_eq!(model.kept_scratch_bytes(), 0);
    assert_eq!(model.forward(&[&row[..]; 40]).unwrap(), vectors);
}

#[test]
fn a_weight_that_is_no_number_is_an_error_that_names_it() {
    let name = "encoder.layer.1.attention.self.query.weight";
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut tiny = make_tiny();
        tiny.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap().values[5] = value;
        tiny.save_weights().unwrap();
        let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
        let error = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap_err();
        assert_eq!(error.kind(), EmbedErrorKind::Weights);
        let says = format!("number 5 of tensor {name} is {value}");
        assert!(error.to_string().contains(&says) && error.path().is_some(), "{error}");
    }
}

#[test]
fn numbers_that_grow_too_large_are_an_error_and_no_vector() {
    // Queries decide the shares of a softmax, where a careless maximum hides what is not a number.
    let name = "encoder.layer.1.attention.self.query.weight";
    let mut tiny = make_tiny();
    tiny.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap().values.fill(f32::MAX);
    tiny.save_weights().unwrap();
    let error = load(&tiny).forward(&[&[2, 4, 5, 3]]).unwrap_err();
    assert!(error.to_string().contains("not finite"), "{error}");
}

fn family(name: &str) -> ModelFolder {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity");
    ModelFolder::open(fixtures.join(name)).unwrap()
}

fn cpu() -> BurnDevice {
    BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap()
}

#[test]
fn every_familys_working_memory_is_counted_before_anything_is_loaded() {
    // And of models whose vectors are wider on their way from pooling than at its beginning.
    for name in FIXTURES.into_iter().chain(["dense", "pooling", "pickled", "layer-norm"]) {
        let folder = family(name);
        let model = BurnEmbedder::load(&folder, &cpu()).unwrap();
        for (items, tokens) in [(1, 1), (2, 64), (7, 33), (64, 40), (300, 64)] {
            let counted = folder.working_bytes(items, tokens);
            let said = model.scratch_bytes(items, tokens);
            assert!(counted.is_some() && counted == said, "{name}: {items} × {tokens}");
        }
        let tokens = model.max_tokens().min(64);
        let row = vec![9; tokens];
        let vectors = model.forward(&[&row[..]; 40]).unwrap();
        let output = (vectors.len() * vectors.dim() * size_of::<f32>()) as u64;
        let (kept, said) = (model.kept_scratch_bytes(), model.scratch_bytes(40, tokens).unwrap());
        assert!(kept > 0 && kept + output <= said, "{name}: {kept} + {output} bytes, and {said} were said");
    }
}

#[test]
fn e2_every_familys_vector_is_the_same_to_the_last_bit_in_any_batch() {
    for name in FIXTURES {
        let model = BurnEmbedder::load(&family(name), &cpu()).unwrap();
        let longest = model.max_tokens().min(64);
        let row = |index: usize| (0..=index * 7 % longest).map(move |at| (4 + (index + at) % 150) as u32);
        let rows: Vec<Vec<u32>> = (0..60).map(|index| row(index).collect()).collect();
        let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let together = model.forward(&rows).unwrap();
        for (row, vector) in rows.iter().zip(together.rows()) {
            let alone = model.forward(&[row]).unwrap().into_inner();
            assert!(alone == vector, "{name}: {} tokens", row.len());
        }
    }
}

#[test]
fn every_family_computes_its_products_in_narrow_numbers_where_the_processor_can() {
    let narrow = Compute { precision: Precision::Bf16, ..Compute::default() };
    let can = BurnEmbedder::load_as(&family("bert"), &cpu(), narrow).unwrap().narrow_instructions();
    for name in FIXTURES {
        let folder = family(name);
        let model =
            BurnEmbedder::load_as(&folder, &cpu(), narrow).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.narrow_instructions(), can, "{name}");
        // What it narrows is counted too before it is loaded.
        for (items, tokens) in [(1, 1), (7, 33), (64, 40)] {
            let counted = folder.working_bytes_in(narrow.precision, items, tokens);
            assert_eq!(counted, model.scratch_bytes(items, tokens), "{name}: {items} × {tokens}");
        }
    }
}
