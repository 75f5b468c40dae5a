//! Encoder architectures.

mod bert;

pub(crate) use self::bert::Bert;
