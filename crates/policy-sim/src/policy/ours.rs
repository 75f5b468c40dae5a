//! [`Ours`]: what `semantik` does with `batch-policy`.

use std::time::Instant;

use batch_policy::{
    Allowance, Analytic, BestKnown, Budget, Busy, Bytes, Controller, ControllerConfig, CostModel, Decision,
    Event, Limits, ModelShape, Padding, Queue,
};

use super::dry_run::DryRun;
use super::{Policy, Step};
use crate::device::Device;
use crate::error::SimError;
use crate::scenario::BusyBound;
use crate::texts::Texts;

/// Before each batch the memory is read, and the batch is cut to it.
#[derive(Clone, Debug)]
pub struct Ours {
    limits: Limits,
    controller: Controller,
    cost: BestKnown<Analytic>,
    busy: Busy,
    bound: BusyBound,
    /// Texts of the window, and those of them that wait.
    window: Vec<usize>,
    queue: Queue,
    largest_tensor: Bytes,
    longest: usize,
    /// What the pool held when it was looked at last.
    reserved: u64,
    read_at: Option<f64>,
    patience: f64,
    /// How long the text that is alone has waited for memory.
    waited: f64,
    /// Where shapes are replayed: the tokens of the largest batch for which the pool's pages are made.
    dry_run: Option<DryRun>,
}

/// Tokens of a batch that nothing but memory bounds.
const UNBOUND: usize = 1 << 18;

/// Tokens with which a card begins.
const FIRST_TOKENS: usize = 16_384;
/// Batches of a window, those that it has however long they take, the seconds that more may take, its bytes, and the tokens
/// of the shortest texts.
const WINDOW: (usize, usize, f64, usize, usize) = (16, 4, 8.0, 256 << 20, 3);
/// How long a text waits before it tries again, in seconds.
const AGAIN: f64 = 1.0;
const MIB: u64 = 1 << 20;

impl Ours {
    /// For this model on this card.
    ///
    /// # Errors
    /// The model has a dimension of 0.
    pub fn new(
        device: &Device<'_>,
        bound: BusyBound,
        replayed: bool,
        patience: f64,
    ) -> Result<Self, SimError> {
        let (card, model) = (device.card(), device.model());
        let limits = Limits::default();
        let cost = BestKnown::new(Analytic::new(ModelShape {
            hidden: model.hidden,
            heads: model.heads,
            feed_forward: model.feed_forward,
            element_bytes: model.element_bytes,
        })?);
        Ok(Ours {
            controller: Controller::new(&limits, ControllerConfig::default())?,
            limits,
            cost,
            busy: Busy::new(FIRST_TOKENS),
            bound,
            window: Vec::new(),
            queue: Queue::new(&[], Padding::Longest),
            largest_tensor: Bytes::new(card.largest_tensor_mib * MIB),
            longest: model.max_tokens,
            reserved: device.reserved(),
            read_at: None,
            patience,
            waited: 0.0,
            dry_run: replayed.then(DryRun::default),
        })
    }

    /// Pages of the size that batches need which memory allows: larger ones where larger batches have become possible, and a
    /// new pool with smaller ones where not even the next text has room in pages as large as they are.
    fn settle(&mut self, device: &mut Device<'_>, usable: Bytes) {
        let bound = self.wanted();
        let Some(dry_run) = &mut self.dry_run else { return };
        let made_for = dry_run.tokens();
        let longest = self.window.iter().copied().max().unwrap_or(1);
        let crowded = made_for > 0 && self.cost.peak(1, longest) > usable;
        if !crowded && bound * 4 < made_for * 5 {
            return;
        }
        let tokens = DryRun::most_tokens(device, bound, usable.get());
        if crowded && tokens < made_for {
            device.renew();
            self.reserved = 0;
            self.cost.renewed();
        } else if tokens * 4 < made_for * 5 {
            return;
        }
        if let Some(table) = dry_run.replay(device, tokens) {
            self.cost.replayed(table);
        }
    }

    /// The tokens of a batch: what keeps the device busy, and no more than the pool's pages are made for.
    fn tokens(&self) -> usize {
        let most = self.dry_run.as_ref().map_or(0, DryRun::tokens);
        self.wanted().min(if most > 0 { most } else { usize::MAX })
    }

    fn wanted(&self) -> usize {
        match self.bound {
            BusyBound::Learned => self.busy.tokens(),
            BusyBound::Nothing => UNBOUND,
        }
    }

