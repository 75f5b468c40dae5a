//! What the simulator promises, and what policies have to keep on it.

// A test that cannot get what it needs should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod policies;
mod pool;
mod scenario;
