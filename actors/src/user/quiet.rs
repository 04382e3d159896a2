//! Quiet hours: what falls into them is held back until they end.

use punctual_events::{Priority, QuietChanged, QuietHours, Timestamp, UserEvent};

use crate::{
    machine::Decision,
    refusal::Refusal,
    user::{
        command::UserReply,
        sessions::done,
        state::{Profile, UserActor},
    },
    zone::ZoneData,
};

/// Days around an instant whose quiet hours it can be in: they begin on the day before at the earliest, and a zone may skip a day.
const DAYS: std::ops::RangeInclusive<i64> = -2..=1;
/// Quiet hours that can follow each other without a pause, where clocks skip the pause.
const MOST_IN_A_ROW: usize = 4;

/// The quiet hours of a user, where they live.
#[derive(Clone, Copy)]
pub(super) struct Quiet<'a> {
    hours: Option<&'a QuietHours>,
    time_zone: &'a str,
    zones: &'a dyn ZoneData,
}

impl<'a> Quiet<'a> {
    /// Those of a user.
    pub(super) fn of(profile: &'a Profile, zones: &'a dyn ZoneData) -> Self {
        Self {
            hours: profile.quiet_hours.as_ref(),
            time_zone: &profile.time_zone,
            zones,
        }
    }

    /// When something that is due at `at` may come: then, or at the end of the quiet hours it falls into. Later things never come earlier.
    pub(super) fn hold(&self, at: Timestamp, priority: Option<Priority>) -> Timestamp {
        let Some(hours) = self.hours else { return at };
        if priority.is_some_and(|priority| hours.at_once.contains(&priority)) {
            return at;
        }
        let mut free = at;
        for _ in 0..MOST_IN_A_ROW {
            match self.end(hours, free) {
                Some(end) => free = end,
                None => break,
            }
        }
        free
    }

    /// The end of the quiet hours an instant is in.
    fn end(&self, hours: &QuietHours, at: Timestamp) -> Option<Timestamp> {
        let today = self.zones.wall_time(self.time_zone, at)?.date();
        let ends = DAYS.filter_map(|days| {
            let first = today.checked_add_signed(chrono::TimeDelta::days(days))?;
            let last = if hours.until > hours.from {
                first
            } else {
                first.succ_opt()?
            };
            let from = self.zones.resolve(self.time_zone, first.and_time(hours.from.get()))?;
            let until = self.zones.resolve(self.time_zone, last.and_time(hours.until.get()))?;
            (from <= at && at < until).then_some(until)
        });
        ends.max()
    }
}

impl UserActor {
    pub(super) fn change_quiet(&self, hours: Option<&QuietHours>) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        let quiet_hours = hours.cloned().map(validated).transpose()?;
        if quiet_hours == self.profile.quiet_hours {
            return Ok(done(Vec::new()));
        }
        Ok(done(vec![UserEvent::QuietChanged(QuietChanged { quiet_hours })]))
    }
}

