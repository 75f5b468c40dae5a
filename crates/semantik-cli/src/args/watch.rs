//! What `semantik watch` takes.

use clap::{Args, ValueEnum};

use super::interval::Interval;

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Watch only this device: what `semantik devices` calls it (cpu, cuda:0), a backend for all of its
    /// devices (cuda), its place on the PCI bus (41:00.0), or a part of its name (h100). May be given again
    /// for further ones. Default: all.
    #[arg(long = "device", value_name = "SPEC|NAME")]
    pub(crate) devices: Vec<String>,

    /// How often each device is asked, such as 500ms, 2s or 5m; from 50ms to 1h.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(crate) interval: Interval,

    /// Ask each device once, and end; exit code 1 if one of them failed or is silent for 5 s.
    #[arg(long)]
    pub(crate) once: bool,

    /// text (a line for each device), jsonl (an object for each device, memory in bytes, no key for what is
    /// not known) or prometheus (its text format). Default: on a terminal the view, with --once text; else
    /// jsonl.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<WatchFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WatchFormat {
    Text,
    Jsonl,
    Prometheus,
}
