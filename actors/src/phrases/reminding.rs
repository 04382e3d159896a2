//! The reminders of a text, once its due is known, and how they nag.

use super::{
    compose::Composer,
    dates::Doubt,
    lengths::Length,
    reminders::{Remind, settle},
    scan::Item,
    spans::SpanKind,
    verdict::Verdict,
};

impl Composer<'_> {
    /// What reminders come to; they need the due.
    pub(super) fn take_reminder(&mut self, item: &Item) -> Option<Verdict> {
        let due = self.due.map(|due| (due, self.all_day));
        let reminders = match item {
            Item::Reminders(reminders) => reminders.as_slice(),
            Item::RemindMeTo => &[Remind::Before(Length::ZERO)],
            _ => return None,
        };
        let mut said: Vec<String> = Vec::new();
        let mut doubts: Doubt = None;
        let mut inputs = Vec::new();
        for reminder in reminders {
            match settle(reminder, due, self.scene) {
                Ok(settled) => {
                    said.push(settled.meaning);
                    doubts = doubts.or(settled.doubt);
                    inputs.push(settled.input);
                }
                Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
            }
        }
        self.reminders.extend(inputs);
        Some(Verdict::understood(SpanKind::Reminder, said.join("; "), doubts))
    }

    /// All reminders of the text nag; where none was said, one when it is due.
    pub(super) fn take_nag(&mut self, item: &Item) -> Option<Verdict> {
        let Item::Nag(nag) = item else { return None };
        let (repeat, mut said) = match nag.settle() {
            Ok(settled) => settled,
            Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
        };
        if self.reminders.iter().any(|reminder| reminder.repeat.is_some()) {
            return Some(Verdict::refused(SpanKind::Reminder, "how it nags is said already"));
        }
        if self.reminders.is_empty() {
            let due = self.due.map(|due| (due, self.all_day));
            match settle(&Remind::Before(Length::ZERO), due, self.scene) {
                Ok(settled) => {
                    said = format!("{}, {said}", settled.meaning);
                    self.reminders.push(settled.input);
                }
                Err(why) => return Some(Verdict::refused(SpanKind::Reminder, why)),
            }
        }
        for reminder in &mut self.reminders {
            reminder.repeat = Some(repeat);
        }
        Some(Verdict::understood(SpanKind::Reminder, said, None))
    }
}
