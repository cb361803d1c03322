//! Characters that cannot be seen, or that change how their neighbours are seen.

use std::cmp::Ordering;

/// The invisible characters beyond ASCII, by first and last, from the Unicode Character Database 17.0.0
/// (<https://www.unicode.org/Public/17.0.0/ucd/>): `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt),
/// `White_Space` and not `Prepended_Concatenation_Mark` (PropList.txt), the general categories Cc and Cf
/// (DerivedGeneralCategory.txt). Two more are symbols to Unicode and blank in every font: U+2800 and U+1D159. A test
/// derives the list again.
const BEYOND_ASCII: [(char, char); 23] = [
    // The controls of ISO 6429, and the no-break space.
    ('\u{80}', '\u{a0}'),
    // The soft hyphen.
    ('\u{ad}', '\u{ad}'),
    // The grapheme joiner.
    ('\u{34f}', '\u{34f}'),
    // The Arabic letter mark.
    ('\u{61c}', '\u{61c}'),
    // Fillers of Hangul.
    ('\u{115f}', '\u{1160}'),
    // The space of Ogham.
    ('\u{1680}', '\u{1680}'),
    // Inherent vowels of Khmer.
    ('\u{17b4}', '\u{17b5}'),
    // Variation selectors and the vowel separator of Mongolian.
    ('\u{180b}', '\u{180f}'),
    // Spaces, the joiners, and the marks of direction.
    ('\u{2000}', '\u{200f}'),
    // Line and paragraph separators, overrides of direction, and the narrow space.
    ('\u{2028}', '\u{202f}'),
    // Spaces, invisible operators, and isolates of direction.
    ('\u{205f}', '\u{206f}'),
    // The blank of Braille.
    ('\u{2800}', '\u{2800}'),
    // The space of ideographs.
    ('\u{3000}', '\u{3000}'),
    // The filler of Hangul.
    ('\u{3164}', '\u{3164}'),
    // Variation selectors 1 to 16.
    ('\u{fe00}', '\u{fe0f}'),
    // The byte order mark.
    ('\u{feff}', '\u{feff}'),
    // The halfwidth filler of Hangul.
    ('\u{ffa0}', '\u{ffa0}'),
    // Unassigned and ignored, then the anchors of interlinear annotations.
    ('\u{fff0}', '\u{fffb}'),
    // Controls of Egyptian hieroglyphs.
    ('\u{13430}', '\u{1343f}'),
    // Controls of shorthand.
    ('\u{1bca0}', '\u{1bca3}'),
    // The null notehead.
    ('\u{1d159}', '\u{1d159}'),
    // Controls of musical notation.
    ('\u{1d173}', '\u{1d17a}'),
    // Tags, variation selectors 17 to 256, and code points reserved for more of them.
    ('\u{e0000}', '\u{e0fff}'),
];

/// The blocks that hold Unicode's emoji beyond ASCII, and single emoji of other blocks (emoji-data.txt 17.0).
const EMOJI: [(char, char); 17] = [
    ('\u{a9}', '\u{a9}'),
    ('\u{ae}', '\u{ae}'),
    ('\u{203c}', '\u{203c}'),
    ('\u{2049}', '\u{2049}'),
    ('\u{2122}', '\u{2122}'),
    ('\u{2139}', '\u{2139}'),
    ('\u{2190}', '\u{21ff}'),
    ('\u{2300}', '\u{23ff}'),
    ('\u{24c2}', '\u{24c2}'),
    ('\u{25a0}', '\u{27bf}'),
    ('\u{2900}', '\u{297f}'),
    ('\u{2b00}', '\u{2bff}'),
    ('\u{3030}', '\u{3030}'),
    ('\u{303d}', '\u{303d}'),
    ('\u{3297}', '\u{3297}'),
    ('\u{3299}', '\u{3299}'),
    ('\u{1f000}', '\u{1faff}'),
];

const SELECTOR: char = '\u{fe0f}';
const JOINER: char = '\u{200d}';
const KEYCAP: char = '\u{20e3}';

/// Whether a character cannot be seen, or changes how its neighbours are seen: white space, controls, format
/// characters, and everything else that Unicode tells readers to ignore.
pub fn is_invisible(c: char) -> bool {
    if c.is_ascii() { c == ' ' || c.is_ascii_control() } else { is_in(c, &BEYOND_ASCII) }
}

