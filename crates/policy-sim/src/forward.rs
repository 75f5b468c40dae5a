//! [`Forward`]: which tensors a forward pass makes and drops, in order.

use crate::pool::{Place, Pool, Refused};
use crate::scenario::Model;

/// A forward pass of a BERT encoder, an operation after the other, as `embed_burn` runs it on a device with a pool, where
/// an operation whose input nobody else holds writes its result over it. Every layer makes the same tensors; what a third
/// one would find free, the second did.
#[derive(Clone, Debug)]
pub struct Forward {
    steps: Vec<Step>,
    /// Of how many layers the steps are.
    layers: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A tensor of so many bytes is made.
    Make(u64),
    /// The tensor that was made as this one of all is dropped.
    Drop(usize),
}

/// Layers whose tensors are made one by one.
const LAYERS: usize = 2;

impl Forward {
    /// Of `items` texts, each padded to `tokens`.
    pub fn new(model: &Model, items: usize, tokens: usize) -> Self {
        let mut trace = Trace::default();
        let rows = (items * tokens) as u64;
        let number = model.element_bytes as u64;
        let row = |width: usize| rows * width as u64 * number;
        let (hidden, wide, heads) = (model.hidden, model.feed_forward, model.heads as u64);
        let scores = rows * tokens as u64 * heads * number;
        // Embeddings: ids, mask, words, to which positions are added in place.
        let ids = trace.make(rows * 4);
        let mask = trace.make(rows * number);
        let x = trace.make(row(hidden));
        let places = trace.make(rows * 4);
        let positions = trace.make(row(hidden));
        trace.drop(places);
        trace.drop(positions);
        trace.drop(ids);
        trace.norm(row(hidden), rows * number);
        let layers = model.layers.min(LAYERS);
        for _ in 0..layers {
            let qkv = trace.make(row(3 * hidden));
            let (queries, keys) = (trace.make(row(hidden)), trace.make(row(hidden)));
            let attention = trace.make(scores);
            trace.drop(queries);
            trace.drop(keys);
            // The softmax's largest and sum of each row.
            for _ in 0..2 {
                let each = trace.make(rows * heads * number);
                trace.drop(each);
            }
            let values = trace.make(row(hidden));
            let context = trace.make(row(hidden));
            trace.drop(attention);
            trace.drop(values);
            let in_order = trace.make(row(hidden));
            trace.drop(context);
            trace.drop(qkv);
            let attended = trace.make(row(hidden));
            trace.drop(in_order);
            trace.drop(attended);
            trace.norm(row(hidden), rows * number);
            let up = trace.make(row(wide));
            let erf = trace.make(row(wide));
            trace.drop(erf);
            let down = trace.make(row(hidden));
            trace.drop(up);
            trace.drop(down);
            trace.norm(row(hidden), rows * number);
        }
        // Pooling: the mean over a text's tokens.
        let vectors = trace.make((items * hidden) as u64 * number);
        trace.drop(x);
        trace.drop(mask);
        trace.drop(vectors);
        Forward { steps: trace.steps, layers: model.layers }
    }

    /// The largest tensor.
    pub fn largest(&self) -> u64 {
        let bytes = |step: &Step| match step {
            Step::Make(bytes) => *bytes,
            Step::Drop(_) => 0,
        };
        self.steps.iter().map(bytes).max().unwrap_or(0)
    }

    /// Makes and drops all, and says how far it came, as a share of the pass, before it was refused. Nothing is left in the
    /// pool but free pages, whatever comes of it. `more` is asked for each page, with the share of the pass that is done, the
    /// page's bytes, and those that the pool holds already.
    ///
    /// # Errors
    /// There was no place for a tensor.
    pub fn run(
        &self,
        pool: &mut Pool,
        mut more: impl FnMut(f64, u64, u64) -> bool,
    ) -> Result<(), (f64, Refused)> {
        let mut made: Vec<Option<Place>> = Vec::with_capacity(self.steps.len());
        // What is traced is the beginning of the whole pass.
        let traced = self.layers.min(LAYERS) as f64 / self.layers.max(1) as f64;
        let mut refused = None;
        for (at, step) in self.steps.iter().enumerate() {
            match *step {
                Step::Make(bytes) => {
                    let done = traced * at as f64 / self.steps.len() as f64;
                    match pool.reserve(bytes, |page, held| more(done, page, held)) {
                        Ok(place) => made.push(Some(place)),
                        Err(why) => {
                            refused = Some((done, why));
                            break;
                        }
                    }
                }
                Step::Drop(which) => {
                    if let Some(place) = made.get_mut(which).and_then(Option::take) {
                        pool.free(place);
                    }
                }
            }
        }
        for place in made.into_iter().flatten() {
            pool.free(place);
        }
        refused.map_or(Ok(()), Err)
    }
}

#[derive(Default)]
struct Trace {
    steps: Vec<Step>,
    made: usize,
}

impl Trace {
    fn make(&mut self, bytes: u64) -> usize {
        self.steps.push(Step::Make(bytes));
        self.made += 1;
        self.made - 1
    }

    fn drop(&mut self, which: usize) {
        self.steps.push(Step::Drop(which));
    }

    /// A layer norm over a tensor that nobody else holds: only the squares are a tensor as large.
    fn norm(&mut self, bytes: u64, each: u64) {
        let mean = self.make(each);
        let squares = self.make(bytes);
        self.drop(mean);
        let variance = self.make(each);
        self.drop(squares);
        self.drop(variance);
    }
}