/// Quiet hours that leave some of the day.
fn validated(mut hours: QuietHours) -> Result<QuietHours, Refusal> {
    if hours.from == hours.until {
        return Err(Refusal::invalid(
            "quiet_hours",
            "quiet hours begin and end at different times",
        ));
    }
    let mut at_once = std::mem::take(&mut hours.at_once).into_vec();
    at_once.sort_unstable();
    at_once.dedup();
    hours.at_once = at_once.into();
    Ok(hours)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::zone::BundledZones;

    fn profile(from: &str, until: &str, zone: &str) -> Profile {
        Profile {
            quiet_hours: Some(QuietHours {
                at_once: [Priority::Urgent].into(),
                from: from.parse().unwrap(),
                until: until.parse().unwrap(),
            }),
            time_zone: zone.into(),
            ..Profile::default()
        }
    }

    fn hold(profile: &Profile, at: &str) -> String {
        let held = Quiet::of(profile, &BundledZones).hold(at.parse().unwrap(), None);
        held.to_string()
    }

    #[test]
    fn what_falls_into_them_comes_at_their_end() {
        let night = profile("22:00", "07:00", "Europe/Paris");
        for (at, held) in [
            ("2026-11-23T20:59:59.999Z", "2026-11-23T20:59:59.999Z"),
            ("2026-11-23T21:00:00Z", "2026-11-24T06:00:00.000Z"),
            ("2026-11-24T05:59:59.999Z", "2026-11-24T06:00:00.000Z"),
            ("2026-11-24T06:00:00Z", "2026-11-24T06:00:00.000Z"),
        ] {
            assert_eq!(hold(&night, at), held, "{at}");
        }
        let noon = profile("12:00", "13:30", "Europe/Paris");
        assert_eq!(hold(&noon, "2026-11-23T11:30:00Z"), "2026-11-23T12:30:00.000Z");
        assert_eq!(hold(&noon, "2026-11-23T20:00:00Z"), "2026-11-23T20:00:00.000Z");
    }

    #[test]
    fn they_keep_to_the_clocks_on_the_wall() {
        // Forward in the night to 28 March 2027, back in the night to 31 October.
        let night = profile("22:00", "07:00", "Europe/Paris");
        assert_eq!(hold(&night, "2027-03-27T23:00:00Z"), "2027-03-28T05:00:00.000Z");
        assert_eq!(hold(&night, "2027-10-30T23:00:00Z"), "2027-10-31T06:00:00.000Z");
        // An end that is skipped is later by as much; one that is shown twice is the first.
        let odd = profile("22:00", "02:30", "Europe/Paris");
        assert_eq!(hold(&odd, "2027-03-27T23:00:00Z"), "2027-03-28T01:30:00.000Z");
        assert_eq!(hold(&odd, "2027-10-30T23:00:00Z"), "2027-10-31T00:30:00.000Z");
        assert_eq!(
            hold(&odd, "2027-10-31T01:10:00Z"),
            "2027-10-31T01:10:00.000Z",
            "the second 02:10"
        );
    }

    #[test]
    fn a_priority_that_comes_at_once_is_not_held() {
        let night = profile("22:00", "07:00", "Europe/Paris");
        let at = "2026-11-23T23:00:00Z".parse().unwrap();
        let quiet = Quiet::of(&night, &BundledZones);
        assert_eq!(quiet.hold(at, Some(Priority::Urgent)), at);
        assert!(quiet.hold(at, Some(Priority::High)) > at);
    }

    fn time() -> impl Strategy<Value = String> {
        (0..24, prop_oneof![Just(0), Just(30), 0..60]).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"))
    }

    proptest! {
        #[test]
        fn nothing_comes_before_its_instant_nor_before_what_was_due_earlier(
            (from, until) in (time(), time()),
            zone in select(&["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"][..]),
            // 2011, when Apia skipped a day, and 2026 to 2028.
            start in prop_oneof![1_324_000_000_i64..1_326_000_000, 1_770_000_000_i64..1_830_000_000],
            gap_s in 0..100_000_i64,
        ) {
            prop_assume!(from != until);
            let profile = profile(&from, &until, zone);
            let quiet = Quiet::of(&profile, &BundledZones);
            let [first, second] = [start, start + gap_s].map(|second| Timestamp::from_millis(second * 1_000));
            let [held_first, held_second] = [first, second].map(|at| quiet.hold(at, None));
            prop_assert!(first <= held_first && held_first <= held_second, "{} {}", held_first, held_second);
            prop_assert_eq!(quiet.hold(held_first, None), held_first, "it is out of them");
            prop_assert!(held_first.as_millis() - first.as_millis() <= 2 * 86_400_000);
        }

        #[test]
        fn on_a_day_without_a_change_of_clocks_the_wall_says_what_is_held(
            (from, until) in (time(), time()),
            second in 1_800_000_000_i64..1_804_000_000,
        ) {
            prop_assume!(from != until);
            let profile = profile(&from, &until, "Asia/Kathmandu");
            let at = Timestamp::from_millis(second * 1_000);
            let shown = |at| BundledZones.wall_time("Asia/Kathmandu", at).unwrap().format("%H:%M").to_string();
            let wall = shown(at);
            let is_quiet = if from < until { from <= wall && wall < until } else { from <= wall || wall < until };
            let held = Quiet::of(&profile, &BundledZones).hold(at, None);
            prop_assert_eq!(held > at, is_quiet, "{} {} {}", from, wall, until);
            prop_assert!(!is_quiet || shown(held) == until);
        }
    }
}
