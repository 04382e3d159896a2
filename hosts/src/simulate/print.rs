//! How it is shown: a table for people, or a JSON object for each.

use std::io::{self, Write};

use punctual_actors::zone::ZoneData;
use punctual_events::{Moment, Timestamp, UserId};
use serde::Serialize;

use super::happening::{Happening, What, local, offset};
use crate::terminal::plain;

/// Whose it is and where they live.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) user: UserId,
    pub(super) time_zone: &'a str,
    pub(super) zones: &'a dyn ZoneData,
}

/// How many came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) reminders: u64,
    pub(super) instances: u64,
}

impl Count {
    pub(super) fn add(&mut self, happening: &Happening) {
        match happening.what {
            What::Reminder { .. } => self.reminders += 1,
            What::Instance { .. } => self.instances += 1,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            reminders: self.reminders + other.reminders,
            instances: self.instances + other.instances,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { reminders, instances } = *self;
        let counted = |count, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        write!(
            f,
            "{}, {}",
            counted(reminders, "reminder"),
            counted(instances, "instance")
        )
    }
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    user: UserId,
    time_zone: &'a str,
    /// The instant as the user's clock shows it.
    local: String,
    zone_data: &'a str,
    #[serde(flatten)]
    happening: &'a Happening,
}

impl Scene<'_> {
    /// The line above what comes to a user.
    pub(super) fn head(&self, until: Timestamp, output: &mut impl Write) -> io::Result<()> {
        let (zone, until) = (plain(self.time_zone), self.shown(until));
        writeln!(output, "user {}, {zone}, until {until}", self.user)
    }

    /// A line for people.
    pub(super) fn row(&self, happening: &Happening, output: &mut impl Write) -> io::Result<()> {
        let at = self.shown(happening.at);
        let title = plain(&happening.title);
        match &happening.what {
            What::Reminder { late, repetition, .. } => {
                let late = if *late { ", late" } else { "" };
                let again = match repetition {
                    0 => String::new(),
                    times => format!(", again ({times})"),
                };
                writeln!(output, "  {at}  reminder  {title}{again}{late}")
            }
            What::Instance { due, moved, start, .. } => {
                let (word, moment) = match (due, start.as_deref()) {
                    (Some(due), _) => (", due ", self.moment(due)),
                    (None, Some(start)) => (", starts ", self.moment(start)),
                    (None, None) => ("", String::new()),
                };
                let moved = if *moved { ", moved" } else { "" };
                writeln!(output, "  {at}  instance  {title}{word}{moment}{moved}")
            }
        }
    }

    /// A line for programs.
    pub(super) fn json(&self, happening: &Happening, output: &mut impl Write) -> io::Result<()> {
        let (wall, offset_s) = local(happening.at, self.time_zone, self.zones);
        let line = Line {
            user: self.user,
            time_zone: self.time_zone,
            local: format!("{}{}", wall.format("%Y-%m-%dT%H:%M:%S%.3f"), offset(offset_s)),
            zone_data: self.zones.version(),
            happening,
        };
        serde_json::to_writer(&mut *output, &line)?;
        writeln!(output)
    }

    fn shown(&self, instant: Timestamp) -> String {
        let (wall, offset_s) = local(instant, self.time_zone, self.zones);
        format!("{} {}", wall.format("%Y-%m-%d %H:%M:%S"), offset(offset_s))
    }

    fn moment(&self, moment: &Moment) -> String {
        match moment {
            Moment::Day { date, .. } => date.to_string(),
            Moment::Time { at, time_zone, .. } => {
                let wall = at.get().format("%Y-%m-%d %H:%M:%S");
                if **time_zone == *self.time_zone {
                    wall.to_string()
                } else {
                    format!("{wall} {}", plain(time_zone))
                }
            }
        }
    }
}
