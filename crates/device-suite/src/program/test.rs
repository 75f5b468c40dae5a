//! `semantik-device test`: the conformance suite.

use std::process::ExitCode;

use device_suite::{CHECKS, Check, Verdict};
use embed_burn::BurnDevice;
use semantik::devices::{backends, open};

use crate::failure::{Failure, exit};
use crate::options::Options;

pub(crate) const USAGE: &str = "\
test [--backend BACKEND] [CHECK…]
    The conformance suite, or those checks of it, on that backend. Default: on every device that is
    there; what is not there is told as skipped.";

pub(crate) fn run(args: lexopt::Parser) -> Result<ExitCode, Failure> {
    let options = Options::read(args, &["backend"], true)?;
    let mut checks: Vec<&Check> = Vec::new();
    for name in &options.rest {
        let check =
            Check::named(name).ok_or_else(|| Failure::usage(format!("no check is called {name:?}")))?;
        checks.push(check);
    }
    if checks.is_empty() {
        checks.extend(CHECKS);
    }
    let mut counts = Counts::default();
    if options.backend.is_some() {
        counts.on(&options.device()?, &checks);
    } else {
        for info in backends() {
            match info.reason {
                Some(reason) => {
                    counts.skipped += 1;
                    println!("skipped  {:<8} {reason}", info.backend);
                }
                None => match open(info.spec()) {
                    Ok(device) => counts.on(&device, &checks),
                    Err(error) => {
                        counts.failed += 1;
                        println!("FAILED   {:<8} {error}", info.backend);
                    }
                },
            }
        }
    }
    println!("{} held, {} failed, {} skipped", counts.held, counts.failed, counts.skipped);
    Ok(exit(counts.failed == 0 && counts.held > 0))
}

#[derive(Debug, Default)]
struct Counts {
    held: usize,
    failed: usize,
    skipped: usize,
}

impl Counts {
    fn on(&mut self, device: &BurnDevice, checks: &[&Check]) {
        println!("on {}: {}", device.backend(), device.name());
        for check in checks {
            let report = check.run(device);
            let (word, count, why) = match report.verdict {
                Verdict::Held => ("held", &mut self.held, String::new()),
                Verdict::NotApplicable(why) => ("skipped", &mut self.skipped, format!(": {why}")),
                Verdict::Failed(why) => ("FAILED", &mut self.failed, format!(": {why}")),
            };
            *count += 1;
            println!("{word:<8} {:<8} {} ({:.1} s){why}", device.backend(), report.check, report.seconds);
        }
    }
}
