//! [`Rounds`]: the readings of all devices, put together by beat.

use std::time::Duration;

use super::feed::{Arrival, next_beat};
use super::model::patience;
use super::reading::{Reading, Trouble};

/// Puts readings together into rounds of one for each device, as plain data and a step. A device that does not answer in
/// time is told as silent, and waited for no more until it answers again.
#[derive(Debug)]
pub(super) struct Rounds {
    interval: Duration,
    /// When the round that is open began.
    began: Duration,
    waiting: Vec<Waiting>,
}

/// A reading, and when it was asked for.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) at: Duration,
    pub(super) reading: Reading,
}

#[derive(Debug, Default)]
struct Waiting {
    told: Option<Told>,
    last: Duration,
    is_late: bool,
}

impl Rounds {
    pub(super) fn new(devices: usize, interval: Duration) -> Self {
        let waiting = (0..devices).map(|_| Waiting::default()).collect();
        Rounds { interval, began: Duration::ZERO, waiting }
    }

    /// Takes a reading in.
    pub(super) fn take(&mut self, arrival: Arrival) {
        let Some(device) = self.waiting.get_mut(arrival.device) else { return };
        device.last = arrival.at;
        device.is_late = false;
        // A slow one's answer to a round that is over is news for the one that is open; a newer one replaces it.
        device.told = Some(Told { at: arrival.at, reading: arrival.reading });
    }

    /// The round, when it is complete or its time is up: one reading for each device, in their order.
    pub(super) fn finish(&mut self, now: Duration) -> Option<Vec<Told>> {
        let age = now.checked_sub(self.began)?;
        let is_complete = self.waiting.iter().all(|device| device.told.is_some() || device.is_late);
        // Where nobody is waited for, the beat itself ends the round.
        let is_empty = self.waiting.iter().all(|device| device.told.is_none());
        if age < patience(self.interval) && (!is_complete || (is_empty && age < self.interval)) {
            return None;
        }
        let close = |device: &mut Waiting| {
            device.is_late = device.told.is_none();
            let silent = || Told { at: now, reading: Err(Trouble::Silent(now.saturating_sub(device.last))) };
            device.told.take().unwrap_or_else(silent)
        };
        let round = self.waiting.iter_mut().map(close).collect();
        // A beat that passed without an answer is over; one that was answered is not told again.
        let next = next_beat(now, self.interval);
        self.began = if is_empty { next.saturating_sub(self.interval) } else { next };
        Some(round)
    }
}

#[cfg(test)]
mod tests {
    use semantik::gpu_telemetry::MemorySample;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn take(rounds: &mut Rounds, device: usize, seconds: f64) {
        let reading = Ok(MemorySample::default());
        rounds.take(Arrival { device, at: at(seconds), reading });
    }

    /// Which devices are there in the round that ends now, if one does.
    fn there(rounds: &mut Rounds, seconds: f64) -> Option<Vec<bool>> {
        let round = rounds.finish(at(seconds))?;
        Some(round.iter().map(|told| told.reading.is_ok()).collect())
    }

    #[test]
    fn a_round_is_complete_when_everybody_has_answered() {
        let mut rounds = Rounds::new(2, SECOND);
        take(&mut rounds, 1, 0.0);
        assert_eq!(there(&mut rounds, 0.1), None);
        take(&mut rounds, 0, 0.2);
        assert_eq!(there(&mut rounds, 0.2), Some(vec![true, true]));
        assert_eq!(there(&mut rounds, 0.3), None, "a round is given once");
        take(&mut rounds, 0, 1.0);
        take(&mut rounds, 1, 1.0);
        assert_eq!(there(&mut rounds, 1.1), Some(vec![true, true]));
    }

    #[test]
    fn who_does_not_answer_is_told_and_waited_for_once() {
        let mut rounds = Rounds::new(2, SECOND);
        take(&mut rounds, 0, 0.0);
        assert_eq!(there(&mut rounds, 4.9), None);
        assert_eq!(there(&mut rounds, 5.0), Some(vec![true, false]));
        take(&mut rounds, 0, 6.0);
        assert_eq!(there(&mut rounds, 6.1), Some(vec![true, false]), "it is not waited for again");
        take(&mut rounds, 1, 6.5);
        take(&mut rounds, 0, 7.0);
        assert_eq!(there(&mut rounds, 7.1), Some(vec![true, true]), "until it answers");
    }

    #[test]
    fn where_nobody_answers_silence_is_told_once_a_beat() {
        let mut rounds = Rounds::new(1, SECOND);
        assert_eq!(there(&mut rounds, 5.0), Some(vec![false]));
        let told = (0..40).filter(|tenth| there(&mut rounds, 6.0 + f64::from(*tenth) / 10.0).is_some());
        assert_eq!(told.count(), 4);
    }
}
