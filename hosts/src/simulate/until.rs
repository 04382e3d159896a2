//! How far a simulation goes.

use std::str::FromStr;

use chrono::{Days, NaiveDate};
use punctual_actors::zone::ZoneData;
use punctual_events::Timestamp;

/// The zone in which a day ends last.
const LAST_ZONE: &str = "Etc/GMT+12";

/// The end of a simulation: a day, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To the end of this day, in the zone of each user.
    Day(NaiveDate),
    /// To this instant, and what comes at it.
    Instant(Timestamp),
}

impl Until {
    /// The last instant, for a user who lives in `zone`.
    #[must_use]
    pub fn end(self, zone: &str, zones: &dyn ZoneData) -> Timestamp {
        match self {
            Self::Instant(instant) => instant,
            Self::Day(date) => date
                .checked_add_days(Days::new(1))
                .and_then(|next| zones.day_start(zone, next).or_else(|| zones.day_start("UTC", next)))
                .map_or(Timestamp::MAX, |next| next.plus_millis(-1)),
        }
    }

    /// True when it is over everywhere.
    #[must_use]
    pub fn is_past(self, now: Timestamp, zones: &dyn ZoneData) -> bool {
        self.end(LAST_ZONE, zones) < now
    }
}

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        // Years of four digits, as instants have.
        let day = text.parse::<NaiveDate>().ok().filter(|_| text.len() == 10);
        day.map(Self::Day)
            .ok_or("neither a day, 2027-12-31, nor an instant, 2027-12-31T18:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use punctual_actors::zone::BundledZones;

    use super::*;

    fn end(until: &str, zone: &str) -> String {
        until.parse::<Until>().unwrap().end(zone, &BundledZones).to_string()
    }

    #[test]
    fn a_day_ends_where_the_user_is_and_an_instant_is_one_everywhere() {
        assert_eq!(end("2027-03-28", "Europe/Paris"), "2027-03-28T21:59:59.999Z");
        assert_eq!(end("2027-03-28", "Pacific/Kiritimati"), "2027-03-28T09:59:59.999Z");
        assert_eq!(
            end("2027-03-28T12:00:00+02:00", "Asia/Tokyo"),
            "2027-03-28T10:00:00.000Z"
        );
    }

    #[test]
    fn a_day_is_past_when_it_is_over_everywhere() {
        let now: Timestamp = "2027-03-29T11:59:59Z".parse().unwrap();
        let is_past = |until: &str, now| until.parse::<Until>().unwrap().is_past(now, &BundledZones);
        assert!(!is_past("2027-03-28", now));
        assert!(is_past("2027-03-28", now.plus_millis(1_000)));
        assert!(is_past("2027-03-29T11:59:58Z", now) && !is_past("2027-03-29T11:59:59Z", now));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-02-30",
            "27-03-28",
            "+12027-01-01",
            "2027-03-28T12:00:00",
            "2027-3-1",
        ] {
            assert!(text.parse::<Until>().is_err(), "{text}");
        }
    }
}
