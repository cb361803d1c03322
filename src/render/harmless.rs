//! Text from outside, made harmless: names and e-mails come from people whom nobody reviewed.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::is_invisible;

/// Shows every character that cannot be seen or that moves the cursor, ANSI escapes, line breaks and bidi
/// overrides among them, as `\u{…}`, so that a name can neither forge a line nor hide a part of one. Plain
/// spaces stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != ' ' && is_invisible(c);
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_hides() {
        assert_eq!(harmless("Ada Lovelace, Ünïcode 部署"), "Ada Lovelace, Ünïcode 部署");
        assert_eq!(harmless("a\u{1b}[2Jb\nc\td\r"), "a\\u{1b}[2Jb\\u{a}c\\u{9}d\\u{d}");
        assert_eq!(harmless("\u{202e}moc\u{200b}\u{feff}\u{9b}"), "\\u{202e}moc\\u{200b}\\u{feff}\\u{9b}");
    }
}
