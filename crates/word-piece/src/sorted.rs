//! [`Sorted`]: the tokens of a vocabulary in their order.

/// Tokens with their ids, by their bytes, each once: of one that was given twice the last id counts.
pub(crate) struct Sorted<'t>(Vec<(&'t [u8], u32)>);

impl<'t> Sorted<'t> {
    pub(crate) fn of(tokens: &'t [(String, u32)]) -> Self {
        let with_head = |(token, id): &'t (String, u32)| (head(token.as_bytes()), token.as_bytes(), *id);
        let mut sorted: Vec<_> = tokens.iter().map(with_head).collect();
        // Equal ones stay in the order in which they were given.
        sorted.sort_by_key(|&(head, token, _)| (head, token));
        sorted.dedup_by(|later, kept| {
            let is_same = later.1 == kept.1;
            if is_same {
                kept.2 = later.2;
            }
            is_same
        });
        Sorted(sorted.into_iter().map(|(_, token, id)| (token, id)).collect())
    }

    pub(crate) fn all(&self) -> &[(&'t [u8], u32)] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        let at = self.0.binary_search_by_key(&token.as_bytes(), |&(token, _)| token).ok()?;
        self.0.get(at).map(|&(_, id)| id)
    }
}

/// The first bytes as a number, which is ordered as they are: most tokens are told apart by it.
fn head(token: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = token.len().min(bytes.len());
    bytes[..length].copy_from_slice(&token[..length]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tokens_are_in_the_order_of_their_bytes_and_the_last_id_counts(
            tokens in prop::collection::vec(("[a\u{0}é]{0,11}", any::<u32>()), 0..60),
        ) {
            let sorted = Sorted::of(&tokens);
            let want: BTreeMap<&[u8], u32> = tokens.iter().map(|(token, id)| (token.as_bytes(), *id)).collect();
            prop_assert!(sorted.all().iter().copied().eq(want.iter().map(|(&token, &id)| (token, id))));
            prop_assert_eq!(sorted.len(), want.len());
            for (token, _) in &tokens {
                prop_assert_eq!(sorted.id(token), want.get(token.as_bytes()).copied());
            }
            prop_assert_eq!(sorted.id("b"), None);
        }
    }
}
