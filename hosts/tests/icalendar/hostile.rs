//! Input nobody wrote by hand: nothing panics, nothing grows, one bad item costs one item.

use proptest::prelude::*;
use punctual::icalendar::{MAX_ITEM_BYTES, Piece, Splitter};

use crate::{fixtures, items, items_in_chunks};

const GOOD: &str = "BEGIN:VTODO\r\nUID:good\r\nSUMMARY:Good\r\nEND:VTODO\r\n";

/// What the items between the bad one and the good one after it were refused for.
fn codes(bad: &str) -> Vec<&'static str> {
    let mut items = items(format!("{bad}\r\n{GOOD}").as_bytes());
    let good = items.pop().unwrap();
    assert_eq!(good.draft.unwrap().title, "Good");
    items
        .iter()
        .map(|item| {
            item.draft
                .as_ref()
                .map_or_else(|refused| refused.code.as_str(), |_| "taken")
        })
        .collect()
}

#[test]
fn one_bad_item_costs_one_item() {
    let megabyte = "x".repeat(1 << 20);
    let folded = "x"
        .repeat(70)
        .repeat(1000)
        .as_bytes()
        .chunks(70)
        .map(|part| String::from_utf8_lossy(part) + "\r\n ")
        .collect::<String>();
    let many_lines = "COMMENT:x\n".repeat(MAX_ITEM_BYTES / 10 + 1);
    for (bad, expected) in [
        (format!("BEGIN:VTODO\nSUMMARY:{megabyte}\nEND:VTODO"), "line_too_long"),
        (format!("BEGIN:VTODO\nSUMMARY:{folded}\nEND:VTODO"), "line_too_long"),
        (format!("BEGIN:VTODO\n{many_lines}END:VTODO"), "item_too_large"),
        (
            format!("BEGIN:VTODO\n{}END:VTODO", "BEGIN:X\n".repeat(9)),
            "nesting_too_deep",
        ),
        (
            format!("BEGIN:VTODO\n{}", "BEGIN:X\n".repeat(100_000)),
            "nesting_too_deep",
        ),
        ("BEGIN:VTODO\nSUMMARY:no end".to_owned(), "unterminated"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:no end\nEND:VCALENDAR".to_owned(),
            "unterminated",
        ),
        ("BEGIN:VTODO\nBEGIN:VALARM\nEND:VTODO".to_owned(), "taken"),
        ("BEGIN:VTODO\nEND:VALARM\nEND:VTODO".to_owned(), "taken"),
        (
            format!("BEGIN:VTODO\nATTACH;VALUE=BINARY:{megabyte}\nEND:VTODO"),
            "taken",
        ),
        ("BEGIN:VTODO\nSUMMARY:\0\u{1}\0\nEND:VTODO".to_owned(), "taken"),
    ] {
        assert_eq!(codes(&bad), [expected], "{}", &bad[..bad.len().min(60)]);
    }
}

#[test]
fn an_item_as_large_as_may_be_is_taken_whatever_fills_it() {
    let fill = |line: &str| line.repeat((MAX_ITEM_BYTES - 100) / line.len());
    for filler in [
        "CATEGORIES:a,b\n".to_owned(),
        format!("CATEGORIES:{}\n", ",a".repeat(30_000)),
        "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM\n".to_owned(),
        format!("DUE;TZID=\"{}\":x\n", "/".repeat(60_000)),
        format!("SUMMARY{}:x\n", ";A=\"b\"".repeat(10_000)),
        format!("UID:{}\n", "\\".repeat(60_000)),
        "A:\n".to_owned(),
    ] {
        let items = items(format!("BEGIN:VTODO\n{}END:VTODO\n", fill(&filler)).as_bytes());
        assert_eq!(items.len(), 1);
        assert!(
            items[0]
                .draft
                .as_ref()
                .map_or_else(|refused| refused.code.as_str(), |_| "taken")
                != "item_too_large"
        );
    }
}

#[test]
fn a_refused_item_is_reported_by_its_uid_where_that_came_first() {
    let bad = format!(
        "BEGIN:VTODO\nUID:big\nSUMMARY:Big one\nCOMMENT:{}\nEND:VTODO",
        "x".repeat(100_000)
    );
    let item = items(bad.as_bytes()).remove(0);
    assert_eq!(
        (item.uid.as_deref(), item.summary_for_report.as_deref()),
        (Some("big"), Some("Big one"))
    );
}

#[test]
fn an_end_of_stream_without_line_break_completes_the_item() {
    assert_eq!(items(GOOD.trim_end().as_bytes()).len(), 1);
    let cut_off = items(b"BEGIN:VTODO\nUID:1\nBEGIN:VTODO");
    assert_eq!(cut_off.len(), 2);
    assert!(
        cut_off
            .iter()
            .all(|item| item.draft.as_ref().unwrap_err().code.as_str() == "unterminated")
    );
}

#[test]
fn byte_order_marks_and_either_line_break_are_read() {
    let calendar =
        format!("\u{feff}BEGIN:VTODO\nSUMMARY:a\nEND:VTODO\n\u{feff}{GOOD}begin:vtodo \r\r\nsummary:c\r\r\nend:vtodo");
    let titles: Vec<_> = items(calendar.as_bytes())
        .into_iter()
        .map(|item| item.draft.unwrap().title)
        .collect();
    assert_eq!(titles, ["a", "Good", "c"]);
}

