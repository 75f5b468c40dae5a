//! The checks, each a function of an open device, on a small model and beside the oracle.

mod complete;
mod faithful;
mod resources;

use chunk_strategies::{Embedder, Vectors};
use embed_burn::{BurnDevice, BurnEmbedder, ModelFolder};

pub use self::complete::{
    a_batch_over_the_largest_tensor_never_fits, a_row_that_is_not_finite_costs_only_itself,
    batches_in_flight_have_their_own_vectors, e3_ordered_and_complete, e3_what_is_cut_is_counted,
    rows_that_the_model_cannot_read_are_refused,
};
pub use self::faithful::{
    e1_faithful_to_the_oracle, e1_faithful_without_normalisation_with_cls_and_relu, e2_batch_invariant,
};
pub use self::resources::{
    a_second_model_and_a_second_handle_share_the_device, an_allocation_is_seen_by_the_pool_and_given_back,
};
use crate::fault::Fault;
use crate::seeded::SeededModel;

/// Short, long, empty, of several scripts, and with words that the model does not know.
const TEXTS: [&str; 7] = [
    "the quick foxes are quick.",
    "",
    "a",
    "the lazy dogs, the memory",
    "漢字 漢 batch 1 2 1 2",
    "unknown words become one token each",
    "the fox the dog the fox the dog the fox the dog the fox the dog the fox the dog.",
];

fn load(model: &SeededModel, device: &BurnDevice) -> Result<BurnEmbedder, Fault> {
    Ok(BurnEmbedder::load(&ModelFolder::open(model.path())?, device)?)
}

fn embed(model: &BurnEmbedder, texts: &[&str]) -> Result<Vectors, Fault> {
    model.embed(texts).map_err(|failure| Fault::new(failure.to_string()))
}

/// The largest difference of two vectors' numbers.
fn furthest(a: &[f32], b: &[f32]) -> f32 {
    if a.len() == b.len() {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    } else {
        f32::INFINITY
    }
}
