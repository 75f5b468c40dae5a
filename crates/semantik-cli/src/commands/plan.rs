//! `semantik plan`: what would run, before anything is loaded.

mod for_people;

use std::io::Write;
use std::process::ExitCode;

use semantik::ModelCache;
use semantik::devices::{ProcessReport, Surveyed, survey};
use semantik::embed_burn::{DeviceSpec, Precision};
use semantik::gpu_telemetry::ByteCount;
use semantik::ledger::{Holder, shares};
use semantik::plan::{ModelFigures, Outlook, Planner, read_lengths};
use semantik::sink::json;
use serde_json::Value;

use crate::args::{ListFormat, PlanArgs};
use crate::output::Output;
use crate::report::Failure;
use crate::shown;

/// Cards that are sold, by the GiB that their drivers tell, from laptops to the largest of data centres.
const CARDS: [u64; 9] = [4, 8, 12, 16, 24, 40, 48, 80, 141];

/// All that is told.
struct Plan {
    model: ModelFigures,
    cards: Vec<Outlook>,
    /// Whether the one card is what was asked for.
    is_asked: bool,
    device: Option<Device>,
}

/// The device at hand.
struct Device {
    surveyed: Surveyed,
    outlook: Outlook,
    /// Who else of this user's processes is on it.
    ours: Vec<Holder>,
}

pub(crate) fn run(args: &PlanArgs) -> Result<ExitCode, Failure> {
    let limits = args.device.limits()?;
    let lengths = args.lengths.as_deref().map(read_lengths).transpose()?;
    let folder = ModelCache::from_env()?.resolve(&args.model)?;
    let dtype = args.device.dtype;
    let mut planner = Planner::new(&folder, &limits)?.with_precision(dtype);
    if let Some(lengths) = lengths {
        planner = planner.with_lengths(lengths);
    }
    let plan = if let Some(memory) = args.gpu_memory {
        if dtype == Precision::Int8 {
            let cause = "--dtype is int8, in which no card computes, and --gpu-memory plans for one";
            return Err(Failure::usage(cause, "take f16 or bf16 for a card; `--backend cpu` plans for int8"));
        }
        let used = args.used.unwrap_or(ByteCount::ZERO);
        if used > memory {
            let cause = format!("--used is {used}, and the card has {memory} in all");
            return Err(Failure::usage(cause, "give what others use of it, which is no more than it has"));
        }
        Plan {
            model: planner.model(),
            cards: vec![planner.card(memory, used)?],
            is_asked: true,
            device: None,
        }
    } else {
        args.device.tell_hidden_cards();
        let card = |gib: &u64| planner.card(ByteCount::GIB.saturating_mul(*gib), ByteCount::ZERO);
        Plan {
            model: planner.model(),
            cards: CARDS.iter().filter(|_| dtype != Precision::Int8).map(card).collect::<Result<_, _>>()?,
            is_asked: false,
            device: Some(at_hand(args.device.backend, &planner)?),
        }
    };
    let mut out = Output::open(None)?;
    let written = match args.format {
        ListFormat::Json => {
            json::to_writer_pretty(&mut out, &plan.to_json()).and_then(|()| out.write_all(b"\n"))
        }
        ListFormat::Text => shown::write(&mut out, &for_people::text(&plan)),
    };
    let written = written.and_then(|()| out.flush());
    written.map_err(|error| semantik::sink::output_error("standard output".as_ref(), error))?;
    Ok(ExitCode::SUCCESS)
}

fn at_hand(spec: DeviceSpec, planner: &Planner<'_>) -> Result<Device, Failure> {
    let surveyed = survey(spec).map_err(|reason| {
        Failure::failed(
            format!("{spec} is not available: {reason}"),
            "`semantik devices` lists what is there; `--gpu-memory` plans for a card that is not here",
        )
    })?;
    let outlook = planner.device(&surveyed)?;
    let ours = shares(&surveyed.key).map(|shares| shares.holders).unwrap_or_default();
    Ok(Device { surveyed, outlook, ours })
}

impl Plan {
    fn to_json(&self) -> Value {
        serde_json::json!({
            "model": self.model,
            "cards": self.cards,
            "device": self.device.as_ref().map(Device::to_json),
        })
    }
}

impl Device {
    fn to_json(&self) -> Value {
        let Device { surveyed, outlook, ours } = self;
        let holder = |holder: &Holder| {
            serde_json::json!({
                "pid": holder.pid,
                "promised": holder.promised.get(),
                "held": holder.held.get(),
                "idle": holder.idle.get(),
                "waiting_seconds": holder.waiting.map(|time| time.as_secs_f64()),
            })
        };
        serde_json::json!({
            "spec": surveyed.info.spec().to_string(),
            "backend": surveyed.info.backend.as_str(),
            "name": surveyed.name,
            "memory_error": surveyed.memory_error,
            "processes": surveyed.processes.as_ref().map(|all| all.iter().collect::<Vec<&ProcessReport>>()),
            "ours": ours.iter().map(holder).collect::<Vec<_>>(),
            "outlook": outlook,
        })
    }
}
