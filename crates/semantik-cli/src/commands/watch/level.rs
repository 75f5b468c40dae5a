//! [`Level`]: how near a device is to its limit.

use semantik::gpu_telemetry::{ByteCount, MemorySample, Watermarks};

/// Where a usage stands between the watermarks at which batches change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Below the low watermark: batches grow.
    Normal,
    /// Between the watermarks: batches stay as they are.
    Raised,
    /// Above the high watermark: batches are halved.
    High,
}

impl Level {
    pub(super) fn of(usage: f64) -> Self {
        let watermarks = Watermarks::default();
        if usage > watermarks.high() {
            Level::High
        } else if usage < watermarks.low() {
            Level::Normal
        } else {
            Level::Raised
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Level::Normal => "normal",
            Level::Raised => "raised",
            Level::High => "high",
        }
    }

    /// What it means for the work on the device.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Level::Normal => "below the low watermark, batches grow",
            Level::Raised => "between the watermarks, batches stay",
            Level::High => "above the high watermark, batches are halved",
        }
    }
}

/// The share of what may be used that is used, by the tightest limit: of the total, what everyone uses or what is not
/// free; of the budget, what this process uses. Over 1 where a budget shrank below what is used.
pub(super) fn usage(sample: &MemorySample) -> Option<f64> {
    let share = |used: Option<ByteCount>, limit: Option<ByteCount>| {
        let (used, limit) = used.zip(limit)?;
        (limit > ByteCount::ZERO).then(|| used.get() as f64 / limit.get() as f64)
    };
    let total = sample.total();
    let taken = total.zip(sample.free()).map(|(total, free)| total.saturating_sub(free));
    let shares = [
        share(sample.used(), total),
        share(taken, total),
        share(sample.process_used().or(sample.used()), sample.budget()),
    ];
    shares.into_iter().flatten().reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const G: ByteCount = ByteCount::GIB;

    fn gib(count: u64) -> ByteCount {
        G.saturating_mul(count)
    }

    #[test]
    fn the_watermarks_themselves_are_between() {
        for (usage, level) in [
            (0.0, Level::Normal),
            (0.599, Level::Normal),
            (0.6, Level::Raised),
            (0.8, Level::Raised),
            (0.801, Level::High),
            (1.7, Level::High),
        ] {
            assert_eq!(Level::of(usage), level, "{usage}");
        }
    }

    #[test]
    fn the_tightest_limit_counts() {
        let card = || MemorySample::builder().total(gib(20)).used(gib(5));
        for (builder, expected) in [
            (card(), 0.25),
            // 5 GiB are neither used nor free: somebody holds them.
            (card().free(gib(10)), 0.5),
            (card().budget(gib(10)).process_used(gib(9)), 0.9),
            // Whose use it is is not known, so it could be ours.
            (card().budget(gib(10)), 0.5),
            (card().budget(gib(4)).process_used(gib(5)), 1.25),
        ] {
            let sample = builder.build().unwrap();
            assert_eq!(usage(&sample), Some(expected), "{sample:?}");
        }
    }

    #[test]
    fn a_usage_that_nobody_knows_is_none() {
        for builder in [
            MemorySample::builder(),
            MemorySample::builder().total(G),
            MemorySample::builder().used(G),
            MemorySample::builder().total(ByteCount::ZERO).used(ByteCount::ZERO),
            MemorySample::builder().budget(G).process_used(None),
        ] {
            assert_eq!(usage(&builder.build().unwrap()), None);
        }
    }
}
