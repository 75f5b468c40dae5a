//! `semantik watch`: the memory of every device, over time.

mod choice;
mod device;
mod feed;
mod hangup;
mod history;
mod level;
mod lines;
mod model;
mod ours;
mod reading;
mod rounds;
mod screen;
mod terminal;
mod view;
mod words;

use std::io::IsTerminal;
use std::process::ExitCode;

use semantik::Cancel;
use semantik::gpu_telemetry::TelemetryError;

use self::feed::Feed;
use self::lines::{Ended, Lines};
use self::model::{Model, Outcome};
pub(crate) use self::terminal::give_back;
use super::tell_hidden_cards;
use crate::args::{WatchArgs, WatchFormat};
use crate::interrupt;
use crate::output::Output;
use crate::report::{Failure, INTERRUPTED};

pub(crate) fn run(args: &WatchArgs, cancel: &Cancel) -> Result<ExitCode, Failure> {
    interrupt::say_nothing();
    // Whoever wants the host alone asks nothing of any card.
    if !choice::is_host_alone(&args.devices) {
        tell_hidden_cards();
    }
    let (devices, monitors): (Vec<_>, Vec<_>) =
        choice::choose(choice::found(&args.devices), &args.devices)?.into_iter().unzip();
    let interval = args.interval.get();
    let feed = Feed::start(monitors, interval).map_err(|error| no_thread(&error))?;
    let Some(format) = lines_for(args) else {
        let outcome =
            screen::run(Model::new(devices, interval), &feed, cancel).map_err(|error| no_terminal(&error))?;
        return Ok(match outcome {
            Outcome::Interrupted => ExitCode::from(INTERRUPTED),
            Outcome::Quit | Outcome::GoOn => ExitCode::SUCCESS,
        });
    };
    let lines = Lines { format, interval, once: args.once };
    let mut out = Output::open(None)?;
    Ok(match lines::run(&feed, &devices, lines, &mut out, cancel)? {
        Ended::Once { failed: false } => ExitCode::SUCCESS,
        Ended::Once { failed: true } => Failure::told(),
        Ended::Interrupted => ExitCode::from(INTERRUPTED),
    })
}

/// In which form lines are written; `None` where the view is shown.
fn lines_for(args: &WatchArgs) -> Option<WatchFormat> {
    let terminal = std::io::stdout().is_terminal();
    // A terminal that cannot move its cursor has no place for a picture.
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match args.format {
        Some(format) => Some(format),
        None if !terminal => Some(WatchFormat::Jsonl),
        None if args.once || dumb => Some(WatchFormat::Text),
        None => None,
    }
}

fn no_thread(error: &TelemetryError) -> Failure {
    Failure::failed(
        format!("no thread could be started: {error}"),
        "end other programs, or watch fewer devices",
    )
}

fn no_terminal(error: &std::io::Error) -> Failure {
    Failure::failed(
        format!("the terminal cannot be used: {error}"),
        "`--format text` needs no more than lines",
    )
}
