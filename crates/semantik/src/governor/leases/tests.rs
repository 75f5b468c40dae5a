//! Any order of events against a model of what must hold.

use proptest::prelude::*;

use super::*;

fn bytes(count: u64) -> Bytes {
    Bytes::new(count)
}

fn request(want: u64, least: u64) -> Request {
    Request {
        owner: Arc::from("test"),
        want: bytes(want),
        least: bytes(least),
        over_budget: OverBudget::Alone,
        priority: Priority::Normal,
        patience: Duration::from_mins(1),
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Asks for an answer with a budget that was just read.
fn answer(leases: &mut Leases, ticket: Ticket, budget: u64, now: Duration) -> Answer {
    let reading = Reading { budget: bytes(budget), epoch: leases.epoch() };
    leases.answer(ticket, Some(reading), now)
}

#[test]
fn a_request_is_cut_by_the_budget_and_never_by_others_at_work() {
    let mut leases = Leases::default();
    let first = leases.ask(request(600, 10), seconds(0));
    let second = leases.ask(request(600, 10), seconds(0));
    assert_eq!(answer(&mut leases, first, 1000, seconds(0)), Answer::Granted(bytes(600)));
    assert_eq!(
        answer(&mut leases, second, 1000, seconds(0)),
        Answer::Wait,
        "400 would do, and 600 will come"
    );
    leases.release(first, seconds(1));
    assert_eq!(
        answer(&mut leases, second, 500, seconds(1)),
        Answer::Granted(bytes(500)),
        "the budget shrank"
    );
}

#[test]
fn what_is_over_the_budget_is_tried_alone_or_refused() {
    let mut leases = Leases::default();
    let small = leases.ask(request(5, 5), seconds(0));
    let large = leases.ask(request(500, 200), seconds(0));
    let load = leases.ask(Request { over_budget: OverBudget::Refuse, ..request(200, 200) }, seconds(0));
    assert_eq!(answer(&mut leases, small, 100, seconds(0)), Answer::Granted(bytes(5)));
    assert_eq!(answer(&mut leases, large, 100, seconds(0)), Answer::Wait, "another is at work");
    leases.release(small, seconds(1));
    assert_eq!(answer(&mut leases, large, 100, seconds(1)), Answer::Granted(bytes(100)));
    assert_eq!(answer(&mut leases, load, 100, seconds(1)), Answer::Wait, "what is held may be what it needs");
    leases.release(large, seconds(2));
    let refused = Answer::Refused(Refusal::TooLarge { budget: bytes(100) });
    assert_eq!(answer(&mut leases, load, 100, seconds(2)), refused);
}

#[test]
fn a_budget_from_before_something_was_given_back_is_read_again() {
    let mut leases = Leases::default();
    let first = leases.ask(request(10, 10), seconds(0));
    assert_eq!(answer(&mut leases, first, 100, seconds(0)), Answer::Granted(bytes(10)));
    let second = leases.ask(request(80, 10), seconds(0));
    // Read while the first was at work and held memory that counts as used.
    let old = Reading { budget: bytes(20), epoch: leases.epoch() };
    leases.release(first, seconds(1));
    assert_eq!(leases.answer(second, Some(old), seconds(1)), Answer::Read, "not cut to 20");
    assert_eq!(leases.answer(second, None, seconds(1)), Answer::Read);
    assert_eq!(answer(&mut leases, second, 100, seconds(1)), Answer::Granted(bytes(80)));
}

#[test]
fn who_waits_loses_patience_only_while_nothing_moves() {
    let mut leases = Leases::default();
    let tickets: Vec<Ticket> = (0..3).map(|_| leases.ask(request(100, 100), seconds(0))).collect();
    assert_eq!(answer(&mut leases, tickets[0], 100, seconds(0)), Answer::Granted(bytes(100)));
    assert_eq!(answer(&mut leases, tickets[2], 100, seconds(59)), Answer::Wait);
    leases.release(tickets[0], seconds(59));
    assert_eq!(answer(&mut leases, tickets[1], 100, seconds(59)), Answer::Granted(bytes(100)));
    assert_eq!(answer(&mut leases, tickets[2], 100, seconds(118)), Answer::Wait, "something moved at 59");
    let held = bytes(100);
    let refused = Answer::Refused(Refusal::TimedOut { held });
    assert_eq!(answer(&mut leases, tickets[2], 100, seconds(119)), refused);
    leases.withdraw(tickets[2]);
    assert_eq!((leases.waiting(), leases.held_bytes()), (0, held));
}

#[test]
fn priorities_come_first_and_age() {
    let mut leases = Leases::default();
    let with = |priority| Request { priority, ..request(1, 1) };
    let low = leases.ask(with(Priority::Low), seconds(0));
    let normal = leases.ask(with(Priority::Normal), seconds(0));
    let high = leases.ask(with(Priority::High), seconds(5));
    let later = leases.ask(with(Priority::High), seconds(71));
    for ticket in [high, normal, low, later] {
        assert_eq!(answer(&mut leases, ticket, 100, seconds(71)), Answer::Granted(bytes(1)), "{ticket:?}");
    }
}

/// What happens to a device.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// Somebody asks.
    Asks { want: u64, least: u64, over_budget: OverBudget, priority: Priority, patience: u64 },
    /// Everyone who waits looks whether it is their turn, in an order of chance.
    Look { first: usize },
    /// One who waits looks alone.
    Looks { who: usize },
    /// One who waits is told to stop.
    Leaves { who: usize },
    /// A batch ends, well or not: there is no difference.
    Ends { who: usize },
    /// A batch turns out smaller than its lease.
    Shrinks { who: usize, share: u64 },
    /// Others take or give memory.
    Moves { budget: u64 },
    /// Time passes.
    Passes { millis: u64 },
}

fn happens() -> impl Strategy<Value = Happens> {
    let over_budget = prop_oneof![Just(OverBudget::Alone), Just(OverBudget::Refuse)];
    let priority = prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::High)];
    let who = || 0..16_usize;
    prop_oneof![
        4 => (0..1000_u64, 0..=100_u64, over_budget, priority, 1..200_u64).prop_map(
            |(want, least, over_budget, priority, patience)| {
                Happens::Asks { want, least: want * least / 100, over_budget, priority, patience }
            }
        ),
        3 => who().prop_map(|first| Happens::Look { first }),
        2 => who().prop_map(|who| Happens::Looks { who }),
        1 => who().prop_map(|who| Happens::Leaves { who }),
        4 => who().prop_map(|who| Happens::Ends { who }),
        1 => (who(), 0..100_u64).prop_map(|(who, share)| Happens::Shrinks { who, share }),
        2 => (0..1500_u64).prop_map(|budget| Happens::Moves { budget }),
        2 => (0..20_000_u64).prop_map(|millis| Happens::Passes { millis }),
    ]
}

