//! Progress, and what is said beside it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semantik::governor::{self, DeviceUse};
use semantik::pipeline::Event;
use semantik::{Error, NothingIn, Skipped};

use crate::args::CutArgs;
use crate::counted::counted;
use crate::{report, say, skipped};

/// A bar on a terminal, silence elsewhere; and what is told at the end: what was skipped, and what failed.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    quiet: bool,
    /// How many of each are named.
    named: usize,
    chunks: usize,
    tokens: usize,
    skipped: Vec<Skipped>,
    nothing_in: Vec<NothingIn>,
    failures: Vec<String>,
    hints: Vec<String>,
    more_failures: usize,
}

/// How many of what was skipped, and of what failed, are named where not all are asked for.
const NAMED: usize = 10;

impl Progress {
    pub(crate) fn new(cut: &CutArgs) -> Self {
        let bar = ProgressBar::new(0);
        if cut.quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = "{wide_bar:.cyan/dim} {bytes}/{total_bytes}  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress {
            bar,
            quiet: cut.quiet,
            named: if cut.verbose { usize::MAX } else { NAMED },
            chunks: 0,
            tokens: 0,
            skipped: Vec::new(),
            nothing_in: Vec::new(),
            failures: Vec::new(),
            hints: Vec::new(),
            more_failures: 0,
        }
    }

    /// Takes in what a run tells.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Found { bytes, .. } => self.bar.set_length(bytes),
            Event::Skipped { skipped } if !self.quiet => self.skipped.push(skipped.clone()),
            Event::NothingIn { nothing } if !self.quiet => self.nothing_in.push(nothing.clone()),
            Event::Embedded { chunks, tokens } => {
                self.chunks += chunks;
                self.tokens += tokens;
                let rate = |count: usize| count as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
                self.bar.set_message(format!(
                    "{}, {:.0}/s, {:.0} tokens/s{}",
                    counted(self.chunks, "chunk"),
                    rate(self.chunks),
                    rate(self.tokens),
                    memory(&governor::status())
                ));
            }
            Event::Written { bytes, .. } => self.bar.inc(bytes),
            Event::Failed { error, .. } => self.failed(error),
            _ => {}
        }
    }

    /// Keeps a document's failure for the end.
    pub(crate) fn failed(&mut self, error: &Error) {
        if self.failures.len() < self.named {
            self.failures.push(error.to_string());
            self.hints.extend(report::hint(error).filter(|hint| !self.hints.contains(hint)));
        } else {
            self.more_failures += 1;
        }
    }

    /// Something worth knowing, above the bar.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| say::note(text));
        }
    }

    /// Takes the bar away, and tells what was skipped and what failed.
    pub(crate) fn finish(&mut self) {
        self.bar.finish_and_clear();
        for nothing in self.nothing_in.drain(..) {
            say::note(skipped::nothing_in(&nothing));
        }
        for line in skipped::told(std::mem::take(&mut self.skipped), self.named) {
            say::note(line);
        }
        for failure in self.failures.drain(..) {
            say::error(failure);
        }
        match std::mem::take(&mut self.more_failures) {
            0 => {}
            1 => say::error("and 1 more document failed (-v names all)"),
            more => say::error(format_args!("and {more} more documents failed (-v names all)")),
        }
        for hint in self.hints.drain(..) {
            say::hint(hint);
        }
    }
}

/// What the last batch was granted of what all may have, where that is known.
fn memory(devices: &[DeviceUse]) -> String {
    // One device computes for a run.
    let Some((lease, device)) = devices.iter().find_map(|device| Some((device.last_lease?, device))) else {
        return String::new();
    };
    let budget = device.budget.map(|budget| format!(" of {budget}")).unwrap_or_default();
    let pressure = if device.under_pressure { ", others need memory" } else { "" };
    format!(", {lease}{budget}{pressure}")
}