    /// What the next batch may cost, and what batches may use of what is there.
    fn read(&mut self, device: &mut Device<'_>) -> (Budget, Bytes) {
        let seen = device.look();
        let usable = self.limits.usable(Bytes::new(seen.free + seen.idle));
        self.settle(device, usable);
        let decision = if self.read_at.replace(seen.at) == Some(seen.at) {
            Decision { allowed: self.controller.allowed(), cleanup: false }
        } else {
            self.controller.step(Event::Reading { usable, others: Some(seen.others) })
        };
        if decision.cleanup {
            self.clean(device);
        }
        let budget = Budget {
            allowed: decision.allowed,
            tokens: self.tokens(),
            largest_tensor: Some(self.largest_tensor),
        };
        (budget, usable)
    }

    fn clean(&mut self, device: &mut Device<'_>) {
        device.clean();
        self.reserved = device.reserved();
    }

    /// As many texts as are worth sorting.
    fn refill(&mut self, texts: &mut Texts<'_>) {
        let (batches, least, seconds, bytes, text) = WINDOW;
        let batch = self.tokens();
        let work = self.busy.rate().map_or(batch, |rate| ((rate * seconds) as usize).max(least * batch));
        let tokens =
            batch.saturating_mul(batches).min(work).min(bytes / (4 + 4 * self.longest / text)).max(batch);
        self.window = texts.draw_tokens(tokens);
        self.queue = Queue::new(&self.window, Padding::Bucketed { longest: self.longest });
    }

    /// Whether only bytes kept another text out of the batch.
    fn ended_by_memory(&self, items: usize, tokens: usize, budget: &Budget) -> bool {
        let items = items + 1;
        let others_allow = (items.saturating_mul(tokens) <= budget.tokens
            || items <= self.limits.min_batch())
            && self.cost.largest_tensor(items, tokens) <= self.largest_tensor;
        !self.queue.is_empty() && others_allow && !budget.allowed.allows(items, self.cost.peak(items, tokens))
    }
}

impl Policy for Ours {
    fn step(&mut self, texts: &mut Texts<'_>, device: &mut Device<'_>) -> Step {
        if self.queue.is_empty() {
            self.refill(texts);
        }
        let began = Instant::now();
        let (budget, usable) = self.read(device);
        let mut lost = self.queue.take_oversized(&budget, &self.cost).len();
        let Some(batch) = self.queue.next(&budget, &self.cost, &self.limits) else {
            return Step { lost, ..Step::of(0) };
        };
        let mut deciding = began.elapsed();
        let (items, tokens) = (batch.items().len(), batch.tokens());
        let predicted = self.cost.peak(items, tokens).get();
        let ended_by_memory = self.ended_by_memory(items, tokens, &budget);
        let pressure = self.controller.is_under_pressure();
        let Allowance { bytes, few, few_bytes } = budget.allowed;
        let allowed = if items <= few { few_bytes } else { bytes };
        let share = predicted as f64 / allowed.get().max(1) as f64;
        let kept_back = (usable.get() * 3).div_ceil(7);

        let ran = device.run(items, tokens, kept_back);
        let began = Instant::now();
        // One text alone is tried whatever it takes.
        let share = (ended_by_memory && items > 1).then_some(share);
        let mut step = Step { share, pressure, ..Step::of(0) };
        match ran {
            Ok(ran) => {
                self.waited = 0.0;
                self.busy.observe(items * tokens, ran.seconds);
                let (held, holds) = (Bytes::new(self.reserved), Bytes::new(ran.reserved));
                if self.cost.ran(items, tokens, held, holds) {
                    step.predicted = Some((predicted, ran.reserved));
                }
                self.reserved = ran.reserved;
                let cleanup = self.controller.step(Event::Success).cleanup;
                deciding += began.elapsed();
                if cleanup {
                    self.clean(device);
                }
                step.texts = items;
                step.tokens = batch.items().iter().map(|&item| self.window[item]).sum();
                step.padded = items * tokens;
            }
            Err(failed) => {
                let seen = device.look();
                self.controller.step(Event::OutOfMemory { items, predicted: Bytes::new(predicted) });
                self.cost.surprise(items, tokens, Bytes::new(seen.free + seen.idle));
                deciding += began.elapsed();
                self.clean(device);
                step.failed = Some(failed);
                if items > 1 || self.waited < self.patience {
                    self.queue.put_back(&batch);
                } else {
                    self.waited = 0.0;
                    lost += 1;
                }
                if items == 1 {
                    self.waited += AGAIN;
                    device.wait(AGAIN);
                }
            }
        }
        Step { lost, deciding, ..step }
    }
}