/// What a right account of it all would be.
#[derive(Default)]
struct Model {
    leases: Leases,
    budget: u64,
    now: Duration,
    moved: Duration,
    waiting: Vec<(Ticket, Request, Duration)>,
    held: Vec<(Ticket, u64)>,
}

impl Model {
    fn held_bytes(&self) -> u64 {
        self.held.iter().map(|&(_, bytes)| bytes).sum()
    }

    fn turn((ticket, request, since): &(Ticket, Request, Duration)) -> (Duration, Ticket) {
        (*since + request.priority.handicap(), *ticket)
    }

    /// One who waits looks whether it is their turn.
    fn look(&mut self, who: usize) -> Result<(), TestCaseError> {
        let (ticket, request, since) = self.waiting[who].clone();
        let answer = answer(&mut self.leases, ticket, self.budget, self.now);
        let is_first = self.waiting.iter().all(|other| Model::turn(other) >= Model::turn(&self.waiting[who]));
        let impatient = self.now.saturating_sub(since.max(self.moved)) >= request.patience;
        match answer {
            Answer::Granted(granted) => {
                prop_assert!(is_first, "granted out of turn");
                let granted = granted.get();
                self.waiting.remove(who);
                self.held.push((ticket, granted));
                prop_assert!(self.held_bytes() <= self.budget, "{} of {}", self.held_bytes(), self.budget);
                if granted < request.least.get() {
                    prop_assert!(self.held.len() == 1 && request.over_budget == OverBudget::Alone);
                    prop_assert_eq!(granted, self.budget);
                } else {
                    prop_assert_eq!(granted, request.want.get().min(self.budget), "cut by others");
                }
            }
            Answer::Refused(why) => {
                match why {
                    Refusal::TooLarge { budget } => {
                        prop_assert!(is_first && self.held.is_empty() && request.least > budget);
                        prop_assert_eq!(request.over_budget, OverBudget::Refuse);
                    }
                    Refusal::TimedOut { held } => {
                        prop_assert!(impatient, "{:?} since {:?}", self.now, since);
                        prop_assert_eq!(held.get(), self.held_bytes());
                    }
                }
                self.leases.withdraw(ticket);
                self.waiting.remove(who);
            }
            Answer::Wait => {
                prop_assert!(!impatient, "waits beyond its patience");
                prop_assert!(!is_first || !self.held.is_empty(), "waits for nothing");
            }
            Answer::Read => prop_assert!(false, "the budget was just read"),
        }
        Ok(())
    }

