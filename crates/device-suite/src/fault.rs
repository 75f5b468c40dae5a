//! [`Fault`]: why something did not hold.

use std::fmt;

/// Why a check or an experiment did not hold, or could not be made, in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault(String);

impl Fault {
    /// Says it.
    pub fn new(message: impl Into<String>) -> Self {
        Fault(message.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As it reads: a test that unwraps a fault shows it.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// No error itself, so that every error can become one with `?`.
impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault(error.to_string())
    }
}

/// Ends the function with a [`Fault`] unless the condition holds; a comparison with NaN does not.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if $holds {
        } else {
            return Err($crate::Fault::new(format!($($message)+)));
        }
    };
}
pub(crate) use ensure;
