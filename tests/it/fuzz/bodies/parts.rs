//! An input as several texts.

use std::borrow::Cow;

/// The texts of an input, which are separated by a zero byte.
pub(super) struct Parts<'a>(Vec<Cow<'a, str>>);

impl<'a> Parts<'a> {
    pub(super) fn of(data: &'a [u8]) -> Self {
        Self(data.split(|byte| *byte == 0).take(64).map(String::from_utf8_lossy).collect())
    }

    /// The text of a number; they start again where there are no more.
    pub(super) fn get(&self, index: usize) -> &str {
        &self.0[index % self.0.len()]
    }
}
