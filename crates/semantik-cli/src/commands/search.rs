//! `semantik search`: the chunks nearest to a question.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use semantik::search::{self, Hit, Trust};
use semantik::sink::json;
use semantik::{Cancel, Error, Meta, ModelCache, Status};
use serde_json::Value;

use super::{model_notes, tell_problems};
use crate::args::{Format, SearchArgs};
use crate::counted::counted;
use crate::output::{Output, default_format};
use crate::report::Failure;
use crate::{say, shown};

/// How much of a chunk is shown to people.
const SHOWN: usize = 240;

pub(crate) fn run(args: &SearchArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    if args.k == 0 {
        return Err(Failure::usage("-k is 0, but must be at least 1", "leave it out for 5"));
    }
    if args.question.trim().is_empty() {
        return Err(Failure::usage("the question is empty", "ask for what the chunks are to be about"));
    }
    let limits = args.device.limits()?;
    refuse_what_is_not_there(&args.file)?;
    let made = Meta::read_for(&args.file)?;
    let model = match &args.model {
        Some(model) => model.clone(),
        None => made.model.path.to_string_lossy().into_owned(),
    };
    let folder = ModelCache::from_env()?.resolve(&model)?;
    let trust = search::check_model(&args.file, &folder.identity().map_err(Error::from)?)?;
    let prompt = args.prompt.choose(&folder, folder.prompts().for_queries())?;
    args.device.tell_hidden_cards();
    let embedder = args.device.load(&folder, &limits)?.with_prompt(prompt.as_ref())?;
    if let Some(note) = args.device.dtype_note(&embedder) {
        say::note(note);
    }
    if trust == Trust::AsFarAsRecorded {
        say::note(format_args!(
            "an earlier version wrote {}.meta.json, without the model's configuration: it is taken to be the same",
            args.file.display()
        ));
    }
    for note in model_notes(&folder, &embedder, "question", args.prompt.is_given()) {
        say::note(note);
    }
    if let (Some(texts), None) = (&made.prompt, &prompt) {
        say::note(format_args!(
            "the texts were embedded with the prompt {:?}, and the question has none: --prompt gives it one",
            texts.text
        ));
    }
    let question = embedder.tokenize(&args.question)?;
    if question.dropped > 0 {
        say::note(format_args!(
            "the question is longer than the model reads; its end does not count, {}",
            counted(question.dropped, "token")
        ));
    }
    let vectors = embedder.embed_tokenized(&[question], &mut |_| {})?;
    tell_problems(&embedder, false);
    if vectors.row(0).is_some_and(|vector| vector.iter().all(|&number| number == 0.0)) {
        let cause = format!(
            "the question's vector is all zeros: the weights in {} hold nothing",
            folder.path().display()
        );
        return Err(Failure::failed(cause, "copy the model again, or bring it with `semantik model pull`"));
    }
    let hits = search::nearest(&args.file, vectors.row(0).unwrap_or_default(), args.k, cancel)?;
    let mut out = Output::open(None)?;
    let written = match args.format.unwrap_or_else(|| default_format(None)) {
        Format::Jsonl => hits.iter().try_for_each(|hit| {
            json::to_writer(&mut out, hit)?;
            out.write_all(b"\n")
        }),
        Format::Text => hits.iter().try_for_each(|hit| shown::write(&mut out, &for_people(hit))),
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

/// A run that did not come to its end left its records under another name.
fn refuse_what_is_not_there(file: &Path) -> Result<(), Failure> {
    if file.is_file() {
        return Ok(());
    }
    let partial = Status::partial_of(file);
    if file.exists() || !partial.is_file() {
        let what = if file.exists() { "no file" } else { "not there" };
        let hint = "give a file that `semantik embed -o FILE` wrote, with its FILE.meta.json";
        return Err(Failure::failed(format!("{} is {what}", file.display()), hint));
    }
    let cause = format!("{} is not there, but what a run has finished of it is", file.display());
    let hint = format!(
        "`semantik search {}` searches that; the command that made it goes on from it",
        partial.display()
    );
    Err(Failure::failed(cause, hint))
}

fn for_people(hit: &Hit) -> String {
    let field = |name: &str| hit.record.get(name).unwrap_or(&Value::Null);
    let words = field("text").as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text: String = words.chars().take(SHOWN).collect();
    if text.len() < words.len() {
        text.push('…');
    }
    let document = field("document").as_str().unwrap_or_default();
    let level = field("level").as_u64().map_or_else(String::new, |level| format!("  level {level}"));
    let context: Vec<&str> =
        field("context").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let under = if context.is_empty() { String::new() } else { format!("  under {}", context.join(" › ")) };
    let (first, last) = (field("line_start"), field("line_end"));
    let heading = format!("{:.3}  {document}:{first}-{last}{level}{under}", hit.score);
    format!("{}\n       {}\n", shown::line(&heading), shown::line(&text))
}
