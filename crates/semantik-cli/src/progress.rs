//! Progress, and what is said beside it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semantik::Error;
use semantik::pipeline::Event;

use crate::report;

/// A bar on a terminal, silence elsewhere; and the failures of documents, kept for the end.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    chunks: usize,
    tokens: usize,
    failures: Vec<String>,
    hints: Vec<String>,
    more_failures: usize,
}

/// How many failures are told one by one.
const TOLD: usize = 8;

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::new(0);
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = "{wide_bar:.cyan/dim} {bytes}/{total_bytes}  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress {
            bar,
            quiet,
            chunks: 0,
            tokens: 0,
            failures: Vec::new(),
            hints: Vec::new(),
            more_failures: 0,
        }
    }

    /// Takes in what a run tells.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Found { bytes, .. } => self.bar.set_length(bytes),
            Event::Embedded { chunks, tokens } => {
                self.chunks += chunks;
                self.tokens += tokens;
                let rate = |count: usize| count as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
                self.bar.set_message(format!(
                    "{} chunks, {:.0}/s, {:.0} tokens/s",
                    self.chunks,
                    rate(self.chunks),
                    rate(self.tokens)
                ));
            }
            Event::Written { bytes, .. } => self.bar.inc(bytes),
            Event::Failed { error, .. } => self.failed(error),
            _ => {}
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.failures.len() < TOLD {
            self.failures.push(error.to_string());
            self.hints.extend(report::hint(error).filter(|hint| !self.hints.contains(hint)));
        } else {
            self.more_failures += 1;
        }
    }

    /// Something worth knowing, above the bar.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("note: {text}"));
        }
    }

    /// Takes the bar away, and tells the failures.
    pub(crate) fn finish(&mut self) {
        self.bar.finish_and_clear();
        for failure in self.failures.drain(..) {
            eprintln!("error: {failure}");
        }
        if self.more_failures > 0 {
            eprintln!("error: and {} more documents failed", self.more_failures);
        }
        for hint in self.hints.drain(..) {
            eprintln!("hint: {hint}");
        }
    }
}
