//! What mails say.

use chrono::NaiveDate;
use punctual_actors::zone::ZoneData;
use punctual_events::{Moment, Notification as Fired, Task, Timestamp, UserId};

use super::mails::Recipient;
use crate::mail::{Mail, message::Page};

/// What a digest shows of the tasks.
#[derive(Clone, Debug)]
pub(super) struct Overview {
    /// How many are to be done.
    pub(super) open: usize,
    pub(super) overdue: Listed,
    pub(super) due_today: Listed,
}

/// Some tasks, as lines, and how many there are altogether.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) lines: Vec<String>,
    pub(super) total: usize,
}

impl Listed {
    fn more(&self) -> usize {
        self.total.saturating_sub(self.lines.len())
    }
}

/// The mail of a reminder. It says the same at every try.
pub(super) fn reminder(to: Recipient, fired: &Fired, zones: &dyn ZoneData) -> Mail {
    let due = clock(fired.due_at, &to.time_zone, zones);
    let page = Page::new(&fired.title).paragraph(&format!("Reminder of {due}."));
    let page = if fired.late {
        page.paragraph("It is late: the server did not run when it was due.")
    } else {
        page
    };
    let subject = format!("Reminder: {}", fired.title);
    Mail::new(to.address, &subject, page, &fired.id.to_string())
}

/// The digest of a day.
pub(super) fn digest(to: Recipient, user: UserId, day: NaiveDate, overview: &Overview) -> Mail {
    let (overdue, today) = (overview.overdue.total, overview.due_today.total);
    let heading = day.format("%A, %-d %B %Y").to_string();
    let page = Page::new(&heading)
        .paragraph(&format!(
            "{} to do, {today} due today, {overdue} overdue.",
            overview.open
        ))
        .list("Overdue", &overview.overdue.lines, overview.overdue.more())
        .list("Due today", &overview.due_today.lines, overview.due_today.more());
    let subject = format!("{heading}: {today} due today, {overdue} overdue");
    Mail::new(to.address, &subject, page, &format!("digest {day} {user}"))
}

/// A task as a line of a digest.
pub(super) fn line(task: &Task, time_zone: &str, zones: &dyn ZoneData) -> String {
    match &task.due {
        None => task.title.to_string(),
        Some(Moment::Day { date, .. }) => format!("{} ({date})", task.title),
        Some(Moment::Time { instant, .. }) => format!("{} ({})", task.title, clock(*instant, time_zone, zones)),
    }
}

/// What clocks where the user lives show at an instant.
fn clock(instant: Timestamp, time_zone: &str, zones: &dyn ZoneData) -> String {
    match zones.wall_time(time_zone, instant) {
        Some(wall) => wall.format("%Y-%m-%d %H:%M").to_string(),
        None => instant.to_string(),
    }
}
