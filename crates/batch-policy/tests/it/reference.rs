//! The reference formula, beside its original in floating point.

use batch_policy::{Bytes, reference};
use proptest::prelude::*;

proptest! {
    #[test]
    fn it_is_the_original(free_mb in 0..200_000_u64, per_item_mb in 1..1000_u64) {
        let original = ((free_mb as f64 * 0.7).div_euclid(per_item_mb as f64) as usize).clamp(4, 128);
        let ours = reference::batch_size(Bytes::new(free_mb * 1_000_000), 700, Bytes::new(per_item_mb * 1_000_000));
        // 0.7 is no binary number: at an exact multiple the original may be one short.
        prop_assert!(ours == original || (free_mb * 7 % (per_item_mb * 10) == 0 && ours == original + 1));
    }
}

#[test]
fn it_has_its_bounds() {
    assert_eq!(reference::batch_size(Bytes::new(0), 700, Bytes::new(1)), 4);
    assert_eq!(reference::batch_size(Bytes::new(u64::MAX), 1000, Bytes::new(1)), 128);
    assert_eq!(reference::batch_size(Bytes::new(5), 700, Bytes::new(0)), 128);
}
