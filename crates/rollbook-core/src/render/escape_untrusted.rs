//! Makes text from outside harmless: names and emails come from people that nobody reviewed.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::model::is_invisible;

/// Shows every character that cannot be seen or that moves the cursor, including ANSI escapes, line breaks and bidi
/// overrides, as `\u{…}`, so that a name can neither forge a line nor hide a part of one. Plain spaces stay.
///
/// CI runners execute commands that a step prints: a `::` at the start of a line, which a text that may be broken at
/// any space can reach, and a `##[` or `##vso[` anywhere. These are shown in the same way.
pub fn escape_untrusted(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != ' ' && is_invisible(c);
    if !text.contains(harmful) && !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let opens_command = before == ' ' && text[at..].starts_with("::") || before == '#' && c == '#';
        if harmful(c) || opens_command {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
        before = c;
    }
    Cow::Owned(shown)
}

/// Escapes invisible characters in JSON, and `##` too. `serde_json` escapes only ASCII's controls; these characters
/// occur only in strings.
pub(super) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut before = ' ';
    for c in json.chars() {
        let opens_command = std::mem::replace(&mut before, c) == '#' && c == '#';
        if c >= '\u{7f}' && is_invisible(c) || opens_command {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_hides() {
        assert_eq!(escape_untrusted("Ada Lovelace, Ünïcode 部署"), "Ada Lovelace, Ünïcode 部署");
        assert_eq!(escape_untrusted("a\u{1b}[2Jb\nc\td\r"), "a\\u{1b}[2Jb\\u{a}c\\u{9}d\\u{d}");
        assert_eq!(escape_untrusted("a::b ::error::c ##[d] #e"), "a::b \\u{3a}:error::c #\\u{23}[d] #e");
        assert_eq!(escape_untrusted("::warning::"), "\\u{3a}:warning::");
        assert_eq!(
            escape_untrusted("\u{202e}moc\u{200b}\u{feff}\u{9b}"),
            "\\u{202e}moc\\u{200b}\\u{feff}\\u{9b}"
        );
    }
}
