//! What each property of a to-do becomes.

use punctual::icalendar::{DraftMoment, DraftReminder, ImportDraft};
use punctual_events::{Priority, ReminderTime};

use crate::{draft, items, refused, todo};

fn written(moment: Option<&DraftMoment>) -> String {
    match moment {
        None => "none".to_owned(),
        Some(DraftMoment::Day { date }) => date.to_string(),
        Some(DraftMoment::Time {
            at,
            floating: true,
            time_zone,
        }) => format!("{at} floating, {time_zone}"),
        Some(DraftMoment::Time { at, time_zone, .. }) => format!("{at} {time_zone}"),
    }
}

fn due(lines: &str) -> String {
    written(draft(lines).due.as_ref())
}

fn reminders(lines: &str) -> Vec<String> {
    written_reminders(&draft(lines))
}

fn written_reminders(draft: &ImportDraft) -> Vec<String> {
    let written = |reminder: &DraftReminder| {
        let nags = reminder
            .repeat
            .map(|repeat| format!(" x{} {}", repeat.times, repeat.every));
        let when = match reminder.time {
            ReminderTime::At(at) => at.to_string(),
            ReminderTime::Before(before) => before.to_string(),
            ReminderTime::BeforeStart(before) => format!("start {before}"),
            ReminderTime::OnDay(on) => format!("{on:?}"),
        };
        when + &nags.unwrap_or_default()
    };
    draft.reminders.iter().map(written).collect()
}

#[test]
fn an_ordinary_to_do_is_taken_whole() {
    let lines = "UID:1@example.com\nSUMMARY:Water\\, then prune\nDESCRIPTION:One\\nTwo\nPRIORITY:1\nCATEGORIES:home,garden\n\
                 CATEGORIES:home\nDTSTART;VALUE=DATE:20261201\nDUE;TZID=America/New_York:20261202T090000\nRRULE:FREQ=WEEKLY;BYDAY=we;";
    let item = todo(lines);
    assert_eq!((item.uid.as_deref(), item.notes.len()), (Some("1@example.com"), 0));
    let draft = item.draft.unwrap();
    assert_eq!(draft.title, "Water, then prune");
    assert_eq!(draft.description.as_deref(), Some("One\nTwo"));
    assert_eq!(draft.priority, Some(Priority::Urgent));
    assert_eq!(draft.tags, ["home", "garden"]);
    assert_eq!(written(draft.start.as_ref()), "2026-12-01");
    assert_eq!(written(draft.due.as_ref()), "2026-12-02T09:00:00 America/New_York");
    assert_eq!(&*draft.recurrence.unwrap().rrule, "FREQ=WEEKLY;BYDAY=WE");
    assert!(!draft.status_done);
}

#[test]
fn a_to_do_without_summary_is_named_after_its_description() {
    let title = |lines: &str| draft(lines).title;
    assert_eq!(title("DESCRIPTION:Call\\nsoon"), "Call");
    assert_eq!(title("SUMMARY:\nUID:1"), "(untitled)");
    assert_eq!(title("SUMMARY: \\n \nDESCRIPTION:Call"), "Call");
}

#[test]
fn status_decides_and_without_it_completed_or_a_hundred_percent_do() {
    for (lines, done) in [
        ("STATUS:COMPLETED", true),
        ("STATUS:NEEDS-ACTION\nCOMPLETED:20260101T090000Z", false),
        ("STATUS:NEEDS ACTION", false),
        ("COMPLETED:20260101T090000Z", true),
        ("PERCENT-COMPLETE:100", true),
        ("PERCENT-COMPLETE:99", false),
        ("SUMMARY:x", false),
    ] {
        assert_eq!(draft(lines).status_done, done, "{lines}");
    }
    let completed = draft("STATUS:COMPLETED\nCOMPLETED:20260101T090000Z").completed.unwrap();
    assert_eq!(completed.to_string(), "2026-01-01T09:00:00.000Z");
    assert_eq!(draft("STATUS:COMPLETED\nCOMPLETED:yesterday").completed, None);
    assert_eq!(refused("STATUS:CANCELLED").code.as_str(), "cancelled");
    let one = draft("RECURRENCE-ID:20261201T140000Z\nSTATUS:CANCELLED");
    assert!(one.cancelled && !one.status_done, "one occurrence is skipped");
}