#[test]
fn a_fold_inside_a_character_is_undone_before_it_is_decoded() {
    let item = items(b"BEGIN:VTODO\r\nSUMM\r\n ARY:Caf\xc3\r\n\t\xa9\r\nEND:VTODO\r\n").remove(0);
    assert_eq!(item.draft.unwrap().title, "Café");
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_with_a_note() {
    let item = items(b"BEGIN:VTODO\nSUMMARY:Caf\xe9\nEND:VTODO\n").remove(0);
    assert_eq!(item.draft.unwrap().title, "Caf\u{fffd}");
    assert_eq!(item.notes, ["bytes that are not UTF-8 were replaced"]);
}

#[test]
fn sixteen_megabytes_of_anything_hold_less_than_one() {
    let noise = [
        "x".repeat(1 << 16),
        "BEGIN:VTODO\nSUMMARY:".to_owned() + &"x".repeat(1 << 16),
        "BEGIN:VTODO\n".to_owned() + &"COMMENT:x\n".repeat(6000),
        "BEGIN:VTIMEZONE\n".to_owned() + &"TZNAME:x\n".repeat(6000),
        "BEGIN:X\n".repeat(8000),
        "x\n ".repeat(20_000),
    ];
    for chunk in &noise {
        let mut splitter = Splitter::default();
        for _ in 0..(16 << 20) / chunk.len() / noise.len() {
            let mut rest = chunk.as_bytes();
            while splitter.next_piece(&mut rest).is_some() {}
            assert!(splitter.held_bytes() < 1 << 20, "{}", splitter.held_bytes());
        }
        let last = splitter.finish();
        assert!(last.is_none_or(|piece| matches!(piece, Piece::Refused { text, .. } if text.len() <= MAX_ITEM_BYTES)));
    }
}

/// Lines that mean something, so that random files get further than the first byte.
fn line() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "BEGIN:VTODO",
        "END:VTODO",
        "BEGIN:VALARM",
        "END:VALARM",
        "BEGIN:VTIMEZONE",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:X",
        "END:X",
        "BEGIN:",
        " folded",
        "\tfolded",
        "",
        "TZID:Mine",
        "DUE;TZID=Mine:20261201T090000",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261201",
    ]);
    let property = prop::sample::select(vec![
        "SUMMARY",
        "UID",
        "DESCRIPTION;ENCODING=QUOTED-PRINTABLE",
        "SUMMARY;ENCODING=BASE64",
        "DUE",
        "DTSTART;TZID=Mine",
        "DTSTART",
        "DURATION",
        "TRIGGER",
        "TRIGGER;VALUE=DATE-TIME",
        "RRULE",
        "RRULE;VALUE=RECUR",
        "EXDATE",
        "CATEGORIES",
        "STATUS",
        "PRIORITY",
        "COMPLETED",
        "PERCENT-COMPLETE",
        "RECURRENCE-ID",
        "TZID",
        "TZOFFSETTO",
        "X-LIC-LOCATION",
        "ATTACH",
        "GEO",
        "DUE;VALUE=PERIOD",
        "SUMMARY;LANGUAGE=\"",
    ]);
    let value = prop_oneof![
        "\\PC{0,40}",
        "[0-9TZPWDHMS+-]{0,24}",
        "-?P[0-9]{1,12}[WD](T[0-9]{1,12}[HMS])?",
        "[0-9]{8}T[0-9]{6}Z?",
        "(FREQ|COUNT|UNTIL|BYDAY|INTERVAL)=[A-Z0-9,;=-]{0,40}",
        "[\\\\,;:=\"\\x00-\\x1f]{0,20}",
    ];
    prop_oneof![2 => known.prop_map(str::to_owned), 3 => (property, value).prop_map(|(name, value)| format!("{name}:{value}"))]
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let breaks = prop::sample::select(vec!["\n", "\r\n", "\r\n ", "\r"]);
    let lines = prop::collection::vec((line(), breaks), 0..40);
    let lines = lines.prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(line, end)| [line, end.to_owned()])
            .collect::<String>()
    });
    prop_oneof![4 => lines.prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..2000)]
}

/// `bytes` in pieces that end at `cuts`, taken modulo its length.
fn chunks<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts
        .iter()
        .map(|cut| cut % (bytes.len() + 1))
        .chain([0, bytes.len()])
        .collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics_and_what_is_taken_is_within_the_limits(bytes in file()) {
        for item in items(&bytes) {
            if let Ok(draft) = item.draft {
                prop_assert!((1..=500).contains(&draft.title.chars().count()));
                prop_assert!(!draft.title.contains(char::is_control));
                prop_assert!(draft.tags.len() <= 50 && draft.reminders.len() <= 20);
                prop_assert!(draft.tags.iter().all(|tag| (1..=64).contains(&tag.chars().count())));
            }
        }
    }

    #[test]
    fn however_the_bytes_are_chunked_the_items_are_the_same(bytes in file(), cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        prop_assert_eq!(items_in_chunks(chunks(&bytes, &cuts)), items(&bytes));
    }

    #[test]
    fn however_a_real_file_is_chunked_the_items_are_the_same(which: prop::sample::Index, cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let files = fixtures::small();
        let bytes = &files[which.index(files.len())];
        prop_assert_eq!(items_in_chunks(chunks(bytes, &cuts)), items(bytes));
    }
}

#[test]
fn byte_by_byte_the_items_are_the_same() {
    for bytes in fixtures::small() {
        assert_eq!(items_in_chunks(bytes.chunks(1)), items(&bytes));
    }
}
