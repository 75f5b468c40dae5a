//! [`State`]: what is limited, what is held, and what is to be refused. Plain data and its rules.

/// What all processes on a limited device share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The size of the heap. It never changes.
    pub(crate) total: u64,
    /// Past it, allocations are refused.
    pub(crate) limit: u64,
    /// What is reported as budget, where that is less than the limit.
    pub(crate) budget: u64,
    /// What somebody else holds.
    pub(crate) neighbour: u64,
    /// Which allocation from now is refused whatever is free: 1 is the next, 0 none.
    pub(crate) fail_after: u64,
    /// How many uploads from now are refused.
    pub(crate) fail_uploads: u64,
    /// How many submissions from now lose their device.
    pub(crate) lose_devices: u64,
    /// The most that all processes held together.
    pub(crate) peak: u64,
    /// Allocations made.
    pub(crate) allocated: u64,
    /// Allocations refused, for whichever reason.
    pub(crate) refused: u64,
    /// Uploads refused.
    pub(crate) refused_uploads: u64,
    /// 1 if the features that kernels in SPIR-V need are hidden.
    pub(crate) hides_spirv: u64,
    /// 1 if the memory budget is hidden.
    pub(crate) hides_budget: u64,
    /// What each process holds, by its id.
    pub(crate) processes: Vec<(u64, u64)>,
}

/// How many processes may be on one device.
const PROCESSES: usize = 64;
const FIELDS: usize = 13;
/// In every file, to tell it from others.
const MARK: u64 = u64::from_le_bytes(*b"vklimit1");
/// The size of the file in bytes.
pub(crate) const SIZE: usize = 8 * (1 + FIELDS + 2 * PROCESSES);

impl State {
    /// A device with this much memory, all of it free.
    pub(crate) fn new(total: u64) -> Self {
        State { total, limit: total, budget: u64::MAX, ..State::default() }
    }

    /// Takes bytes for a process, or says no.
    pub(crate) fn reserve(&mut self, process: u64, bytes: u64) -> bool {
        let fails = self.counts_down();
        let after = self.live().saturating_add(self.neighbour).saturating_add(bytes);
        if fails || after > self.limit {
            self.refused += 1;
            return false;
        }
        self.change(process, |live| live.saturating_add(bytes));
        self.allocated += 1;
        self.peak = self.peak.max(self.live());
        true
    }

    /// Notes an allocation of memory that is not limited, or says no.
    pub(crate) fn pass(&mut self) -> bool {
        let fails = self.counts_down();
        let count = if fails { &mut self.refused } else { &mut self.allocated };
        *count += 1;
        !fails
    }

    /// Gives bytes of a process back.
    pub(crate) fn release(&mut self, process: u64, bytes: u64) {
        self.change(process, |live| live.saturating_sub(bytes));
    }

    /// Whether an upload may begin.
    pub(crate) fn admit_upload(&mut self) -> bool {
        let admitted = self.fail_uploads == 0;
        if !admitted {
            self.fail_uploads -= 1;
            self.refused_uploads += 1;
        }
        admitted
    }

    /// Whether a submission loses its device.
    pub(crate) fn loses_device(&mut self) -> bool {
        let loses = self.lose_devices > 0;
        self.lose_devices = self.lose_devices.saturating_sub(1);
        loses
    }

    /// What all processes hold.
    pub(crate) fn live(&self) -> u64 {
        self.processes.iter().fold(0, |sum, (_, live)| sum.saturating_add(*live))
    }

    /// What a process holds.
    pub(crate) fn live_of(&self, process: u64) -> u64 {
        self.processes.iter().find(|(id, _)| *id == process).map_or(0, |(_, live)| *live)
    }

    /// What a process may hold in all, with what it holds: what others hold is not its to use. Never 0, which the
    /// extension forbids.
    pub(crate) fn budget_of(&self, process: u64) -> u64 {
        let others = (self.live() - self.live_of(process)).saturating_add(self.neighbour);
        self.limit.saturating_sub(others).min(self.budget).max(1)
    }

