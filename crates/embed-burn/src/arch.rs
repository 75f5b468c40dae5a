//! Encoder architectures.

pub(crate) mod bert;
mod encoder;

pub(crate) use self::bert::Bert;
pub(crate) use self::encoder::Encoder;