    fn end(&mut self, who: usize) {
        let (ticket, _) = self.held.remove(who);
        self.leases.release(ticket, self.now);
        self.moved = self.now;
    }

    fn happens(&mut self, event: Happens) -> Result<(), TestCaseError> {
        let waiting = self.waiting.len();
        match event {
            Happens::Asks { want, least, over_budget, priority, patience } => {
                let patience = seconds(patience);
                let request = Request { over_budget, priority, patience, ..request(want, least) };
                let ticket = self.leases.ask(request.clone(), self.now);
                self.waiting.push((ticket, request, self.now));
            }
            Happens::Look { first } => {
                let tickets: Vec<Ticket> = self.waiting.iter().map(|&(ticket, ..)| ticket).collect();
                for at in 0..waiting {
                    let ticket = tickets[(first + at) % waiting];
                    let who = self.waiting.iter().position(|&(known, ..)| known == ticket);
                    self.look(who.unwrap())?;
                }
            }
            Happens::Looks { who } if waiting > 0 => self.look(who % waiting)?,
            Happens::Leaves { who } if waiting > 0 => {
                let (ticket, ..) = self.waiting.remove(who % waiting);
                self.leases.withdraw(ticket);
            }
            Happens::Ends { who } if !self.held.is_empty() => self.end(who % self.held.len()),
            Happens::Shrinks { who, share } if !self.held.is_empty() => {
                let count = self.held.len();
                let (ticket, bytes_held) = &mut self.held[who % count];
                *bytes_held = *bytes_held * share / 100;
                self.leases.shrink(*ticket, bytes(*bytes_held));
            }
            Happens::Moves { budget } => self.budget = budget,
            Happens::Passes { millis } => self.now += Duration::from_millis(millis),
            _ => {}
        }
        prop_assert_eq!(self.leases.held_bytes().get(), self.held_bytes());
        prop_assert_eq!(self.leases.waiting(), self.waiting.len());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Granted in turn, within the budget of that moment, cut by nothing else, and given up by no one too early or too
    /// late; and when nobody asks any more, all that wait have their answer after at most one look each.
    #[test]
    fn m1_never_over_and_none_starves(events in prop::collection::vec(happens(), 0..120)) {
        let mut model = Model { budget: 1000, ..Model::default() };
        for event in events {
            model.happens(event)?;
        }
        // Whatever came before, batches end, and everyone is answered.
        let mut rounds = model.waiting.len();
        while !model.waiting.is_empty() {
            prop_assert!(rounds > 0, "{} still wait", model.waiting.len());
            rounds -= 1;
            while !model.held.is_empty() {
                model.end(0);
            }
            let first = (0..model.waiting.len()).min_by_key(|&who| Model::turn(&model.waiting[who]));
            model.look(first.unwrap())?;
        }
        while !model.held.is_empty() {
            model.end(0);
        }
        prop_assert_eq!(model.leases.held_bytes(), bytes(0));
        prop_assert_eq!(model.leases.held().count(), 0);
    }

    /// However many of the highest priority keep coming, one of the lowest has its turn after what came within its
    /// handicap.
    #[test]
    fn none_starves_under_a_stream_of_others(each_millis in 100..5_000_u64) {
        let mut leases = Leases::default();
        let low = leases.ask(Request { priority: Priority::Low, ..request(100, 100) }, seconds(0));
        let mut now = Duration::ZERO;
        let mut before = 0_u64;
        loop {
            let high = leases.ask(Request { priority: Priority::High, ..request(100, 100) }, now);
            if let Answer::Granted(_) = answer(&mut leases, low, 100, now) {
                break;
            }
            prop_assert_eq!(answer(&mut leases, high, 100, now), Answer::Granted(bytes(100)));
            now += Duration::from_millis(each_millis);
            leases.release(high, now);
            before += 1;
            prop_assert!(before * each_millis <= 70_000 + each_millis, "{} came before", before);
        }
    }
}
