//! The suite's small model, as these tests want it: what cannot be written fails the test.

use device_suite::{SeededModel, Sizes};

pub(crate) const SIZES: Sizes = Sizes::TINY;

pub(crate) fn make_tiny() -> SeededModel {
    SeededModel::new(SIZES).unwrap()
}
