//! Encoder architectures.

pub(crate) mod bert;
mod compute;
mod encoder;
mod measured;
mod uploads;

pub(crate) use self::bert::Bert;
pub(crate) use self::encoder::Encoder;
pub(crate) use self::uploads::Uploads;
