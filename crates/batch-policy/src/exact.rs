//! [`Exact`]: a number that is written so that the same one is read.

/// Text formats lose a number's last digit, or have no place for it. This one is written as text, with all its digits.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Exact(pub(crate) f64);

#[cfg(feature = "serde")]
mod serde_text {
    use alloc::format;
    use alloc::string::String;

    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::{Serialize, Serializer};

    use super::Exact;

    impl Serialize for Exact {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&format!("{:?}", self.0))
        }
    }

    impl<'de> Deserialize<'de> for Exact {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            match text.parse() {
                Ok(number) => Ok(Exact(number)),
                Err(_) => Err(D::Error::custom(format!("{text:?} is no number"))),
            }
        }
    }
}
