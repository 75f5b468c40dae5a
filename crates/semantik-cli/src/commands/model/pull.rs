//! `semantik model pull`: a model from a hub.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use semantik::Cancel;
use semantik::gpu_telemetry::ByteCount;
use semantik::pull::{PullEvent, Pulled, Puller};

use crate::args::PullArgs;
use crate::counted::counted;
use crate::report::Failure;
use crate::{interrupt, say, shown};

pub(super) fn run(args: &PullArgs, cancel: &Cancel) -> Result<Pulled, Failure> {
    interrupt::keeps("what was received is kept, and gone on with the next time");
    let hub = Puller::from_env()?;
    let progress = Progress::new(args.quiet);
    let pulled = hub.pull(&args.model, cancel, &mut |event| progress.event(event));
    progress.bar.finish_and_clear();
    let pulled = pulled?;
    if !args.quiet {
        say::line(summary(&pulled));
    }
    Ok(pulled)
}

fn summary(pulled: &Pulled) -> String {
    let (name, commit) = (&pulled.name, pulled.commit.get(..12).unwrap_or(&pulled.commit));
    if pulled.files == 0 {
        return format!("{name} is there already, and HF_HUB_OFFLINE is set: nobody was asked");
    }
    let bytes = ByteCount::new(pulled.bytes);
    let received = match ByteCount::new(pulled.received) {
        ByteCount::ZERO => "all of it was there already".to_owned(),
        received if received == bytes => "received now".to_owned(),
        received => format!("of which {received} were received now"),
    };
    let files = counted(pulled.files, "file");
    format!("{name}, commit {commit}: {files}, {bytes}, {received}; `--model {name}` uses it")
}

/// A bar on a terminal, and a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        let bar = ProgressBar::new(0);
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = "{wide_bar:.cyan/dim} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress { bar, quiet }
    }

    fn event(&self, event: PullEvent) {
        match event {
            PullEvent::Listed { bytes, .. } => self.bar.set_length(bytes),
            PullEvent::File { name, bytes, there } => {
                self.bar.set_message(shown::line(&name).into_owned());
                if there > 0 && there < bytes {
                    let (there, bytes) = (ByteCount::new(there), ByteCount::new(bytes));
                    self.note(&format!("{name}: going on behind the {there} of {bytes} that are there"));
                }
            }
            PullEvent::Bytes(bytes) => self.bar.inc(bytes),
            PullEvent::Anew(bytes) => self.bar.set_position(self.bar.position().saturating_sub(bytes)),
            PullEvent::Again { cause, .. } => self.note(&format!("{cause}; trying again")),
            PullEvent::Waiting { name } => {
                self.note(&format!("{name}: another process brings it; waiting for that"));
            }
            _ => {}
        }
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| say::note(text));
        }
    }
}
