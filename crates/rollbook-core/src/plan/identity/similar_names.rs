//! Accounts whose names are similar to an email, found without a look at every account for every email.

use std::collections::{BTreeMap, BTreeSet};

/// The words of accounts' names, in lower case.
#[derive(Debug, Default)]
pub(super) struct SimilarNames {
    /// For each word, the indexes of the accounts whose name contains it.
    words: BTreeMap<String, BTreeSet<usize>>,
    /// For each ending of a word (the whole word included), the indexes of those accounts.
    ends: BTreeMap<String, BTreeSet<usize>>,
}

impl SimilarNames {
    /// Adds the names of accounts, in their order.
    pub(super) fn of<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut similar = Self::default();
        for (index, name) in names.enumerate() {
            for word in name.unwrap_or_default().to_lowercase().split_whitespace() {
                for (start, _) in word.char_indices() {
                    similar.ends.entry(word[start..].to_owned()).or_default().insert(index);
                }
                similar.words.entry(word.to_owned()).or_default().insert(index);
            }
        }
        similar
    }

    /// The first accounts with a word that contains a text, or that the text contains.
    pub(super) fn like(&self, text: &str, most: usize) -> BTreeSet<usize> {
        let bounds = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let parts = bounds()
            .flat_map(|start| bounds().filter(move |end| *end > start).map(move |end| &text[start..end]));
        let held = parts.filter_map(|part| self.words.get(part));
        let holding = self.ends.range(text.to_owned()..).take_while(|(end, _)| end.starts_with(text));
        let accounts = held.chain(holding.map(|(_, accounts)| accounts));
        // The first accounts of each word are enough to know the first of all.
        let accounts: BTreeSet<usize> =
            accounts.flat_map(|accounts| accounts.iter().take(most)).copied().collect();
        accounts.into_iter().take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_look_at_every_name_would() {
        let names = ["Ada Lovelace", "Bob", "ad min", "Grüße Ada", "", "o", "Lovelaces"];
        let similar = SimilarNames::of(names.iter().map(|name| Some(*name)));
        for text in ["ada.lovelace", "ada", "a", "bob", "grüße", "x", "love", "o"] {
            let sounds = |name: &str| {
                let name = name.to_lowercase();
                name.split_whitespace().any(|word| text.contains(word) || word.contains(text))
            };
            let all: Vec<usize> = (0..names.len()).filter(|index| sounds(names[*index])).collect();
            for most in [1, 2, 9] {
                let found: Vec<usize> = similar.like(text, most).into_iter().collect();
                assert_eq!(found, all.iter().copied().take(most).collect::<Vec<_>>(), "{text}");
            }
        }
    }
}
