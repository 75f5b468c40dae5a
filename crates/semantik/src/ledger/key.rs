//! [`DeviceKey`]: which memory it is that processes share.

use gpu_telemetry::CardIdentity;

/// Names a device's memory, the same in every process and whichever API reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKey(String);

impl DeviceKey {
    /// The host's memory: of processors, of GPUs that they compute, and of GPUs without memory of their own.
    pub fn host() -> Self {
        DeviceKey("host".to_owned())
    }

    /// The memory of a card that can be told from others.
    pub fn of_card(card: &CardIdentity) -> Option<Self> {
        let key = match *card {
            CardIdentity { pci: Some(pci), .. } => format!("pci-{pci}"),
            CardIdentity { luid: Some(luid), .. } => {
                format!("luid-{:016x}", u64::from_le_bytes(luid))
            }
            CardIdentity { registry_id: Some(id), .. } => format!("registry-{id:x}"),
            _ => return None,
        };
        Some(DeviceKey(as_file_name(&key)))
    }

    /// The memory of a device of which there is but a name, as its driver gives it: two that are alike count as one.
    pub fn of_name(name: &str) -> Self {
        // FNV, which is the same in every version: names may differ in what no file's name can have.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        let short: String = as_file_name(name).chars().take(40).collect();
        DeviceKey(format!("name-{short}-{hash:016x}"))
    }

    /// A part of this memory, such as an instance of a card: shared with nobody who uses another part.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        DeviceKey(format!("{}-{}", self.0, as_file_name(name)))
    }

    /// As text, of letters, digits, `-` and `.` only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn as_file_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_one_key_and_two_cards_have_two() {
        let at = |pci: &str| DeviceKey::of_card(&CardIdentity::at(pci.parse().unwrap())).unwrap();
        assert_eq!(at("0000:41:00.0").as_str(), "pci-0000-41-00.0");
        assert_eq!(at("0000:41:00.0"), at("00000000:41:00.0"));
        assert_ne!(at("0000:41:00.0"), at("0000:42:00.0"));
        assert_eq!(DeviceKey::of_card(&CardIdentity::default()), None);
    }

    #[test]
    fn a_name_of_any_characters_is_a_files_name() {
        let names =
            ["NVIDIA GeForce RTX 4090", "../../etc/passwd", "カード", "", "a/b", "a\\b", &"x".repeat(500)];
        let mut keys: Vec<String> = names.iter().map(|name| DeviceKey::of_name(name).0).collect();
        for key in &keys {
            assert!(
                key.len() < 80 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)),
                "{key}"
            );
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), names.len(), "names that differ have keys that differ");
        let instance = DeviceKey::host().part("MIG-1234/5");
        assert_eq!(instance.as_str(), "host-mig-1234-5");
    }
}
