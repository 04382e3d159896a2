//! The steps random lives are made of.

use proptest::{collection::vec, prelude::*, sample::select};

/// What happens in a life. Tasks, reminders and notifications are counted around the end.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Create {
        due: Option<Due>,
        start: Option<Due>,
        reminders: Vec<Remind>,
    },
    MoveDue(u8, Option<Due>),
    MoveStart(u8, Option<Due>),
    /// The reminders it has, but for those whose bit is not set, and these.
    Reminders(u8, u8, Vec<Remind>),
    Rename(u8),
    Complete(u8),
    Reopen(u8),
    Delete(u8),
    Dismiss(u8),
    Snooze(u8, i64),
    Travel(&'static str),
    Quiet(Option<(&'static str, &'static str)>),
    Prioritise(u8, Option<&'static str>),
    /// Time passes, with somebody to wake the actor or, in an outage, without.
    Advance {
        seconds: i64,
        outage: bool,
    },
}

/// A day, or a time on it in a zone or, where that is [`FLOATING`], where the user is, so many minutes from now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) in_minutes: i64,
    pub(super) zone: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Remind {
    pub(super) when: When,
    pub(super) repeat: Option<(i64, u16)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    InMinutes(i64),
    BeforeDue(&'static str),
    BeforeStart(&'static str),
    /// At a time of the day, or so many days before, of the due or the start.
    OnDay(&'static str, Option<&'static str>, &'static str),
}

pub(super) const FLOATING: &str = "floating";
const ZONES: [&str; 5] = [
    "Europe/Paris",
    "America/New_York",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Pacific/Apia",
];
const OFFSETS: [&str; 6] = ["PT0S", "PT15M", "PT5H", "P1D", "P1DT30M", "-PT10M"];

fn due() -> impl Strategy<Value = Due> {
    let zone = prop_oneof![3 => select(&ZONES[..]), 2 => Just(FLOATING)];
    (-3_000..6_000_i64, prop::option::of(zone)).prop_map(|(in_minutes, zone)| Due { in_minutes, zone })
}

fn remind() -> impl Strategy<Value = Remind> {
    let when = prop_oneof![
        (-2..3_000_i64).prop_map(When::InMinutes),
        select(&OFFSETS[..]).prop_map(When::BeforeDue),
        select(&OFFSETS[..]).prop_map(When::BeforeStart),
        (
            // Clocks show half past one twice on one of the days, and skip half past two where they go forward.
            select(&["08:30", "01:30", "02:30", "23:59"][..]),
            prop::option::of(select(&["P1D", "P2D", "-P1D"][..])),
            select(&["due", "start"][..]),
        )
            .prop_map(|(time, before, related)| When::OnDay(time, before, related)),
    ];
    let repeat = prop::option::of((1..300_i64, 1..4_u16));
    (when, repeat).prop_map(|(when, repeat)| Remind { when, repeat })
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let reminders = || vec(remind(), 0..4);
    let due = || prop::option::of(due());
    prop_oneof![
        3 => (due(), due(), reminders()).prop_map(|(due, start, reminders)| Step::Create { due, start, reminders }),
        2 => (any::<u8>(), due()).prop_map(|(task, due)| Step::MoveDue(task, due)),
        1 => (any::<u8>(), due()).prop_map(|(task, due)| Step::MoveStart(task, due)),
        2 => (any::<u8>(), any::<u8>(), reminders()).prop_map(|(task, kept, new)| Step::Reminders(task, kept, new)),
        1 => any::<u8>().prop_map(Step::Rename),
        1 => any::<u8>().prop_map(Step::Complete),
        2 => any::<u8>().prop_map(Step::Reopen),
        1 => any::<u8>().prop_map(Step::Delete),
        2 => any::<u8>().prop_map(Step::Dismiss),
        3 => (any::<u8>(), 1..3_000_i64).prop_map(|(which, minutes)| Step::Snooze(which, minutes)),
        1 => select(&ZONES[..]).prop_map(Step::Travel),
        2 => prop::option::of(select(&[("22:00", "07:00"), ("02:30", "12:00"), ("09:00", "08:30")][..])).prop_map(Step::Quiet),
        1 => (any::<u8>(), prop::option::of(select(&["low", "urgent"][..])))
            .prop_map(|(task, priority)| Step::Prioritise(task, priority)),
        6 => (prop_oneof![0..120_i64, 0..100_000_i64], any::<bool>())
            .prop_map(|(seconds, outage)| Step::Advance { seconds, outage }),
    ]
}
