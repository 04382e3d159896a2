//! Folding: what makes `Über`, `UBER` and `ｕｂｅｒ` the same text. Compatibility decomposition (NFKD, UAX #15), then removal of marks (general
//! category M), then full case folding (Unicode standard, section 3.13).

use std::iter;

use caseless::Caseless;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Appends `text`, folded, to `out`.
///
/// Characters fold independently of each other: all that NFKD moves across neighbours is marks, and those are removed. So a part of a text
/// folds to a part of the folded text, and no character needs to wait for the next.
pub(super) fn fold_into(text: &str, out: &mut String) {
    let start = out.len();
    let plain = text.bytes().position(|byte| !byte.is_ascii()).unwrap_or(text.len());
    let (plain, rest) = text.split_at(plain);
    out.push_str(plain);
    out[start..].make_ascii_lowercase();
    for c in rest.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
        } else {
            fold_char(c, out);
        }
    }
}

/// `text`, folded.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

fn fold_char(c: char, out: &mut String) {
    decompose_compatible(c, |part| {
        if !is_combining_mark(part) {
            out.extend(iter::once(part).default_case_fold());
        }
    });
}

#[cfg(test)]
mod tests {
    use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

    use super::*;

    /// The definition, word for word.
    fn by_the_book(text: &str) -> String {
        let unmarked = text.nfkd().filter(|c| !is_combining_mark(*c));
        unmarked.default_case_fold().collect()
    }

    #[test]
    fn composed_and_decomposed_text_fold_alike() {
        assert_eq!(fold("Caf\u{e9}"), "cafe");
        assert_eq!(fold("Cafe\u{301}"), "cafe");
    }

    #[test]
    fn case_folding_is_full_and_not_of_one_language() {
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("ẞ"), "ss");
        assert_eq!(fold("İstanbul"), "istanbul");
        assert_eq!(fold("ISPARTA"), "isparta");
        assert_ne!(fold("ı"), "i", "a dotless i is another letter");
        assert_eq!(fold("ΩΣΑΣ"), fold("ωσας"));
    }

    #[test]
    fn compatibility_forms_fold_to_the_ordinary_letters() {
        assert_eq!(fold("ＦＵＬＬ　ｗｉｄｔｈ"), "full width");
        assert_eq!(fold("ﬁle №\u{a0}²"), "file no 2");
        assert_eq!(fold("\u{2126}"), fold("\u{3a9}"), "the ohm sign is an omega");
    }

    #[test]
    fn all_kinds_of_marks_are_removed() {
        assert_eq!(
            fold("a\u{308}\u{20dd}\u{93e}"),
            "a",
            "non-spacing, enclosing and spacing marks"
        );
        assert_eq!(fold("\u{301}\u{308}"), "");
    }

    #[test]
    fn characters_fold_independently_of_each_other() {
        let reordered = |c: &char| canonical_combining_class(*c) != 0;
        assert!(('\0'..=char::MAX).filter(reordered).all(is_combining_mark));
    }

    #[test]
    fn every_character_folds_by_the_book() {
        for c in '\0'..=char::MAX {
            assert_eq!(fold(c.encode_utf8(&mut [0; 4])), by_the_book(&c.to_string()), "{c:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_folds_by_the_book(text in "\\PC{0,20}[a-z\\u{300}-\\u{310}\\u{1e00}-\\u{1eff}]{0,20}") {
            proptest::prop_assert_eq!(fold(&text), by_the_book(&text));
        }
    }
}