/// The characters of a text that a reviewer does not see, with their places in bytes: every invisible one except plain
/// spaces, and except the two that are parts of emoji if they are. These are U+FE0F right behind an emoji, or between a
/// digit and the mark that draws a key around it, and U+200D between two emoji.
pub fn hidden(text: &str) -> impl Iterator<Item = (usize, char)> {
    let hides = |(at, c): &(usize, char)| *c != ' ' && is_invisible(*c) && !is_part_of_emoji(text, *at, *c);
    text.char_indices().filter(hides)
}

fn is_part_of_emoji(text: &str, at: usize, c: char) -> bool {
    if c != SELECTOR && c != JOINER {
        return false;
    }
    let Some(before) = text[..at].chars().next_back() else { return false };
    let after = text[at + c.len_utf8()..].chars().next();
    if c == SELECTOR {
        let is_key = before.is_ascii_digit() || before == '#' || before == '*';
        return is_emoji(before) || is_key && after == Some(KEYCAP);
    }
    (is_emoji(before) || before == SELECTOR) && after.is_some_and(is_emoji)
}

fn is_emoji(c: char) -> bool {
    is_in(c, &EMOJI)
}

fn is_in(c: char, ranges: &[(char, char)]) -> bool {
    let place = |(first, last): &(char, char)| {
        if *last < c {
            Ordering::Less
        } else if *first > c {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    };
    ranges.binary_search_by(place).is_ok()
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{
        DefaultIgnorableCodePoint, Emoji, GeneralCategory, PrependedConcatenationMark, WhiteSpace,
    };
    use icu_properties::{CodePointMapData, CodePointSetData};

    use super::*;

    fn after(c: char) -> char {
        (c..=char::MAX).nth(1).unwrap()
    }

    #[test]
    fn the_list_is_unicodes() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        let white = CodePointSetData::new::<WhiteSpace>();
        let shown = CodePointSetData::new::<PrependedConcatenationMark>();
        let category = CodePointMapData::<GeneralCategory>::new();
        for c in '\0'..=char::MAX {
            let of_category = |wanted| category.get(c) == wanted;
            let by_category = of_category(GeneralCategory::Control)
                || of_category(GeneralCategory::Format) && !shown.contains(c);
            let blank = c == '\u{2800}' || c == '\u{1d159}';
            let expected = ignorable.contains(c) || white.contains(c) || by_category || blank;
            assert_eq!(is_invisible(c), expected, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn both_ends_of_every_range_are_hidden_and_what_is_beside_them_is_not() {
        for (first, last) in BEYOND_ASCII {
            for c in [first, last] {
                assert_eq!(hidden(&format!("a{c}b")).collect::<Vec<_>>(), [(1, c)], "U+{:04X}", u32::from(c));
            }
            let before = ('\0'..first).next_back().unwrap();
            assert!(before == '\u{7f}' || !is_invisible(before), "U+{:04X}", u32::from(before));
            assert!(!is_invisible(after(last)), "U+{:04X}", u32::from(after(last)));
        }
    }

    #[test]
    fn every_emoji_is_one() {
        let emoji = CodePointSetData::new::<Emoji>();
        for c in ('\u{80}'..=char::MAX).filter(|c| emoji.contains(*c)) {
            assert!(is_emoji(c), "U+{:04X}", u32::from(c));
        }
        for ranges in [&BEYOND_ASCII[..], &EMOJI[..]] {
            assert!(ranges.is_sorted() && ranges.iter().all(|(first, last)| first <= last));
        }
        assert!(('\0'..=char::MAX).all(|c| !(is_emoji(c) && is_invisible(c))));
    }

    #[test]
    fn joiners_and_selectors_belong_to_emoji_alone() {
        for text in [
            "❤\u{fe0f}",
            "👩\u{200d}💻",
            "🏳\u{fe0f}\u{200d}🌈",
            "1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3}",
            "👍🏽 🇩🇪",
        ] {
            assert_eq!(hidden(text).count(), 0, "{text:?}");
        }
        let hiding = [
            "a\u{fe0f}",
            "1\u{fe0f}",
            "\u{fe0f}",
            "❤\u{fe0f}\u{fe0f}",
            "❤\u{fe0e}",
            "a\u{200d}b",
            "👩\u{200d}",
            "👩\u{200d}b",
            "\u{200d}👩",
            "👩\u{200d}\u{200d}💻",
            "علی\u{200c}رضا",
            "🏴\u{e0067}",
        ];
        for text in hiding {
            assert_ne!(hidden(text).count(), 0, "{text:?}");
        }
    }
}
