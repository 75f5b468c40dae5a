//! [`Remembered`]: what an embedder has learned, on its way to where it is kept.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use batch_policy::Profile;

use super::{ProfileKey, Profiles};

/// The profile of a model on a device, while it is in use. Kept when it is dropped, and on the way every half a minute, so
/// that a run that is killed has taught the next one something.
#[derive(Debug)]
pub(crate) struct Remembered {
    profiles: Profiles,
    key: ProfileKey,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What this process kept last, or began with.
    kept: Profile,
    /// What was learned since.
    learned: Option<Profile>,
    kept_at: Instant,
    problem: Option<String>,
    was_told: bool,
}

const OFTEN: Duration = Duration::from_secs(30);

impl Remembered {
    /// What was learned of a model on a device.
    pub(crate) fn open(profiles: Profiles, key: ProfileKey) -> (Self, Profile) {
        let (kept, problem) = profiles.load(&key);
        let was_told = problem.is_some();
        let state = State { kept: kept.clone(), learned: None, kept_at: Instant::now(), problem, was_told };
        (Remembered { profiles, key, state: Mutex::new(state) }, kept)
    }

    /// Takes in what is known now.
    pub(crate) fn learned(&self, profile: Profile) {
        let mut state = self.state();
        state.learned = (profile != state.kept).then_some(profile);
        if state.kept_at.elapsed() >= OFTEN {
            self.keep(&mut state);
        }
    }

    /// What went wrong since somebody was told last: told once, however often it does.
    pub(crate) fn take_problem(&self) -> Option<String> {
        self.state().problem.take()
    }

    /// Keeps what was learned until now.
    pub(crate) fn keep_now(&self) {
        self.keep(&mut self.state());
    }

    fn keep(&self, state: &mut State) {
        let Some(learned) = state.learned.take() else { return };
        state.kept_at = Instant::now();
        match self.profiles.save(&self.key, &state.kept, &learned) {
            // Not what the file has now: what others wrote into it this process does not know, and must not write over.
            Ok(()) => state.kept = learned,
            Err(problem) if !state.was_told => (state.problem, state.was_told) = (Some(problem), true),
            Err(_) => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Remembered {
    fn drop(&mut self) {
        self.keep(&mut self.state());
    }
}
