//! [`TextsPlan`]: batches of texts of given lengths, ours and the reference's.

use std::path::Path;

use batch_policy::{Budget, CostModel, Limits, Padding, plan as plan_batches};
use serde::Serialize;

use crate::error::Error;

/// Texts whose lengths were given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TextsPlan {
    /// How many.
    pub texts: usize,
    /// Their tokens, as many as the model reads of each.
    pub tokens: u64,
    /// How many are longer than the model reads.
    pub cut: usize,
    /// How many need a larger tensor than the device allows: they are in no batch of ours.
    pub never_fit: usize,
    /// Our batches.
    pub ours: TextsRun,
    /// Batches of the reference's size in the order of the texts, each padded to its longest.
    pub reference: TextsRun,
}

/// Texts in batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TextsRun {
    /// How many batches.
    pub batches: usize,
    /// Tokens that are computed, padding included.
    pub computed_tokens: u64,
    /// The share of these that is padding.
    pub padding: f64,
    /// The bytes that the largest of them is predicted to take, by our cost model.
    pub largest_peak: u64,
    /// How many are predicted to take more than there is.
    pub over_budget: usize,
}

/// How much of a line that is no number is shown: it may be a whole file.
const SHOWN: usize = 40;

/// Reads lengths from a file: a number of tokens, at least 1, on each line; blank lines are skipped.
///
/// # Errors
/// The file cannot be read, or a line is no such number.
pub fn read_lengths(path: &Path) -> Result<Vec<usize>, Error> {
    let text = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    let text = String::from_utf8_lossy(&text);
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let length = |(line, word): (usize, &str)| {
        if let Ok(tokens @ 1..) = word.parse() {
            return Ok(tokens);
        }
        let what = format!("{}, line {line}", path.display());
        let word: String =
            word.chars().take(SHOWN).chain((word.chars().count() > SHOWN).then_some('…')).collect();
        Err(Error::value(what, format!("{word:?}"), "the length of a text: a number of tokens from 1 on"))
    };
    numbered.filter(|(_, word)| !word.is_empty()).map(length).collect()
}

pub(super) fn plan(
    lengths: &[usize],
    max_tokens: usize,
    is_padded: bool,
    budget: &Budget,
    cost: &dyn CostModel,
    limits: &Limits,
    reference: usize,
) -> TextsPlan {
    let read: Vec<usize> = lengths.iter().map(|&tokens| tokens.min(max_tokens)).collect();
    let padding = if is_padded { Padding::Bucketed { longest: max_tokens } } else { Padding::None };
    let plan = plan_batches(&read, padding, budget, cost, limits);
    let shape = |items: &[usize]| items.iter().map(|&item| read[item]).max().unwrap_or(1);
    let ours = plan.batches().iter().map(|batch| {
        let tokens = if is_padded { batch.tokens() } else { shape(batch.items()) };
        let computed: u64 = if is_padded {
            (batch.items().len() * tokens) as u64
        } else {
            batch.items().iter().map(|&item| read[item] as u64).sum()
        };
        (batch.items().len(), tokens, computed)
    });
    let in_order = read.chunks(reference.max(1)).map(|texts| {
        let longest = texts.iter().copied().max().unwrap_or(1);
        (texts.len(), longest, (texts.len() * longest) as u64)
    });
    let oversized: u64 = plan.oversized().iter().map(|text| read[text.item] as u64).sum();
    let tokens: u64 = read.iter().map(|&tokens| tokens as u64).sum();
    TextsPlan {
        texts: lengths.len(),
        tokens,
        cut: lengths.iter().filter(|&&tokens| tokens > max_tokens).count(),
        never_fit: plan.oversized().len(),
        ours: run(ours, tokens - oversized, budget, cost),
        reference: run(in_order, tokens, budget, cost),
    }
}

/// Sums up batches of so many texts, each of the tokens of the longest, with what is computed of each.
fn run(
    batches: impl Iterator<Item = (usize, usize, u64)>,
    tokens: u64,
    budget: &Budget,
    cost: &dyn CostModel,
) -> TextsRun {
    let mut run = TextsRun::default();
    for (texts, longest, computed) in batches {
        let peak = cost.peak(texts, longest);
        run.batches += 1;
        run.computed_tokens += computed;
        run.largest_peak = run.largest_peak.max(peak.get());
        run.over_budget += usize::from(!budget.allowed.allows(texts, peak));
    }
    if run.computed_tokens > 0 {
        run.padding = 1.0 - tokens as f64 / run.computed_tokens as f64;
    }
    run
}
