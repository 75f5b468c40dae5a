//! [`Reference`]: the formula and the rules of the report.

use batch_policy::reference::{Controller, ControllerConfig, Decision, Event, batch_size};
use batch_policy::{Bytes, Limits, ModelClass};

use super::{Policy, Step};
use crate::device::Device;
use crate::error::SimError;
use crate::texts::Texts;

/// `clamp(⌊free × 0.7 ÷ class⌋, 4, 128)` texts in the order in which they came, halved above 0.8 of the memory and when it
/// ran out, grown by half after more than ten successes below 0.6.
#[derive(Clone, Debug)]
pub struct Reference {
    controller: Controller,
    waiting: Vec<usize>,
}

impl Reference {
    /// With what the device has free now.
    ///
    /// # Errors
    /// Never, with the report's limits.
    pub fn new(device: &mut Device<'_>) -> Result<Self, SimError> {
        let class = ModelClass::from(device.model().class);
        let start = batch_size(Bytes::new(device.look().free), 700, class.per_item());
        let limits = Limits::builder().min_batch(4).max_batch(batch_policy::reference::MAX).build()?;
        let controller = Controller::new(start, &limits, ControllerConfig::default())?;
        Ok(Reference { controller, waiting: Vec::new() })
    }
}

impl Policy for Reference {
    fn step(&mut self, texts: &mut Texts<'_>, device: &mut Device<'_>) -> Step {
        while self.waiting.len() < self.controller.max_batch() {
            self.waiting.push(texts.draw());
        }
        let batch: Vec<usize> = self.waiting.drain(..self.controller.max_batch()).collect();
        let longest = batch.iter().copied().max().unwrap_or(1);
        device.look();
        let (event, step) = match device.run(batch.len(), longest, 0) {
            Ok(_) => {
                let usage = Some(device.look().used);
                let padded = batch.len() * longest;
                let step = Step { tokens: batch.iter().sum(), padded, ..Step::of(batch.len()) };
                (Event::Success { items: batch.len(), usage }, step)
            }
            Err(failed) => {
                let event = Event::OutOfMemory { items: batch.len() };
                // They are tried again.
                self.waiting.splice(..0, batch);
                (event, Step { failed: Some(failed), ..Step::of(0) })
            }
        };
        match self.controller.step(event) {
            Decision::Continue { cleanup: true, .. } => device.clean(),
            Decision::Continue { .. } => {}
            Decision::GiveUp => {
                device.clean();
                self.waiting.remove(0);
                return Step { lost: 1, ..step };
            }
        }
        step
    }
}