#[test]
fn priorities_follow_rfc_5545() {
    let expected = [
        None,
        Some(Priority::Urgent),
        Some(Priority::High),
        Some(Priority::High),
        Some(Priority::High),
        Some(Priority::Medium),
        Some(Priority::Low),
        Some(Priority::Low),
        Some(Priority::Low),
        Some(Priority::Low),
        None,
    ];
    for (number, expected) in expected.into_iter().enumerate() {
        assert_eq!(draft(&format!("PRIORITY:{number}")).priority, expected, "{number}");
    }
}

#[test]
fn times_keep_their_wall_time_and_get_an_iana_zone() {
    for (property, expected) in [
        ("DUE;VALUE=DATE:20261201", "2026-12-01"),
        ("DUE:20261201", "2026-12-01"),
        ("DUE:20261201T090000Z", "2026-12-01T09:00:00 Etc/UTC"),
        ("DUE:20261201T090000", "2026-12-01T09:00:00 floating, Europe/Paris"),
        (
            "DUE;TZID=W. Europe Standard Time:20261201T090000",
            "2026-12-01T09:00:00 Europe/Berlin",
        ),
        (
            "DUE;TZID=\"US/Pacific\":20261201T090000",
            "2026-12-01T09:00:00 US/Pacific",
        ),
        ("DUE:20261201T090000+0100", "2026-12-01T08:00:00 Etc/UTC"),
        ("DUE:20161231T235960Z", "2016-12-31T23:59:59 Etc/UTC"),
        ("DUE:", "none"),
    ] {
        assert_eq!(due(property), expected, "{property}");
    }
    for (property, code) in [
        ("DUE;TZID=Nowhere:20261201T090000", "unknown_time_zone"),
        ("DUE:20261301", "date_invalid"),
        ("DUE:00000101", "date_invalid"),
        ("DUE:tomorrow", "date_invalid"),
        ("DTSTART:999999999999999999999", "date_invalid"),
        ("DTSTART:20261201\nDURATION:-P1D", "date_invalid"),
        ("DTSTART:99991231\nDURATION:P4294967295W", "date_invalid"),
        ("DTSTART:99991231T235959\nDURATION:P1D", "date_invalid"),
    ] {
        assert_eq!(refused(property).code.as_str(), code, "{property}");
    }
}

#[test]
fn a_zone_is_known_by_the_definition_before_the_item() {
    let calendar = "BEGIN:VTIMEZONE\nTZID:Mine\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n\
                    BEGIN:VTODO\nDUE;TZID=Mine:20261201T090000\nEND:VTODO\n";
    let draft = items(calendar.as_bytes()).remove(0).draft.unwrap();
    assert_eq!(written(draft.due.as_ref()), "2026-12-01T09:00:00 Asia/Tokyo");
}

#[test]
fn a_start_and_a_duration_make_a_due() {
    for (lines, expected) in [
        ("DTSTART;VALUE=DATE:20261201\nDURATION:P1D", "2026-12-01"),
        ("DTSTART;VALUE=DATE:20261201\nDURATION:P1W", "2026-12-07"),
        (
            "DTSTART:20261201T090000Z\nDURATION:PT90M",
            "2026-12-01T10:30:00 Etc/UTC",
        ),
        // Over the change to summer time: a day is a day of the calendar, 24 hours are not.
        (
            "DTSTART:20260328T120000\nDURATION:P1D",
            "2026-03-29T12:00:00 floating, Europe/Paris",
        ),
        (
            "DTSTART:20260328T120000\nDURATION:PT24H",
            "2026-03-29T13:00:00 floating, Europe/Paris",
        ),
        ("DTSTART:20261201\nDURATION:P1W\nDUE:20261203", "2026-12-03"),
        ("DURATION:P1D", "none"),
    ] {
        assert_eq!(due(lines), expected, "{lines}");
    }
}

