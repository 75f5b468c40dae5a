//! Cuts a text as it is asked, a question of JSON a line: for `cargo xtask bench chunking --peers`, which asks programs of
//! other languages the same.

use std::fs;
use std::io::{BufRead, Write};
use std::time::Instant;

use benches::{peer, tokenizer};
use chunk_strategies::{Chunk, ChunkConfig, ChunkError, ChunkSizer, Markdown, Recursive, Tokens};
use serde_json::{Value, json};
use text_splitter::{Characters, MarkdownSplitter, TextSplitter};

fn main() {
    // Run with all benchmarks, it has nobody to answer.
    if std::env::var_os("SEMANTIK_BENCH_PEERS").is_none() {
        return;
    }
    let input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    for line in input.lines().map_while(Result::ok) {
        let reply = serde_json::from_str(&line)
            .map_err(|error| error.to_string())
            .and_then(|question| answer(&question));
        let reply = reply.unwrap_or_else(|error| json!({ "error": error }));
        if writeln!(output, "{reply}").and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}

fn answer(question: &Value) -> Result<Value, String> {
    let word = |name: &str| question[name].as_str().ok_or_else(|| format!("no {name} is named"));
    let path = word("text")?;
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let size =
        question["size"].as_u64().and_then(|size| usize::try_from(size).ok()).ok_or("no size is named")?;
    match (word("program")?, word("task")?) {
        ("chunk-strategies", "chars") => {
            let strategy = Recursive::new(ChunkConfig::new(size)).map_err(told)?;
            ours(&text, || strategy.chunks(&text).collect())
        }
        ("chunk-strategies", "markdown") => {
            let strategy = Markdown::new(ChunkConfig::new(size)).map_err(told)?;
            ours(&text, || strategy.chunks(&text).collect())
        }
        ("chunk-strategies", "tokens") => {
            let tokens = Tokens::new(tokenizer().ok_or("there is no tokenizer")?).map_err(told)?;
            let strategy = Recursive::new(ChunkConfig::new(size).sizer(tokens)).map_err(told)?;
            ours(&text, || strategy.chunks(&text).collect())
        }
        ("text-splitter", "chars") => {
            let splitter = TextSplitter::new(peer::config(size, Characters));
            Ok(timed(&text, || splitter.chunks(&text).collect(), |text| text.chars().count()))
        }
        ("text-splitter", "markdown") => {
            let splitter = MarkdownSplitter::new(peer::config(size, Characters));
            Ok(timed(&text, || splitter.chunks(&text).collect(), |text| text.chars().count()))
        }
        ("text-splitter", "tokens") => {
            let tokenizer = tokenizer().ok_or("there is no tokenizer")?;
            let splitter = TextSplitter::new(peer::config(size, peer::Tokens(&tokenizer)));
            let sizes = Tokens::new(tokenizer.clone()).map_err(told)?;
            Ok(timed(&text, || splitter.chunks(&text).collect(), |text| sizes.size(text)))
        }
        (program, task) => Err(format!("{program} is not asked for {task} here")),
    }
}

fn ours<'t>(text: &str, cut: impl FnOnce() -> Result<Vec<Chunk<'t>>, ChunkError>) -> Result<Value, String> {
    let start = Instant::now();
    let chunks = cut().map_err(told)?;
    let seconds = start.elapsed().as_secs_f64();
    let texts: Vec<&str> = chunks.iter().map(Chunk::text).collect();
    let largest = chunks.iter().map(Chunk::size).max();
    Ok(reply(seconds, &texts, largest, text))
}

fn timed<'t>(text: &str, cut: impl FnOnce() -> Vec<&'t str>, size: impl Fn(&str) -> usize) -> Value {
    let start = Instant::now();
    let chunks = cut();
    let seconds = start.elapsed().as_secs_f64();
    let largest = chunks.iter().map(|chunk| size(chunk)).max();
    reply(seconds, &chunks, largest, text)
}

fn reply(seconds: f64, chunks: &[&str], largest: Option<usize>, text: &str) -> Value {
    json!({
        "seconds": seconds,
        "chunks": chunks.len(),
        "largest": largest.unwrap_or_default(),
        "tiles": chunks.concat() == text,
    })
}

// As `map_err` wants it.
#[allow(clippy::needless_pass_by_value)]
fn told(error: ChunkError) -> String {
    error.to_string()
}
