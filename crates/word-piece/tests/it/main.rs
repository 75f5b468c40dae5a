//! The crate's promises.

mod kinds;
mod oracle;
mod parts;
mod texts;
