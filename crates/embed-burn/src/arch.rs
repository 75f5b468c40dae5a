//! Encoder architectures.

pub(crate) mod bert;
mod compute;
mod encoder;
mod measured;

pub(crate) use self::bert::Bert;
pub(crate) use self::encoder::Encoder;
