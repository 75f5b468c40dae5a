//! A text that the model cannot take costs itself and its document, and nothing else.

use std::fs;

use device_suite::{SeededModel, Sizes};
use semantik::batch_policy::Limits;
use semantik::chunk_strategies::Fallback;
use semantik::embed_burn::{Backend, BurnDevice, BurnEmbedder, ModelFolder, TokenizedText};
use semantik::pipeline::{self, Control, EmbedJob, EmbedOptions, Event, OnFailure};
use semantik::sink::JsonLines;
use semantik::{AdaptiveEmbedder, ChunkSettings, Chunker, Error, ErrorKind, Inputs};
use serde_json::Value;

const NOT_FINITE: &str = SeededModel::NOT_FINITE;
const UNKNOWN: &str = SeededModel::UNKNOWN;

fn model() -> SeededModel {
    SeededModel::with_bad_words().unwrap()
}

fn load(model: &SeededModel) -> AdaptiveEmbedder {
    let device = BurnDevice::open(Backend::Cpu.into()).unwrap();
    let model = BurnEmbedder::load(&ModelFolder::open(model.path()).unwrap(), &device).unwrap();
    AdaptiveEmbedder::with_monitor(model, Limits::default(), None).unwrap()
}

/// Each text's outcome, and how many batches ran.
fn embed(model: &AdaptiveEmbedder, texts: &[TokenizedText]) -> (Vec<Result<Vec<f32>, ErrorKind>>, usize) {
    let mut batches = 0;
    let each = model.embed_each(texts, &mut |_| batches += 1).unwrap();
    (each.into_iter().map(|outcome| outcome.map_err(|error| error.kind())).collect(), batches)
}

#[test]
fn one_bad_text_among_64_costs_no_forward_wherever_it_is() {
    let tiny = model();
    let model = load(&tiny);
    let good: Vec<TokenizedText> =
        (0..63).map(|n| model.tokenize(&"the fox ".repeat(n % 20 + 1)).unwrap()).collect();
    let (want, batches) = embed(&model, &good);
    assert!(want.iter().all(Result::is_ok) && batches == 1);
    let too_long = TokenizedText { ids: vec![4; Sizes::TINY.max_tokens + 1], dropped: 0 };
    for (bad, kind) in [
        (model.tokenize(&format!("the {NOT_FINITE} dogs")).unwrap(), ErrorKind::NotFinite),
        (model.tokenize(UNKNOWN).unwrap(), ErrorKind::UnknownToken),
        (too_long, ErrorKind::Unreadable),
        (TokenizedText::default(), ErrorKind::Unreadable),
    ] {
        for at in [0, 1, 31, 62, 63] {
            let mut texts = good.clone();
            texts.insert(at, bad.clone());
            // Loaded anew: how large batches are depends on how fast the last were.
            let (mut each, ran) = embed(&load(&tiny), &texts);
            assert_eq!(each.remove(at), Err(kind), "at {at}");
            assert!(each == want, "{kind:?} at {at} changes others");
            assert_eq!(ran, batches, "forwards with {kind:?} at {at}");
        }
    }
}

#[test]
fn a_text_that_is_bad_alone_is_an_error_of_its_own() {
    let tiny = model();
    let model = load(&tiny);
    let text = model.tokenize(UNKNOWN).unwrap();
    let error = model.embed_tokenized(&[text], &mut |_| {}).unwrap_err();
    assert_eq!(error.embed_error().unwrap().token_and_vocabulary(), Some((23, 23)));
    assert_eq!(error.to_string(), "the token id 23 is beyond the model's vocabulary of 23 tokens");
    let text = model.tokenize(NOT_FINITE).unwrap();
    let error = model.embed_tokenized(&[text], &mut |_| {}).unwrap_err();
    assert!(error.kind() == ErrorKind::NotFinite && error.to_string().contains("not finite"), "{error}");
}