    /// Adds a process that holds nothing. There may be no place for it.
    pub(crate) fn attach(&mut self, process: u64) -> bool {
        self.processes.retain(|(id, _)| *id != process);
        let fits = self.processes.len() < PROCESSES;
        if fits {
            self.processes.push((process, 0));
        }
        fits
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let fields = [
            MARK,
            self.total,
            self.limit,
            self.budget,
            self.neighbour,
            self.fail_after,
            self.fail_uploads,
            self.lose_devices,
            self.peak,
            self.allocated,
            self.refused,
            self.refused_uploads,
            self.hides_spirv,
            self.hides_budget,
        ];
        let processes = self.processes.iter().flat_map(|&(id, live)| [id, live]);
        let mut bytes: Vec<u8> = fields.into_iter().chain(processes).flat_map(u64::to_le_bytes).collect();
        bytes.resize(SIZE, 0);
        bytes
    }

    /// What was written, or `None` if it is something else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next();
        if bytes.len() != SIZE || next()? != MARK {
            return None;
        }
        let mut state = State {
            total: next()?,
            limit: next()?,
            budget: next()?,
            neighbour: next()?,
            fail_after: next()?,
            fail_uploads: next()?,
            lose_devices: next()?,
            peak: next()?,
            allocated: next()?,
            refused: next()?,
            refused_uploads: next()?,
            hides_spirv: next()?,
            hides_budget: next()?,
            processes: Vec::new(),
        };
        while let (Some(id), Some(live)) = (next(), next()) {
            // No process has the id 0.
            if id != 0 {
                state.processes.push((id, live));
            }
        }
        Some(state)
    }

    /// Whether this allocation is the one that was to fail.
    fn counts_down(&mut self) -> bool {
        let fails = self.fail_after == 1;
        self.fail_after = self.fail_after.saturating_sub(1);
        fails
    }

    fn change(&mut self, process: u64, to: impl FnOnce(u64) -> u64) {
        if let Some((_, live)) = self.processes.iter_mut().find(|(id, _)| *id == process) {
            *live = to(*live);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_processes(total: u64, ids: &[u64]) -> State {
        let mut state = State::new(total);
        assert!(ids.iter().all(|id| state.attach(*id)));
        state
    }

    #[test]
    fn the_limit_is_exact_and_shared() {
        let mut state = with_processes(100, &[1, 2]);
        assert!(state.reserve(1, 60));
        assert!(!state.reserve(2, 41), "one byte too many");
        assert!(state.reserve(2, 40), "the last byte");
        assert_eq!((state.live(), state.peak, state.refused, state.allocated), (100, 100, 1, 2));
        state.release(1, 60);
        state.neighbour = 50;
        assert!(!state.reserve(2, 11));
        assert_eq!((state.live(), state.peak), (40, 100));
    }

    #[test]
    fn a_budget_leaves_out_what_others_hold() {
        let mut state = with_processes(100, &[1, 2]);
        assert!(state.reserve(1, 10) && state.reserve(2, 20));
        state.neighbour = 30;
        assert_eq!((state.budget_of(1), state.live_of(1)), (50, 10));
        assert_eq!((state.budget_of(2), state.live_of(2)), (60, 20));
        state.budget = 5;
        assert_eq!(state.budget_of(1), 5);
        state.limit = 0;
        assert_eq!(state.budget_of(1), 1, "the extension knows no budget of nothing");
    }

    #[test]
    fn the_nth_allocation_fails_and_no_other() {
        let mut state = with_processes(100, &[1]);
        state.fail_after = 3;
        let made: Vec<bool> =
            (0..5).map(|at| if at == 1 { state.pass() } else { state.reserve(1, 1) }).collect();
        assert_eq!(made, [true, true, false, true, true]);
        assert_eq!((state.refused, state.allocated, state.live()), (1, 4, 3));
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut state = with_processes(u64::MAX, &[7, 9]);
        assert!(state.reserve(9, 3));
        state.fail_uploads = 2;
        assert!(!state.admit_upload());
        assert_eq!(State::from_bytes(&state.to_bytes()), Some(state.clone()));
        assert_eq!(State::from_bytes(&state.to_bytes()[1..]), None);
        assert_eq!(State::from_bytes(&[0; SIZE]), None);
    }

    #[test]
    fn a_process_that_comes_back_holds_nothing_and_a_full_house_says_so() {
        let mut state = with_processes(100, &[1]);
        assert!(state.reserve(1, 100) && state.attach(1));
        assert_eq!(state.live(), 0);
        assert!((2..=PROCESSES as u64).all(|id| state.attach(id)));
        assert!(!state.attach(1000));
    }
}
