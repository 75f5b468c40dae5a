//! `semantik-device prepare`: a model made small enough to carry, with the vectors it gives.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use chunk_strategies::Embedder;
use device_suite::Fault;
use device_suite::references::Reference;
use embed_burn::{Backend, BurnDevice, BurnEmbedder, DeviceSpec, ModelFolder};
use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::failure::Failure;
use crate::options::Options;
use crate::words::{Words, is_table};

pub(crate) const USAGE: &str = "\
prepare --from DIR --to DIR [--words-of DIR]
    Copies a model with its weights rounded to f16, and writes the vectors that the processor computes
    from the rounded weights beside it. With --words-of, it knows only the words of the texts in that
    folder and of those that `parity` embeds; another word gives no vector, but an error.";

/// Of many lengths, scripts and kinds; the last are as long as models read.
pub(crate) const TEXTS: &[&str] = &[
    "The quick brown fox jumps over the lazy dog.",
    "",
    " ",
    "a",
    "...!?",
    "Foxes are quick.",
    "What is the capital of France?",
    "Paris is the capital of France.",
    "Batches that do not fit into a graphics card's memory fail.",
    "Die Straßenbahn fährt um halb acht über die Brücke.",
    "日本語の文章も、意味のある単位に分けられる。",
    "Быстрая коричневая лиса прыгает через ленивую собаку.",
    "الثعلب البني السريع يقفز فوق الكلب الكسول.",
    "👩‍👩‍👧‍👦 family, 👍🏽 and 🇫🇷 flags",
    "[CLS] special [SEP] tokens in [MASK] text [PAD]",
    "fn main() { println!(\"{:?}\", vec![1, 2, 3]); }",
    "| table | of | cells |\n|---|---|---|\n| 1 | 2 | 3 |",
    "cafe\u{301} and café are the same word",
    "line one\nline two\r\n\r\nline four\ttabbed\u{a0}space",
    "https://example.org/a/path?with=a&query=1#fragment",
    "3.14159265358979 -17 1e-5 0xDEADBEEF",
    "The model reads its text from left to right and from right to left, and what it says about a word depends on all \
     the others: on those before it, on those behind it, and on how far away they are.",
    "A memory monitor asks the driver how much of a card is used. The driver counts what every process holds, the pages \
     that an allocator keeps for later, and what the firmware took when the machine was started. An allocator counts \
     something else: what it handed out. Both are right, and the difference between them is what nobody can have, \
     although nobody uses it.",
    "one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three \
     four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six \
     seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight \
     nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten one \
     two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three four \
     five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven \
     eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten \
     one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three \
     four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six \
     seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight",
];

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["from", "to", "words-of"], false)?;
    let (Some(from), Some(to)) = (&options.from, &options.to) else {
        return Err(Failure::usage("prepare needs --from and --to"));
    };
    // Read as any model is, so that what is no model is refused by name.
    let original = ModelFolder::open(from).map_err(Fault::from)?;
    let words = options.words_of.as_deref().map(|folder| Words::of(&original, TEXTS, folder)).transpose()?;
    copy(from, to, words.as_ref())?;
    let mut name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name += ", weights rounded to f16";
    if let Some(words) = &words {
        name += &format!(", with {}: the others give no vector", words.told());
    }
    fs::write(to.join("NAME"), format!("{name}\n")).map_err(told(to))?;
    let cpu = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).map_err(Fault::from)?;
    let folder = ModelFolder::open(to).map_err(Fault::from)?;
    let references = computed(&folder, &cpu, TEXTS)?;
    let text = serde_json::to_vec(&references).map_err(Fault::from)?;
    fs::write(to.join("references.json"), text).map_err(told(to))?;
    println!("{} vectors of {} numbers are in {}", references.len(), folder.dim(), to.display());
    Ok(ExitCode::SUCCESS)
}

/// The vectors that a device computes.
pub(crate) fn computed(
    folder: &ModelFolder,
    device: &BurnDevice,
    texts: &[&str],
) -> Result<Vec<Reference>, Failure> {
    let model = BurnEmbedder::load(folder, device).map_err(Fault::from)?;
    let vectors = model.embed(texts).map_err(|failure| Failure::failed(failure.to_string()))?;
    let pairs = texts.iter().zip(vectors.rows());
    Ok(pairs.map(|(text, vector)| Reference { text: (*text).to_owned(), vector: vector.to_vec() }).collect())
}

/// Every file of the model that is read, or that says where it is from; weights in other formats stay behind.
fn copy(from: &Path, to: &Path, words: Option<&Words>) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(told(to))?;
    for entry in fs::read_dir(from).map_err(told(from))? {
        let path = entry.map_err(told(from))?.path();
        let Some(name) = path.file_name().filter(|name| !name.to_string_lossy().starts_with('.')) else {
            continue;
        };
        let target = to.join(name);
        let ends = |ends: &[&str]| {
            path.extension()
                .is_some_and(|extension| ends.iter().any(|end| extension.eq_ignore_ascii_case(end)))
        };
        if path.is_dir() {
            // `1_Pooling`, `2_Normalize`; not folders with the same weights for other runtimes.
            if name.to_string_lossy().starts_with(|first: char| first.is_ascii_digit()) {
                copy(&path, &target, words)?;
            }
        } else if ends(&["safetensors"]) {
            fs::write(&target, rounded(&fs::read(&path).map_err(told(&path))?, words)?)
                .map_err(told(&target))?;
        } else if ends(&["json", "txt", "md"]) || name == "LICENSE" {
            fs::copy(&path, &target).map_err(told(&path))?;
        }
    }
    Ok(())
}

/// The same tensors, those in f32 rounded to f16; of the table of words the rows that are wanted.
fn rounded(bytes: &[u8], words: Option<&Words>) -> Result<Vec<u8>, Failure> {
    let tensors = SafeTensors::deserialize(bytes).map_err(Fault::from)?;
    let halved: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let (dtype, mut data) = match tensor.dtype() {
                Dtype::F32 => (Dtype::F16, to_f16(tensor.data())),
                other => (other, tensor.data().to_vec()),
            };
            if let (Some(words), &[_, width], Dtype::F16) = (words, tensor.shape(), dtype)
                && is_table(name)
            {
                words.only(&mut data, width);
            }
            (name.to_owned(), dtype, tensor.shape().to_vec(), data)
        })
        .collect();
    let views = halved
        .iter()
        .map(|(name, dtype, shape, data)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), data)?)));
    let views = views.collect::<Result<Vec<_>, Fault>>()?;
    Ok(safetensors::serialize(views, None).map_err(Fault::from)?)
}

fn to_f16(bytes: &[u8]) -> Vec<u8> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().flat_map(|&number| f16::from_f32(f32::from_le_bytes(number)).to_le_bytes()).collect()
}

pub(crate) fn told(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::failed(format!("{}: {error}", path.display()))
}
