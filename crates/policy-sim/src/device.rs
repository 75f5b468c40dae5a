//! [`Device`]: memory, time, and a neighbour.

use std::collections::HashMap;

use crate::forward::Forward;
use crate::pool::{Pool, Refused};
use crate::random::Random;
use crate::scenario::{Card, Curve, Model, Neighbour};

/// A device on which one process of ours runs batches of one model, beside another process.
#[derive(Clone, Debug)]
pub struct Device<'a> {
    card: &'a Card,
    model: &'a Model,
    curve: &'a Curve,
    neighbour: &'a Neighbour,
    reading_seconds: f64,
    pool: Pool,
    now: f64,
    random: Random,
    /// What the neighbour holds.
    others: u64,
    /// When it takes or gives next, and whether it then gives.
    next: f64,
    gives: Option<u64>,
    seen: Option<Seen>,
    /// Pages that shapes need, by the size of pages.
    needs: HashMap<(usize, usize, u64), Option<(usize, usize)>>,
}

/// What was read of the memory, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// When, in seconds since the beginning.
    pub at: f64,
    /// Bytes that nobody has.
    pub free: u64,
    /// Bytes that our pool holds and does not use.
    pub idle: u64,
    /// The share of the memory that others hold.
    pub others: f64,
    /// The share of the memory that is used, by whomever.
    pub used: f64,
    taken_by_others: u64,
}

/// A batch that ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ran {
    /// How long it took.
    pub seconds: f64,
    /// Bytes that the pool holds after it.
    pub reserved: u64,
}

/// A batch that did not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failed {
    /// Bytes that others took since the memory was read.
    pub stepped: u64,
    /// Bytes that were left to others of what was read: what the safety factor keeps back.
    pub kept_back: u64,
    /// Whether a tensor was larger than any page: nothing helps but a smaller batch.
    pub never: bool,
}

const MIB: u64 = 1 << 20;

impl<'a> Device<'a> {
    /// Empty but for the model's weights.
    pub fn new(
        card: &'a Card,
        model: &'a Model,
        curve: &'a Curve,
        neighbour: &'a Neighbour,
        reading_seconds: f64,
        seed: u64,
    ) -> Self {
        let mut device = Device {
            card,
            model,
            curve,
            neighbour,
            reading_seconds,
            pool: Device::pool(card),
            now: 0.0,
            random: Random::new(seed),
            others: 0,
            next: f64::INFINITY,
            gives: None,
            seen: None,
            needs: HashMap::new(),
        };
        device.others = ((card.memory_mib * MIB) as f64 * neighbour.share) as u64;
        device.others = device.others.min(device.room());
        if let Some(steps) = neighbour.steps {
            device.next = device.random.wait(steps.rest_seconds);
        }
        device
    }

    /// Whether the longest text alone has room in what batches may use, as long as nobody takes more: where not, the model
    /// would not have been loaded.
    pub fn has_room(&self) -> bool {
        let mut pool = Device::pool(self.card);
        let ran = Forward::new(self.model, 1, self.model.max_tokens).run(&mut pool, |_, _, _| true);
        let free = self.room().saturating_sub(self.others);
        ran.is_ok() && pool.reserved() <= free / 10 * 7
    }

    /// What the pool and others hold, for a picture.
    pub fn held(&self) -> (u64, u64) {
        (self.pool.reserved(), self.others)
    }

    /// A pool that is new.
    pub fn pool(card: &Card) -> Pool {
        Pool::new(card.alignment, card.largest_tensor_mib * MIB)
    }