/// Six documents, of which the fourth cannot be embedded: the names of those with records, and the error.
fn run(bad: &str, on_failure: OnFailure) -> (Vec<String>, Result<(usize, String), Error>) {
    let tiny = model();
    let embedder = std::sync::Arc::new(load(&tiny));
    let root = tempfile::tempdir().unwrap();
    for n in 0..6 {
        let text =
            if n == 3 { format!("a fox.\n\n\n{bad} dogs.\n\na dog.") } else { "the fox.\n\na dog.".into() };
        fs::write(root.path().join(format!("{n}.txt")), text).unwrap();
    }
    let settings = ChunkSettings { size: Some(6), overlap: Some(0), ..ChunkSettings::default() };
    let folder = ModelFolder::open(tiny.path()).unwrap();
    let chunker = Chunker::for_embedding(&settings, &folder, &embedder, Fallback::Recursive).unwrap();
    let mut sink = JsonLines::new(Vec::new(), "test");
    let mut told = Vec::new();
    let control = Control { on_failure, ..Control::default() };
    let inputs = Inputs::new([root.path()]);
    let job = EmbedJob { chunker: &chunker, embedder: &embedder, options: EmbedOptions::default() };
    let result = pipeline::embed(&inputs, &job, &mut sink, &control, &mut |event| {
        if let Event::Failed { error, .. } = event {
            told.push((error.kind(), error.line(), error.to_string()));
        }
    });
    let lines = String::from_utf8(sink.into_inner()).unwrap();
    let mut names: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["document"].as_str().unwrap().to_owned())
        .map(|name| name[root.path().to_str().unwrap().len() + 1..].to_owned())
        .collect();
    names.dedup();
    let result = result.map(|summary| {
        let [(kind, line, message)] = &told[..] else { panic!("{told:?}") };
        assert!(message.contains("3.txt"), "{message}");
        assert_eq!(*line, Some(4), "{message}");
        (summary.failed, format!("{kind:?}"))
    });
    (names, result)
}

#[test]
fn a_bad_text_fails_its_document_by_name_and_line_and_the_others_are_embedded() {
    for (bad, kind) in [(NOT_FINITE, "NotFinite"), (UNKNOWN, "UnknownToken")] {
        let (names, result) = run(bad, OnFailure::Continue);
        assert_eq!(names, ["0.txt", "1.txt", "2.txt", "4.txt", "5.txt"]);
        assert_eq!(result.unwrap(), (1, kind.to_owned()));
        let (_, result) = run(bad, OnFailure::Stop);
        assert_eq!(format!("{:?}", result.unwrap_err().kind()), kind);
    }
}

#[cfg(feature = "wgpu")]
#[test]
fn a_text_over_the_largest_tensor_fails_alone_and_before_anything_runs() {
    const TOKENS: usize = 3000;
    let name = "a_text_over_the_largest_tensor_fails_alone_and_before_anything_runs";
    let Some(device) = device_suite::present::device(name, Backend::Wgpu) else { return };
    // Scores of 4 heads over 3,000 tokens are 144 MB.
    let sizes = Sizes { positions: TOKENS, max_tokens: TOKENS, ..Sizes::TINY };
    let Some(cap) = device.largest_tensor().filter(|&cap| cap < 144_000_000) else {
        return device_suite::present::skip(name, "the device allows larger tensors");
    };
    let _alone = crate::flight::alone_on_the_gpu();
    let tiny = SeededModel::new(sizes).unwrap();
    let model = BurnEmbedder::load(&ModelFolder::open(tiny.path()).unwrap(), &device).unwrap();
    let model = AdaptiveEmbedder::with_monitor(model, Limits::default(), None).unwrap();
    let text = |tokens| TokenizedText { ids: vec![4; tokens], dropped: 0 };
    let texts = [text(5), text(TOKENS), text(9)];
    let mut ran = Vec::new();
    let each = model.embed_each(&texts, &mut |batch| ran.push(batch.items)).unwrap();
    assert_eq!(ran, [2]);
    let [Ok(_), Err(error), Ok(_)] = &each[..] else { panic!("{each:?}") };
    assert_eq!(error.kind(), ErrorKind::NeverFits);
    let (needed, allowed) = error.needed_and_cap().unwrap();
    assert_eq!((needed.get(), allowed.get()), (144_000_000, cap));
}
