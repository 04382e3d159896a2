//! Whatever the text.

use proptest::prelude::*;

use super::*;

/// Words that phrases are made of, in any order: deeper into the grammar than characters get.
fn words() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "every",
        "every!",
        "other",
        "1st",
        "2nd",
        "last",
        "to the last",
        "fri",
        "tuesdays",
        "weekday",
        "workdays",
        "and",
        ",",
        "of",
        "in",
        "the",
        "month",
        "may",
        "31",
        "2027",
        "at",
        "8",
        "8:30",
        "pm",
        "until",
        "starting",
        "from",
        "for",
        "3",
        "weeks",
        "twice",
        "except",
        "on",
        "remind me",
        "nag every",
        "the day before at",
        "at most",
        "until done",
        "before",
        "christmas",
        "next",
        "this",
        "week",
        "12",
        "day",
        "a",
        "hour",
        "#tag",
        "@list",
        "!high",
        "p1",
        "\\",
        "\"",
        "-",
        ":",
        "(",
        ")",
        "é",
        "🎉",
        "end",
        "tomorrow",
        "daily",
        "99999999999",
        "1/2",
        "tonight",
        "mornings",
        "evening",
        "monday week",
        "and a half",
        ".5",
        "9.30",
        "mon/wed",
        "mwf",
        "noon",
        "am",
        "17h",
        "h30",
        "14.50",
        "6",
        "midnight",
        "business days",
        "from now",
        "to",
    ];
    proptest::collection::vec(
        (proptest::sample::select(WORDS), prop_oneof![Just(" "), Just("")]),
        0..40,
    )
    .prop_map(|pairs| pairs.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let reading = reading(text);
    let chars: Vec<char> = text.chars().collect();
    let mut last = 0;
    for span in &reading.understood {
        prop_assert!(last <= span.start && span.start < span.end && span.end <= chars.len());
        prop_assert_eq!(&chars[span.start..span.end].iter().collect::<String>(), &span.text);
        last = span.end;
    }
    prop_assert_eq!(reading.draft.title.trim(), &*reading.draft.title);
    prop_assert!(!reading.draft.title.chars().any(char::is_control));
    if let Some(recurrence) = &reading.draft.recurrence {
        let rule = crate::recurrence::Rule::parse(&recurrence.rrule);
        prop_assert!(
            !matches!(rule, Err(crate::recurrence::RuleError::Malformed { .. })),
            "{}",
            recurrence.rrule
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn never_panics_and_spans_lie_in_it_in_order(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn made_of_our_words_never_panics_and_is_only_ever_a_rule_of_rfc_5545(text in words()) {
        check(&text)?;
    }
}
