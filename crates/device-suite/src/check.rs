//! [`Check`]: one fact about a device, by name.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use embed_burn::BurnDevice;
use serde::Serialize;

use crate::checks;
use crate::fault::Fault;

/// One fact that holds for every device, named for its guarantee.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Its name: the function's in [`crate::checks`].
    pub name: &'static str,
    function: fn(&BurnDevice) -> Result<Verdict, Fault>,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Held,
    /// It says nothing about this device, and why.
    NotApplicable(String),
    /// It does not hold, or the backend panicked.
    Failed(String),
}

/// A check that was run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// The check's name.
    pub check: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, compiling the kernels included.
    pub seconds: f64,
}

/// Gives the names of all checks to a macro: the one list of them, for the suite itself and for tests.
#[macro_export]
macro_rules! for_each_check {
    ($take:ident) => {
        $take! {
            e1_faithful_to_the_oracle,
            e1_faithful_without_normalisation_with_cls_and_relu,
            e2_batch_invariant,
            e3_ordered_and_complete,
            e3_what_is_cut_is_counted,
            batches_in_flight_have_their_own_vectors,
            rows_that_the_model_cannot_read_are_refused,
            a_row_that_is_not_finite_costs_only_itself,
            a_batch_over_the_largest_tensor_never_fits,
            a_second_model_and_a_second_handle_share_the_device,
            an_allocation_is_seen_by_the_pool_and_given_back,
        }
    };
}

macro_rules! list {
    ($($name:ident),+ $(,)?) => {
        /// The conformance suite, in the order in which it is run.
        pub const CHECKS: &[Check] = &[$(Check { name: stringify!($name), function: checks::$name }),+];
    };
}
for_each_check!(list);

impl Check {
    /// The check of that name.
    pub fn named(name: &str) -> Option<&'static Check> {
        CHECKS.iter().find(|check| check.name == name)
    }

    /// Runs it. A panic is a verdict too, so that the others still run.
    pub fn run(&self, device: &BurnDevice) -> CheckReport {
        let start = Instant::now();
        // Unwind safe: a check owns what it makes, and the device is asked anew by the next.
        let verdict = match catch_unwind(AssertUnwindSafe(|| (self.function)(device))) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(fault)) => Verdict::Failed(fault.to_string()),
            Err(payload) => Verdict::Failed(format!("panicked: {}", text(payload.as_ref()))),
        };
        CheckReport { check: self.name, verdict, seconds: start.elapsed().as_secs_f64() }
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without saying why")
}

#[cfg(test)]
mod tests {
    // A test that cannot get what it needs should fail where it stands.
    #![allow(clippy::unwrap_used, clippy::panic)]

    use embed_burn::{Backend, DeviceSpec};

    use super::*;

    #[test]
    fn a_fault_and_a_panic_are_failures_with_their_text() {
        let device = BurnDevice::open(DeviceSpec::on(Backend::Cpu)).unwrap();
        for (function, says) in [
            ((|_| Err(Fault::new("off by 7"))) as fn(&BurnDevice) -> Result<Verdict, Fault>, "off by 7"),
            (|_| panic!("no page of {} bytes", 8), "panicked: no page of 8 bytes"),
        ] {
            let report = Check { name: "x", function }.run(&device);
            assert_eq!(report.verdict, Verdict::Failed(says.to_owned()));
        }
    }

    #[test]
    fn names_find_their_checks_and_are_told_apart() {
        for check in CHECKS {
            assert_eq!(Check::named(check.name).map(|found| found.name), Some(check.name));
            assert_eq!(CHECKS.iter().filter(|other| other.name == check.name).count(), 1);
        }
        assert!(Check::named("nothing").is_none());
    }
}
