//! [`Reference`]: what the formula says that this project replaces.

use std::path::Path;

use batch_policy::{Bytes, Limits, reference};
use serde::Serialize;

/// The formula `clamp(⌊free × safety ÷ per text⌋, 4, 128)`, with the megabytes that it takes for a text by the model's name,
/// whatever its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The bytes that it takes for a text.
    pub text_bytes: u64,
    /// What it gives before its bounds.
    pub before_cap: u64,
    /// What it gives.
    pub texts: usize,
}

const MIB: u64 = 1 << 20;

impl Reference {
    pub(super) fn of(model: &Path, free: Bytes, limits: &Limits) -> Self {
        let name = model.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        // By the name alone, as it does; its megabytes are 2^20 bytes.
        let per_text = if name.contains("large") {
            150 * MIB
        } else if name.contains("base") {
            100 * MIB
        } else {
            50 * MIB
        };
        let safety = limits.safety_permille();
        Reference {
            text_bytes: per_text,
            before_cap: free.permille(safety).get() / per_text,
            texts: reference::batch_size(free, safety, Bytes::new(per_text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out by hand: 24 × 1024 × 0.7 ÷ 50 is 344.06.
    #[test]
    fn a_card_of_24_gib_gives_344_before_the_cap() {
        let of = |model: &str, gib: u64| {
            let reference = Reference::of(Path::new(model), Bytes::new(gib << 30), &Limits::default());
            (reference.before_cap, reference.texts)
        };
        assert_eq!(of("/models/all-MiniLM-L6-v2", 24), (344, 128));
        assert_eq!(of("all-mpnet-base-v2", 24), (172, 128));
        assert_eq!(of("instructor-large", 24), (114, 114));
        assert_eq!(of("all-MiniLM-L6-v2", 6), (86, 86));
        assert_eq!(of("all-MiniLM-L6-v2", 0), (0, 4));
    }
}
