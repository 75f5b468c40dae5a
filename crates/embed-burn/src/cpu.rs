//! The encoder as one operation on the processor: faster than the same model as a sequence of burn's.
//!
//! Texts are packed one after the other, so nothing is computed for padding. Weights are packed once in the order in
//! which they are read. Bias, activation, residual and norm are applied while their numbers are in cache. Three ways
//! share out the work: [`grouped`] where there are many texts, [`together`] where there are few and long, [`columns`]
//! where there are few tokens.
//!
//! Every number is the result of the same operations in the same order, whatever the batch, the thread and the way: a
//! text's vector is the same to the last bit.

// The kernels must be compiled inside the functions that have the processor's instructions, see `isa`.
#![allow(clippy::inline_always)]

mod activation;
mod aligned;
mod arith;
mod attention;
mod batch;
mod columns;
mod distances;
mod embed;
mod encoder;
mod exp;
mod gated;
mod grouped;
mod head;
mod heads;
mod isa;
mod layer;
mod linear;
mod narrow;
mod norm;
mod pack;
mod pool;
mod product;
mod rotary;
mod scratch;
mod sum;
mod take;
mod tile;
mod together;

#[cfg(test)]
mod tests;

pub(crate) use self::attention::Sight;
pub(crate) use self::encoder::{Dimensions, Encoder};
pub(crate) use self::head::widest_vector;
pub(crate) use self::narrow::{Format, NarrowIsa};