#[test]
fn alarms_become_offsets_before_the_due_or_instants() {
    let alarm = |trigger: &str| format!("BEGIN:VALARM\nACTION:DISPLAY\n{trigger}\nEND:VALARM\n");
    let due = "DUE:20261201T090000Z\n";
    let start = "DTSTART:20261201T080000Z\n";
    for (lines, trigger, expected) in [
        (due.to_owned(), "TRIGGER:-PT15M", "PT15M"),
        (due.to_owned(), "TRIGGER;RELATED=END:PT10M", "-PT10M"),
        (start.to_owned() + due, "TRIGGER:-PT15M", "PT1H15M"),
        (start.to_owned() + due, "TRIGGER;RELATED=END:-PT15M", "PT15M"),
        (start.to_owned(), "TRIGGER:-PT15M", "start PT15M"),
        (start.to_owned(), "TRIGGER;RELATED=END:-PT15M", "start PT15M"),
        (due.to_owned(), "TRIGGER:-P1D", "P1D"),
        (due.to_owned(), "TRIGGER:-PT24H", "PT24H"),
        // Clocks go forward on 28 March 2027: the day before, and eight hours more.
        ("DUE:20270328\n".to_owned(), "TRIGGER:-P1DT1H", "P1DT10H"),
        ("DUE:20270329\nDTSTART:20270326\n".to_owned(), "TRIGGER:PT9H", "P3D"),
        // Relative to the first instant of the day in the file, to 09:00 in a task: 18:00 of the day before is the same instant.
        ("DUE:20261201\n".to_owned(), "TRIGGER:-PT6H", "PT15H"),
        ("DUE:20261201\n".to_owned(), "TRIGGER:PT9H", "PT0S"),
        (
            due.to_owned(),
            "TRIGGER;VALUE=DATE-TIME:20261130T120000Z",
            "2026-11-30T12:00:00.000Z",
        ),
        (String::new(), "TRIGGER:20261130T120000", "2026-11-30T11:00:00.000Z"),
        (due.to_owned(), "TRIGGER:-P5000D", "2013-03-24T09:00:00.000Z"),
    ] {
        assert_eq!(
            reminders(&(lines.clone() + &alarm(trigger))),
            [expected],
            "{lines}{trigger}"
        );
    }
    let none: [&str; 0] = [];
    assert_eq!(reminders(&alarm("TRIGGER:-PT15M")), none);
    assert_eq!(reminders(&alarm("TRIGGER:soon")), none);
    assert_eq!(
        reminders(&alarm(
            "TRIGGER;VALUE=DATE-TIME:19760401T005545Z\nX-APPLE-PROXIMITY:ARRIVE"
        )),
        none
    );
    assert_eq!(
        reminders(&format!("{due}BEGIN:VALARM\nACTION:NONE\nTRIGGER:PT0S\nEND:VALARM")),
        none
    );
}

