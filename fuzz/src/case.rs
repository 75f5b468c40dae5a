//! From bytes to a document and a configuration.

use crate::conformance::Case;

/// How many leading bytes configure.
pub(crate) const CONFIG_BYTES: usize = 4;

/// A unit to measure in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    Bytes,
    Chars,
    Graphemes,
    Words,
}

/// What one run is given.
pub(crate) struct Input {
    pub(crate) unit: Unit,
    pub(crate) case: Case,
    pub(crate) text: String,
}

impl Input {
    /// The first bytes are unit, desired size, how much larger the maximum is, and overlap; the rest is the document, in
    /// which invalid UTF-8 is replaced. Whatever the numbers, the configuration is a valid one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (config, text) = bytes.split_at_checked(CONFIG_BYTES)?;
        let unit = [Unit::Bytes, Unit::Chars, Unit::Graphemes, Unit::Words][usize::from(config[0] % 4)];
        let desired = usize::from(config[1]).max(2);
        let max = desired + usize::from(config[2] % 64);
        let overlap = usize::from(config[3]) % desired.min(max - 1);
        Some(Input {
            unit,
            case: Case { desired, max, overlap },
            text: String::from_utf8_lossy(text).into_owned(),
        })
    }

    /// A regression test, ready to be pasted.
    pub(crate) fn shown(&self, strategy: &str) -> String {
        let Case { desired, max, overlap } = self.case;
        format!(
            "// {strategy}\nlet document = {:?};\nlet case = Case {{ desired: {desired}, max: {max}, overlap: {overlap} }};\n\
             every_strategy(document, &{:?}, case);",
            self.text, self.unit
        )
    }
}