    /// The card.
    pub fn card(&self) -> &'a Card {
        self.card
    }

    /// The model.
    pub fn model(&self) -> &'a Model {
        self.model
    }

    /// Seconds since the beginning.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// Bytes that the pool holds.
    pub fn reserved(&self) -> u64 {
        self.pool.reserved()
    }

    /// The size of the pool's pages.
    pub fn page(&self) -> u64 {
        self.pool.page()
    }

    /// The memory, as it was read last if that was lately.
    pub fn look(&mut self) -> Seen {
        if let Some(seen) = self.seen
            && self.now - seen.at < self.reading_seconds
        {
            return seen;
        }
        self.live_until(self.now);
        let total = self.card.memory_mib * MIB;
        let free = self.room().saturating_sub(self.others);
        let seen = Seen {
            at: self.now,
            free,
            idle: self.pool.reserved(),
            others: self.others as f64 / total as f64,
            used: 1.0 - free as f64 / total as f64,
            taken_by_others: self.others,
        };
        self.seen = Some(seen);
        seen
    }

    /// Runs a batch; the time that it takes passes, also where it fails half-way.
    ///
    /// # Errors
    /// There was no room for it.
    pub fn run(&mut self, items: usize, tokens: usize, kept_back: u64) -> Result<Ran, Failed> {
        let seconds = self.seconds(items, tokens);
        let began = self.now;
        if self.holds_all(items, tokens) {
            self.now = began + seconds;
            self.live_until(self.now);
            return Ok(Ran { seconds, reserved: self.pool.reserved() });
        }
        let before = self.seen.map_or(self.others, |seen| seen.taken_by_others);
        let forward = Forward::new(self.model, items, tokens);
        let mut pool = std::mem::replace(&mut self.pool, Device::pool(self.card));
        let mut reserved = pool.reserved();
        let outcome = forward.run(&mut pool, |done, page, held| {
            self.live_until_holding(began + done * seconds, held);
            reserved = held;
            let grants = held + page + self.others <= self.room_for_all();
            if grants {
                reserved += page;
            }
            grants
        });
        self.pool = pool;
        match outcome {
            Ok(()) => {
                self.now = began + seconds;
                self.live_until(self.now);
                Ok(Ran { seconds, reserved: self.pool.reserved() })
            }
            Err((done, why)) => {
                self.now = began + done * seconds;
                self.live_until(self.now);
                self.seen = None;
                let stepped = self.others.saturating_sub(before);
                Err(Failed { stepped, kept_back, never: matches!(why, Refused::TooLarge { .. }) })
            }
        }
    }

    /// Whether the pool holds every page that a batch needs. Its pages are empty between batches, and a pool that holds more
    /// of them puts tensors where one that holds no more than needed does.
    fn holds_all(&mut self, items: usize, tokens: usize) -> bool {
        let (model, card, page) = (self.model, self.card, self.pool.page());
        let need = self.needs.entry((items, tokens, page)).or_insert_with(|| {
            let mut pool = Device::pool(card);
            pool.settle(page);
            Forward::new(model, items, tokens).run(&mut pool, |_, _, _| true).ok()?;
            pool.held().filter(|_| pool.page() == page)
        });
        let held = self.pool.held();
        need.zip(held).is_some_and(|(need, held)| need.0 <= held.0 && need.1 <= held.1)
    }

    /// The pool gives back what it does not use; what was read says nothing of what is there now.
    pub fn clean(&mut self) {
        self.pool.clean();
        self.seen = None;
    }

    /// Pages become as large as in this pool, which a dry run has used; no memory is taken.
    pub fn settle(&mut self, dry: &Pool) {
        self.pool.settle(dry.page());
    }

    /// The pool is given up for a new one, with small pages.
    pub fn renew(&mut self) {
        self.pool = Device::pool(self.card);
        self.seen = None;
    }

    /// Time passes.
    pub fn wait(&mut self, seconds: f64) {
        self.now += seconds;
        self.live_until(self.now);
    }

    /// How long a batch takes.
    pub fn seconds(&self, items: usize, tokens: usize) -> f64 {
        let (hidden, wide) = (self.model.hidden as f64, self.model.feed_forward as f64);
        let (rows, tokens) = ((items * tokens) as f64, tokens as f64);
        let each = 2.0 * (4.0 * hidden * hidden + 2.0 * hidden * wide) + 4.0 * tokens * hidden;
        let operations = self.model.layers as f64 * rows * each;
        self.curve.fixed_seconds + operations / (self.curve.speed(rows) * 1e9)
    }

    /// What is left for the pool and for others.
    fn room_for_all(&self) -> u64 {
        (self.card.memory_mib * MIB)
            .saturating_sub(self.card.system_mib * MIB)
            .saturating_sub(self.model.weights_mib * MIB)
    }

    /// What is left for others.
    fn room(&self) -> u64 {
        self.room_for_all().saturating_sub(self.pool.reserved())
    }

    fn live_until(&mut self, now: f64) {
        self.live_until_holding(now, self.pool.reserved());
    }

    /// The neighbour takes and gives what it does until then, while the pool holds so much.
    fn live_until_holding(&mut self, now: f64, held: u64) {
        let Some(steps) = self.neighbour.steps else { return };
        while self.next <= now {
            let wait = if let Some(taken) = self.gives.take() {
                self.others -= taken;
                steps.rest_seconds
            } else {
                let free = self.room_for_all().saturating_sub(held).saturating_sub(self.others);
                let taken = (free as f64 * steps.share_of_free) as u64;
                self.others += taken;
                self.gives = Some(taken);
                steps.hold_seconds
            };
            self.next += self.random.wait(wait);
        }
    }
}

impl Curve {
    /// Billions of operations a second with so many tokens in a batch; beyond what was measured, the nearest that was.
    pub fn speed(&self, tokens: f64) -> f64 {
        let above = self.points.partition_point(|point| point.0 < tokens);
        let (Some(low), Some(high)) =
            (above.checked_sub(1).map(|below| self.points[below]), self.points.get(above))
        else {
            return self.points[above.min(self.points.len() - 1)].1;
        };
        let share = (tokens / low.0).ln() / (high.0 / low.0).ln();
        low.1 + share * (high.1 - low.1)
    }
}
