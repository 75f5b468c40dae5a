//! [`Rounds`]: the readings of all devices, put together by beat.

use std::time::{Duration, SystemTime};

use super::feed::{Arrival, next_beat};
use super::model::patience;
use super::reading::{Reading, Trouble};

/// Puts readings together into rounds of one for each device, as plain data and a step. A device that does not answer holds
/// up the others for an interval at most, and is told as silent when it has had its time.
#[derive(Debug)]
pub(super) struct Rounds {
    interval: Duration,
    /// How long a round waits for who has not answered.
    wait: Duration,
    /// After how long who has not answered is told as silent.
    patience: Duration,
    /// When the round that is open began.
    began: Duration,
    waiting: Vec<Waiting>,
}

/// A reading, and the time of day at which it was asked for.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) clock: SystemTime,
    pub(super) reading: Reading,
}

#[derive(Debug, Default)]
struct Waiting {
    told: Option<Told>,
    last: Duration,
    is_late: bool,
}

impl Rounds {
    /// Round after round, one for each interval.
    pub(super) fn each(devices: usize, interval: Duration) -> Self {
        let waiting = (0..devices).map(|_| Waiting::default()).collect();
        Rounds { interval, wait: interval, patience: patience(interval), began: Duration::ZERO, waiting }
    }

    /// One round: some drivers take seconds to wake a card that sleeps, and no interval says how long to wait.
    pub(super) fn once(devices: usize) -> Self {
        const PATIENCE: Duration = Duration::from_secs(5);
        Rounds { wait: PATIENCE, patience: PATIENCE, ..Rounds::each(devices, Duration::ZERO) }
    }

    /// Takes a reading in.
    pub(super) fn take(&mut self, arrival: Arrival) {
        let Some(device) = self.waiting.get_mut(arrival.device) else { return };
        device.last = arrival.at;
        device.is_late = false;
        // A slow one's answer to a round that is over is news for the one that is open; a newer one replaces it.
        device.told = Some(Told { clock: arrival.clock, reading: arrival.reading });
    }

    /// The round, when it is complete or over: what each device said, in their order; `None` of one that may still
    /// answer.
    pub(super) fn finish(&mut self, now: Duration, clock: SystemTime) -> Option<Vec<Option<Told>>> {
        let age = now.checked_sub(self.began)?;
        // Who was late before is not waited for.
        let is_complete = self.waiting.iter().all(|device| device.told.is_some() || device.is_late);
        let is_empty = self.waiting.iter().all(|device| device.told.is_none());
        if age < self.wait && (is_empty || !is_complete) {
            return None;
        }
        let close = |device: &mut Waiting| {
            device.is_late = device.told.is_none();
            let silence = now.saturating_sub(device.last);
            let silent = || Told { clock, reading: Err(Trouble::Silent(silence)) };
            device.told.take().or_else(|| (silence >= self.patience).then(silent))
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
        rounds.take(Arrival { device, at: at(seconds), clock: SystemTime::UNIX_EPOCH, reading, users: None });
    }

    /// What is there of each device in the round that ends now, if one does.
    fn told(rounds: &mut Rounds, seconds: f64) -> Option<String> {
        let mark = |told: &Option<Told>| match told {
            None => '.',
            Some(Told { reading: Ok(_), .. }) => 'x',
            Some(Told { reading: Err(_), .. }) => '!',
        };
        let round = rounds.finish(at(seconds), SystemTime::UNIX_EPOCH)?;
        Some(round.iter().map(mark).collect())
    }

    #[test]
    fn a_round_is_complete_when_everybody_has_answered() {
        let mut rounds = Rounds::each(2, SECOND);
        take(&mut rounds, 1, 0.0);
        assert_eq!(told(&mut rounds, 0.1), None);
        take(&mut rounds, 0, 0.2);
        assert_eq!(told(&mut rounds, 0.2).as_deref(), Some("xx"));
        assert_eq!(told(&mut rounds, 0.3), None, "a round is given once");
        take(&mut rounds, 0, 1.0);
        take(&mut rounds, 1, 1.0);
        assert_eq!(told(&mut rounds, 1.1).as_deref(), Some("xx"));
    }

    #[test]
    fn who_does_not_answer_holds_up_the_others_for_one_interval_and_is_told_in_time() {
        let mut rounds = Rounds::each(2, SECOND);
        take(&mut rounds, 0, 0.0);
        assert_eq!(told(&mut rounds, 0.9), None);
        assert_eq!(told(&mut rounds, 1.0).as_deref(), Some("x."));
        take(&mut rounds, 0, 2.0);
        assert_eq!(told(&mut rounds, 2.0).as_deref(), Some("x."), "it is not waited for again");
        for beat in 3..6 {
            take(&mut rounds, 0, f64::from(beat));
            assert_eq!(told(&mut rounds, f64::from(beat)).as_deref(), Some("x!"), "it has had its time");
        }
        take(&mut rounds, 1, 5.5);
        take(&mut rounds, 0, 6.0);
        assert_eq!(told(&mut rounds, 6.1).as_deref(), Some("xx"), "until it answers");
    }

    #[test]
    fn the_only_round_waits_for_everybody_for_a_while() {
        let mut rounds = Rounds::once(2);
        take(&mut rounds, 0, 0.0);
        assert_eq!(told(&mut rounds, 4.9), None);
        assert_eq!(told(&mut rounds, 5.0).as_deref(), Some("x!"));
        let mut rounds = Rounds::once(2);
        take(&mut rounds, 0, 0.0);
        take(&mut rounds, 1, 3.0);
        assert_eq!(told(&mut rounds, 3.0).as_deref(), Some("xx"));
    }

    #[test]
    fn a_reading_keeps_the_time_of_day_at_which_it_was_asked_for() {
        let hour = |hour| SystemTime::UNIX_EPOCH + Duration::from_hours(hour);
        let mut rounds = Rounds::each(2, SECOND);
        let reading = Ok(MemorySample::default());
        rounds.take(Arrival { device: 0, at: at(0.0), clock: hour(7), reading, users: None });
        assert!(rounds.finish(at(1.0), hour(9)).is_some());
        let reading = Ok(MemorySample::default());
        rounds.take(Arrival { device: 0, at: at(5.0), clock: hour(2), reading, users: None });
        let told = rounds.finish(at(6.0), hour(3)).unwrap();
        let clocks: Vec<SystemTime> = told.into_iter().flatten().map(|told| told.clock).collect();
        assert_eq!(clocks, [hour(2), hour(3)], "who is silent is so now");
    }

    #[test]
    fn where_nobody_answers_silence_is_told_once_a_beat() {
        let mut rounds = Rounds::each(1, SECOND);
        let all: Vec<String> =
            (0..80).filter_map(|tenth| told(&mut rounds, f64::from(tenth) / 10.0)).collect();
        assert_eq!(all.concat(), "..!!!!!");
    }
}
