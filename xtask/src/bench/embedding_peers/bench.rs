//! [`Bench`]: what every part measures with.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::prepare::MiniLm;
use super::programs::{OPENVINO, OURS, PRODUCTS, Programs};
use super::rounds::{Contender, Outcome, measure};
use super::table::shown_cosine;
use super::work::{Shape, Sizes};

pub(super) struct Bench {
    pub(super) programs: Programs,
    /// all-MiniLM-L6-v2 as `semantik` and sentence-transformers read it.
    pub(super) model: PathBuf,
    /// The same for the others.
    pub(super) prepared: MiniLm,
    /// A file of sentences, and how many.
    pub(super) sentences: (PathBuf, usize),
    /// The command line of this workspace.
    pub(super) semantik: PathBuf,
    /// For what a part makes.
    pub(super) work: PathBuf,
    pub(super) is_quick: bool,
    /// The batch at which sentence-transformers was the fastest, once it is known.
    pub(super) best_batch: Option<u64>,
}

/// A model that a program has loaded under a name, or why not.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) program: &'static str,
    pub(super) name: String,
    pub(super) ready: Result<Value, String>,
}

impl Bench {
    /// `full` rounds, or fewer.
    pub(super) fn rounds(&self, full: usize) -> usize {
        if self.is_quick { full.min(2) } else { full }
    }

    /// Loads a model unless what it needs could not be prepared.
    pub(super) fn load(
        &mut self,
        program: &'static str,
        name: &str,
        folder: &Path,
        options: &Value,
        prepared: Result<(), String>,
    ) -> Loaded {
        let question = json!({"op": "load", "as": name, "folder": folder, "options": options});
        self.load_as_asked(program, name, &question, prepared)
    }

    /// The same, but no text is embedded: for models that only ever get token ids.
    pub(super) fn load_without_text(
        &mut self,
        program: &'static str,
        name: &str,
        folder: &Path,
        options: &Value,
        prepared: Result<(), String>,
    ) -> Loaded {
        let question =
            json!({"op": "load", "as": name, "folder": folder, "options": options, "first": false});
        self.load_as_asked(program, name, &question, prepared)
    }

    fn load_as_asked(
        &mut self,
        program: &'static str,
        name: &str,
        question: &Value,
        prepared: Result<(), String>,
    ) -> Loaded {
        let ready = prepared.and_then(|()| self.programs.ask(program, question));
        Loaded { program, name: name.to_owned(), ready }
    }

    /// all-MiniLM-L6-v2 in f32 or other numbers, as this project runs it.
    pub(super) fn ours(&mut self, dtype: &str) -> Loaded {
        let model = self.model.clone();
        self.load(OURS, dtype, &model, &json!({"dtype": dtype}), Ok(()))
    }

    /// The same as `OpenVINO` runs it, in so many batches at a time.
    pub(super) fn openvino(&mut self, dtype: &str, streams: usize) -> Loaded {
        let (file, prepared) = match dtype {
            "int8" => ("int8.xml", self.prepared.int8.clone()),
            _ => ("model.xml", self.prepared.openvino.clone()),
        };
        let mut options = json!({"file": file, "streams": streams});
        // What of an int8 model is left in floating point, OpenVINO chooses itself.
        if dtype != "int8" {
            options["precision"] = Value::from(dtype);
        }
        let folder = self.prepared.folder.clone();
        self.load(OPENVINO, &format!("{dtype} in {streams}"), &folder, &options, prepared)
    }

    /// All contenders in turn; what was not loaded is told as such.
    pub(super) fn measure(&mut self, contenders: &[(Loaded, Contender)], rounds: usize) -> Vec<Outcome> {
        let able: Vec<Contender> = contenders
            .iter()
            .filter(|(loaded, _)| loaded.ready.is_ok())
            .map(|(_, contender)| contender.clone())
            .collect();
        let mut measured = measure(&mut self.programs, &able, rounds).into_iter();
        let outcome = |(loaded, contender): &(Loaded, Contender)| {
            let refused = |why: &String| Outcome {
                program: contender.program,
                variant: contender.variant.clone(),
                found: Err(why.clone()),
            };
            match &loaded.ready {
                Ok(_) => measured.next(),
                Err(why) => Some(refused(why)),
            }
        };
        contenders.iter().filter_map(outcome).collect()
    }

    /// Lets a program read the sentences.
    pub(super) fn read_sentences(&mut self, programs: &[&'static str]) {
        let question = json!({"op": "read", "path": self.sentences.0});
        for program in programs {
            // Who cannot be asked says so again when it is to embed them.
            let _ = self.programs.ask(program, &question);
        }
    }

    /// How many tokens the sentences have, special tokens included.
    pub(super) fn sentence_tokens(&mut self, model: &Loaded) -> Result<f64, String> {
        let question = json!({"op": "tokenise", "of": model.name, "by": "encoder", "times": 1});
        let answer = self.programs.ask(OURS, &question)?;
        answer["tokens"].as_f64().ok_or_else(|| "the number of tokens is not known".to_owned())
    }
}

impl Loaded {
    /// The same token ids as everybody's, as often as takes a while.
    pub(super) fn ids(&self, variant: &str, rows: &[Vec<u32>]) -> (Loaded, Contender) {
        let question = json!({"op": "ids", "of": self.name, "rows": rows, "times": 1});
        (self.clone(), Contender::new(self.program, variant, question))
    }

    /// The first `count` sentences in batches of `batch`, which this project chooses itself.
    pub(super) fn embed(&self, variant: &str, count: usize, batch: u64) -> (Loaded, Contender) {
        let question = json!({"op": "embed", "of": self.name, "count": count, "batch": batch});
        (self.clone(), Contender::new(self.program, variant, question))
    }
}

/// The products with weights of such a batch and nothing else: how fast any program could be. No model is loaded for it.
pub(super) fn products(sizes: Sizes, shape: Shape) -> (Loaded, Contender) {
    let question = json!({"op": "products", "products": sizes.products(shape), "times": 1});
    let nothing = Loaded { program: PRODUCTS, name: String::new(), ready: Ok(json!({})) };
    (nothing, Contender::new(PRODUCTS, "", question))
}

/// A cosine, and whether it is as near as vectors of the same model have to be.
pub(super) fn checked_cosine(cosine: Option<f64>, least: f64) -> String {
    let shown = shown_cosine(cosine);
    if cosine.is_some_and(|cosine| cosine < least) { format!("{shown}: not the same vectors") } else { shown }
}
