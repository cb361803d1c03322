//! "Did you mean": the candidate that a mistyped word was probably meant to be.

use similar::get_close_matches;

/// The most candidates that are compared: with more, a search would cost too much.
const MOST_CANDIDATES: usize = 10_000;

/// The longest word that is compared.
const LONGEST: usize = 128;

/// The least similarity of a suggestion, from 0 to 1.
const ALIKE: f32 = 0.65;

/// The similarity at which a person would mistake two names for one another.
const VERY_ALIKE: f32 = 0.88;

/// The candidate that a word was probably meant to be.
pub fn near<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    closest(word, candidates, ALIKE)
}

/// The candidate that differs from a word only by a typing mistake.
pub(super) fn very_near<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    closest(word, candidates, VERY_ALIKE)
}

fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>, alike: f32) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES + 1).collect();
    if candidates.len() > MOST_CANDIDATES {
        return None;
    }
    if let Some(same) = candidates.iter().find(|candidate| candidate.eq_ignore_ascii_case(word)) {
        return Some(same);
    }
    let comparable: Vec<&str> =
        candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST).collect();
    get_close_matches(word, &comparable, 1, alike).first().copied()
}

/// A help text that names the suggestion, or otherwise all possible values.
pub(super) fn help(suggestion: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    suggestion.map_or_else(otherwise, |name| format!("Did you mean `{name}`?"))
}

/// `a`, `b` and `c`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}
