//! [`Reason`]: why a field of a sample is absent, or what is to be known of it.

use std::fmt;

/// A field of a [`MemorySample`](crate::MemorySample).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// What the device has in all.
    Total,
    /// What everyone uses.
    Used,
    /// What nobody uses.
    Free,
    /// What the system grants this process.
    Budget,
    /// What this process uses.
    ProcessUsed,
    /// What driver or firmware hold.
    SystemReserved,
    /// How busy the device is.
    Utilization,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 7] = [
        Field::Total,
        Field::Used,
        Field::Free,
        Field::Budget,
        Field::ProcessUsed,
        Field::SystemReserved,
        Field::Utilization,
    ];

    const fn place(self) -> u32 {
        BITS * self as u32
    }
}

/// Why a field is absent, or, where it is there, what is to be known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Reason {
    /// Neither driver nor system has such a figure for this device.
    NotTold = 1,
    /// The driver or the system does not let this process ask.
    Denied,
    /// The driver was asked and failed.
    Failed,
    /// The driver, its library or the kernel is too old to tell.
    TooOld,
    /// This process does not use the device, as far as its driver lists.
    NotInUse,
    /// The driver lists processes by ids of another namespace, where ours may be somebody else's.
    OtherNamespace,
    /// Nothing limits this process.
    Unlimited,
    /// The figure was more than the device has, so it was dropped.
    Contradiction,
    /// The figure is known for the whole card alone, and this is a part of it.
    WholeCardOnly,
    /// The card sleeps, and asking would wake it.
    Asleep,
    /// The figure is there and estimated: the kernel does not state it.
    Estimated,
}

impl Reason {
    const ALL: [Reason; 11] = [
        Reason::NotTold,
        Reason::Denied,
        Reason::Failed,
        Reason::TooOld,
        Reason::NotInUse,
        Reason::OtherNamespace,
        Reason::Unlimited,
        Reason::Contradiction,
        Reason::WholeCardOnly,
        Reason::Asleep,
        Reason::Estimated,
    ];

    /// The reason in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::NotTold => "neither driver nor system tells it",
            Reason::Denied => "this process may not ask for it",
            Reason::Failed => "the driver failed to tell it",
            Reason::TooOld => "the driver or the kernel is too old to tell it",
            Reason::NotInUse => "this process does not use the device",
            Reason::OtherNamespace => "the driver lists processes by ids that are not those of this system",
            Reason::Unlimited => "nothing limits it",
            Reason::Contradiction => "the driver's figure was more than the device has",
            Reason::WholeCardOnly => "it is known of the whole card alone",
            Reason::Asleep => "the card sleeps, and asking would wake it",
            Reason::Estimated => "estimated: the kernel does not state it",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The reasons of all fields in one word, so that a sample is no larger for them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reasons(u32);

/// Each reason's number fits, and zero is none.
const BITS: u32 = 4;
const MASK: u32 = (1 << BITS) - 1;

impl Reasons {
    pub(super) fn get(self, field: Field) -> Option<Reason> {
        let number = self.0 >> field.place() & MASK;
        Reason::ALL.into_iter().find(|reason| *reason as u32 == number)
    }

    pub(super) fn set(&mut self, field: Field, reason: Option<Reason>) {
        self.0 &= !(MASK << field.place());
        self.0 |= reason.map_or(0, |reason| reason as u32) << field.place();
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Field::ALL.into_iter().filter_map(|field| Some((field, self.get(field)?)));
        f.debug_map().entries(known).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_keeps_its_own_reason() {
        let mut reasons = Reasons::default();
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(reasons.get(field), None);
            reasons.set(field, Some(Reason::ALL[at + 4]));
        }
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(reasons.get(field), Some(Reason::ALL[at + 4]));
        }
        reasons.set(Field::Free, None);
        assert_eq!((reasons.get(Field::Free), reasons.get(Field::Used)), (None, Some(Reason::ALL[5])));
        assert!(Reason::ALL.iter().all(|reason| *reason as u32 <= MASK && !reason.as_str().is_empty()));
    }
}
