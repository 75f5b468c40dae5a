//! Encoder architectures: one encoder that is described, and the names of each family's tensors.

mod attention;
mod compute;
mod encoder;
mod head;
pub(crate) mod layer;
mod load;
mod measured;
mod names;
pub(crate) mod positions;
pub(crate) mod transformer;
mod uploads;

pub(crate) use self::encoder::{Encoder, Ops};
pub(crate) use self::head::{Head, HeadStep};
pub(crate) use self::load::{largest, more, needed, stays_wide};
#[cfg(all(test, feature = "cpu"))]
pub(crate) use self::uploads::Uploads;
