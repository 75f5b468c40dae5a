//! Limits: their defaults and bounds.

use batch_policy::{Bytes, Limits};

#[test]
fn the_defaults() {
    let limits = Limits::default();
    assert_eq!((limits.min_batch(), limits.max_batch(), limits.safety_permille()), (4, None, 700));
    assert_eq!(limits, Limits::builder().build().unwrap());
}

#[test]
fn values_out_of_bounds_are_named() {
    let builder = Limits::builder;
    for (built, field) in [
        (builder().min_batch(0), "min_batch"),
        (builder().min_batch(8).max_batch(7), "max_batch"),
        (builder().max_batch(0), "max_batch"),
        (builder().safety_permille(0), "safety_permille"),
        (builder().safety_permille(1001), "safety_permille"),
    ] {
        let error = built.build().unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
    }
}

#[test]
fn what_is_usable_is_a_share_of_the_lesser() {
    let limits = Limits::builder().memory_limit(Bytes::new(1000)).build().unwrap();
    assert_eq!(limits.usable(Bytes::new(500)), Bytes::new(350));
    assert_eq!(limits.usable(Bytes::new(5000)), Bytes::new(700));
    assert_eq!(Limits::default().usable(Bytes::new(u64::MAX)).get(), (u128::from(u64::MAX) * 7 / 10) as u64);
}
