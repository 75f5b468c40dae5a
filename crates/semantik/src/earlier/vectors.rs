//! [`EarlierVectors`]: vectors by what they were made of.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3;

use super::line::Embedded;

/// The vectors that earlier runs made of a document's texts: for the parts of it that are as they were.
#[derive(Debug, Default)]
pub struct EarlierVectors {
    by_text: HashMap<u128, Reused>,
    /// Whether what a text stands under is in its vector.
    context_counts: bool,
}

/// A vector that need not be made again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reused {
    pub(crate) vector: Vec<f32>,
    /// Tokens of its text beyond the model's limit.
    pub(crate) truncated: usize,
}

impl EarlierVectors {
    pub(super) fn new(context_counts: bool) -> Self {
        EarlierVectors { by_text: HashMap::new(), context_counts }
    }

    /// Takes in the vectors of some records. What is no record is passed over.
    pub(super) fn add(&mut self, lines: &[u8]) {
        for line in lines.split(|&byte| byte == b'\n') {
            let Ok(record) = serde_json::from_slice::<Embedded<'_>>(line) else { continue };
            let Some(vector) = record.embedding else { continue };
            let key = self.key(&record.text, record.context.iter().map(String::as_str));
            self.by_text.insert(key, Reused { vector, truncated: record.truncated.unwrap_or(0) });
        }
    }

    /// The vector of a text under its context.
    pub(crate) fn get<'a>(&self, text: &str, context: impl Iterator<Item = &'a str>) -> Option<&Reused> {
        if self.by_text.is_empty() { None } else { self.by_text.get(&self.key(text, context)) }
    }

    fn key<'a>(&self, text: &str, context: impl Iterator<Item = &'a str>) -> u128 {
        let mut hash = Xxh3::new();
        for part in context.filter(|_| self.context_counts) {
            hash.update(&part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        // No context is as long as that.
        hash.update(&usize::MAX.to_le_bytes());
        hash.update(text.as_bytes());
        hash.digest128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_found_by_text_and_by_context_where_that_counts() {
        let lines = b"{\"text\":\"a\",\"context\":[\"# H\"],\"truncated\":2,\"embedding\":[0.25,1]}\nrubbish\n{\"text\":\"b\"}\n";
        let mut beside = EarlierVectors::new(false);
        beside.add(lines);
        assert!(beside.get("a", ["# Other"].into_iter()).is_some());
        let mut vectors = EarlierVectors::new(true);
        vectors.add(lines);
        let found = vectors.get("a", ["# H"].into_iter()).unwrap();
        assert_eq!((&found.vector[..], found.truncated), (&[0.25, 1.0][..], 2));
        assert_eq!(vectors.get("a", [].into_iter()), None);
        assert_eq!(vectors.get("b", [].into_iter()), None);
    }
}