#[test]
fn an_alarm_that_repeats_nags() {
    let item = |lines: &str| {
        todo(&format!(
            "DUE:20261201T090000Z\nBEGIN:VALARM\nTRIGGER:-PT15M\n{lines}\nEND:VALARM\n"
        ))
    };
    for (lines, expected) in [
        ("REPEAT:4\nDURATION:PT5M", "PT15M x4 PT5M"),
        ("DURATION:PT24H\nREPEAT:1", "PT15M x1 PT24H"),
        ("DURATION:P1D\nREPEAT:1", "PT15M x1 PT24H"),
        ("REPEAT:0\nDURATION:PT5M", "PT15M"),
        // Of two alarms at one time the one that repeats.
        (
            "END:VALARM\nBEGIN:VALARM\nTRIGGER:-PT15M\nREPEAT:2\nDURATION:PT1H",
            "PT15M x2 PT1H",
        ),
    ] {
        let item = item(lines);
        assert_eq!(item.notes, [""; 0], "{lines}");
        assert_eq!(written_reminders(&item.draft.unwrap()), [expected], "{lines}");
    }
    let often = "an alarm rings once, as it cannot repeat more than once a minute or less than once in 24 hours";
    for (lines, expected, note) in [
        ("REPEAT:4\nDURATION:PT59S", "PT15M", often),
        ("REPEAT:4\nDURATION:P1DT1S", "PT15M", often),
        (
            "REPEAT:101\nDURATION:PT5M",
            "PT15M x100 PT5M",
            "an alarm repeats 100 times at most",
        ),
        (
            "REPEAT:4",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "REPEAT:4\nDURATION:-PT5M",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "REPEAT:-4\nDURATION:PT5M",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "REPEAT:often\nDURATION:PT5M",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "REPEAT:\nDURATION:PT5M",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "REPEAT:4\nDURATION:a while",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
        (
            "DURATION:PT5M",
            "PT15M",
            "an alarm rings once, as nothing says how often it repeats",
        ),
    ] {
        let item = item(lines);
        assert_eq!(item.notes, [note], "{lines}");
        assert_eq!(written_reminders(&item.draft.unwrap()), [expected], "{lines}");
    }
}

#[test]
fn twenty_different_reminders_are_kept() {
    let alarm = |minutes: u32| format!("BEGIN:VALARM\nTRIGGER:-PT{minutes}M\nREPEAT:2\nEND:VALARM\n");
    let alarms: String = (0..25).chain(0..25).map(alarm).collect();
    let item = todo(&format!("DUE:20261201T090000Z\n{alarms}"));
    assert_eq!(item.draft.unwrap().reminders.len(), 20);
    assert_eq!(
        item.notes,
        [
            "an alarm rings once, as nothing says how often it repeats",
            "alarms left out, as a task has 20 reminders at most: 10"
        ]
    );
}

#[test]
fn recurrences_beyond_one_rule_are_refused() {
    for extra in [
        "RDATE;VALUE=PERIOD:20261209T090000Z/PT1H",
        "EXRULE:FREQ=YEARLY",
        "RRULE:FREQ=DAILY",
    ] {
        let refused = refused(&format!("DUE:20261201T090000Z\nRRULE:FREQ=WEEKLY\n{extra}"));
        assert_eq!(refused.code.as_str(), "recurrence_unsupported", "{extra}");
    }
    let rrule = format!("RRULE:FREQ=DAILY;BYMONTHDAY={}", "1,".repeat(10_000));
    assert_eq!(refused(&rrule).code.as_str(), "recurrence_unsupported");
}

/// The recurrence of an item with these lines: rule, added dates, dates taken away.
fn recurrence(lines: &str) -> (String, Vec<String>, Vec<String>) {
    let recurrence = draft(lines).recurrence.unwrap();
    let [rdate, exdate] =
        [&recurrence.rdate, &recurrence.exdate].map(|dates| dates.iter().map(ToString::to_string).collect());
    (recurrence.rrule.into(), rdate, exdate)
}

#[test]
fn dates_added_and_taken_away_are_wall_times_of_the_due() {
    let paris = "DUE;TZID=Europe/Paris:20261201T090000\nRRULE:FREQ=WEEKLY";
    let lines = "EXDATE;TZID=Europe/Paris:20261208T090000,20261215T090000\nEXDATE:20261222T080000Z\nRDATE;TZID=America/New_York:20261203T030000";
    let (rule, rdate, exdate) = recurrence(&format!("{paris}\n{lines}"));
    assert_eq!((&*rule, rdate), ("FREQ=WEEKLY", vec!["2026-12-03T09:00:00".to_owned()]));
    assert_eq!(
        exdate,
        ["2026-12-08T09:00:00", "2026-12-15T09:00:00", "2026-12-22T09:00:00"]
    );
    let all_day = "DUE;VALUE=DATE:20261201\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20261203";
    assert_eq!(recurrence(all_day).2, ["2026-12-03"]);
}

#[test]
fn dates_of_the_start_move_along_to_the_due() {
    let lines = "DTSTART:20261201T090000Z\nDUE:20261202T100000Z\nRRULE:FREQ=WEEKLY\nEXDATE:20261208T090000Z";
    assert_eq!(recurrence(lines).2, ["2026-12-09T10:00:00"]);
}

#[test]
fn dates_without_a_rule_are_a_rule_that_happens_once_and_the_dates() {
    let (rule, rdate, _) = recurrence("DUE:20261201T090000Z\nRDATE:20261205T090000Z,20261224T180000Z");
    assert_eq!(rule, "FREQ=DAILY;COUNT=1");
    assert_eq!(rdate, ["2026-12-05T09:00:00", "2026-12-24T18:00:00"]);
    assert!(
        draft("DUE:20261201T090000Z\nEXDATE:20261205T090000Z")
            .recurrence
            .is_none()
    );
}

#[test]
fn a_day_taken_away_from_times_is_refused() {
    let lines = "DUE:20261201T090000Z\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20261203";
    assert_eq!(refused(lines).code.as_str(), "date_invalid");
    let lines = format!(
        "DUE:20261201T090000Z\nRRULE:FREQ=DAILY\nEXDATE:{}20261203T090000Z",
        "20261202T090000Z,".repeat(366)
    );
    assert_eq!(refused(&lines).code.as_str(), "recurrence_unsupported");
}

#[test]
fn a_rule_is_passed_on_with_the_parts_nobody_knows() {
    let rrule = draft("DUE:20261201\nRRULE:FREQ=WEEKLY; X-NEW=1;BYDAY=MO")
        .recurrence
        .unwrap()
        .rrule;
    assert_eq!(&*rrule, "FREQ=WEEKLY;X-NEW=1;BYDAY=MO");
}

#[test]
fn a_done_to_do_does_not_go_on_recurring() {
    let item = todo("STATUS:COMPLETED\nRRULE:FREQ=WEEKLY\nEXDATE:20261208T090000Z");
    assert_eq!(item.notes, ["its recurrence was left out, as it is done"]);
    assert_eq!(item.draft.unwrap().recurrence, None);
}

#[test]
fn one_recurrence_id_in_many_forms_is_one() {
    let id = |property: &str| todo(&format!("UID:1\n{property}")).recurrence_id;
    let instant = Some("2026-12-01T14:00:00.000Z".to_owned());
    assert_eq!(id("RECURRENCE-ID:20261201T140000Z"), instant);
    assert_eq!(id("RECURRENCE-ID;TZID=America/New_York:20261201T090000"), instant);
    assert_eq!(id("RECURRENCE-ID;VALUE=DATE:20261201").as_deref(), Some("2026-12-01"));
    assert_eq!(
        id("RECURRENCE-ID:20261201T090000").as_deref(),
        Some("2026-12-01T09:00:00")
    );
    assert_eq!(
        id("RECURRENCE-ID;TZID=Nowhere:20261201T090000").as_deref(),
        Some("20261201T090000")
    );
    assert_eq!(id("SUMMARY:x"), None);
}

#[test]
fn control_characters_that_are_taken_out_are_noted() {
    let item = todo("SUMMARY:Buy\0 milk\nDESCRIPTION:first\\nsecond\tthird\nCATEGORIES:a,b\u{7f}");
    let expected = ["SUMMARY", "CATEGORIES"].map(|name| format!("control characters were taken out of {name}"));
    assert_eq!(item.notes, expected);
    assert_eq!(&*item.draft.unwrap().title, "Buy milk");
}

#[test]
fn what_a_task_has_no_place_for_is_noted() {
    let item = todo(
        "SUMMARY:x\nLOCATION:Here\nURL:https://example.com/\nPERCENT-COMPLETE:40\nDTSTAMP:20260101T000000Z\n\
         ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\nX-FOO:bar\nBEGIN:VLOCATION\nNAME:Here\nEND:VLOCATION",
    );
    assert_eq!(
        item.notes,
        ["left out: LOCATION, URL, PERCENT-COMPLETE, ATTACH, VLOCATION"]
    );
}

#[test]
fn long_texts_are_cut_to_the_limits_of_a_task() {
    let (title, tag, description) = ("ä".repeat(501), "t".repeat(65), "d".repeat(16_385));
    let tags: String = (0..60).map(|n| format!(",{n}")).collect();
    let lines = format!("SUMMARY:{title}\nCATEGORIES:{tag}{tags}\nDESCRIPTION:{description}");
    let item = todo(&lines);
    assert_eq!(item.notes.len(), 4, "{:?}", item.notes);
    assert_eq!(item.summary_for_report.unwrap().chars().count(), 80);
    let ImportDraft {
        title,
        tags,
        description,
        ..
    } = item.draft.unwrap();
    assert_eq!(title.chars().count(), 500);
    assert_eq!((tags.len(), tags[0].len()), (50, 64));
    assert_eq!(description.unwrap().len(), 16_384);
    assert_eq!(
        refused(&format!("UID:{}", "u".repeat(256))).code.as_str(),
        "uid_too_long"
    );
}

#[test]
fn quoted_printable_of_vcalendar_1_0_is_decoded() {
    let lines = "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Caf=C3=A9 =\nau lait";
    assert_eq!(draft(lines).title, "Café au lait");
}

#[test]
fn what_may_be_there_once_and_is_there_twice_and_a_priority_that_is_none_are_said() {
    let item = todo("SUMMARY:a\nDUE:20270101T090000Z\nDUE:20270201T090000Z\nPRIORITY:99");
    assert_eq!(item.notes, ["left out: PRIORITY", "of several DUE the first counts"]);
    assert_eq!(item.draft.unwrap().due, draft("DUE:20270101T090000Z").due);
    assert_eq!(todo("SUMMARY:a\nPRIORITY:0").notes, [""; 0]);
}

#[test]
fn lines_may_end_with_a_carriage_return_alone() {
    let file = "BEGIN:VCALENDAR\rBEGIN:VTODO\rUID:1\rSUMMARY:Sow\r  it\rEND:VTODO\rEND:VCALENDAR\r";
    let titles: Vec<_> = items(file.as_bytes())
        .into_iter()
        .map(|item| item.draft.unwrap().title)
        .collect();
    assert_eq!(titles, ["Sow it"]);
}
