//! The device and its pool are shared, and what is taken is given back.

use embed_burn::BurnDevice;

use super::{TEXTS, embed, load};
use crate::check::Verdict;
use crate::fault::{Fault, ensure};
use crate::seeded::{SeededModel, Sizes};

/// Two models and two handles of one device run beside each other, and one goes without harm to the other.
pub fn a_second_model_and_a_second_handle_share_the_device(device: &BurnDevice) -> Result<Verdict, Fault> {
    let tiny = SeededModel::new(Sizes::TINY)?;
    let first = load(&tiny, device)?;
    let again = BurnDevice::open(device.backend().into())?;
    let second = load(&tiny, &again)?;
    let before = embed(&first, &TEXTS)?;
    ensure!(before == embed(&second, &TEXTS)?, "two models of the same weights differ on {}", device.name());
    drop(second);
    device.cleanup()?;
    device.sync()?;
    ensure!(before == embed(&first, &TEXTS)?, "the first model changed when the second went");
    if let Some(pool) = device.pool_usage() {
        ensure!(pool.in_use > 0 && pool.reserved >= pool.in_use, "with a model in it the pool says {pool:?}");
    }
    Ok(Verdict::Held)
}

/// The pool counts an allocation of a known size, and no longer counts it when it is gone.
pub fn an_allocation_is_seen_by_the_pool_and_given_back(device: &BurnDevice) -> Result<Verdict, Fault> {
    const BYTES: u64 = 8 << 20;
    let pool = || device.pool_usage().map(|pool| (pool.in_use, pool.reserved));
    // Other tests share the device: what counts is what is there while this allocation is, not a difference.
    let held = device.allocate(BYTES)?;
    ensure!(held.bytes() == BYTES, "{BYTES} bytes were asked for, and {} given", held.bytes());
    let Some((in_use, reserved)) = pool() else {
        return Ok(Verdict::NotApplicable("the backend has no pool that can be asked".to_owned()));
    };
    ensure!(
        in_use >= BYTES && reserved >= in_use,
        "with {BYTES} bytes in it the pool uses {in_use} of {reserved}"
    );
    drop(held);
    device.cleanup()?;
    if let Some(over) = device.largest_tensor().and_then(|cap| cap.checked_add(1)) {
        let refused = device.allocate(over).map(|held| held.bytes());
        ensure!(refused.is_err(), "{refused:?} bytes were given, and no tensor may have {over}");
    }
    Ok(Verdict::Held)
}
