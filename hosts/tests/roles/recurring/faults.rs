//! Calls that fail by themselves: before they were carried out, or after.

use std::sync::Mutex;

/// What goes wrong with a call. Either way the caller hears that the outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    Before,
    /// Its answer never arrives.
    After,
}

/// Faults that are planned for calls to come; when there are no more, everything works.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Option<Fault>>>);

impl Faults {
    /// Plans what the next calls meet, the last one first.
    pub(crate) fn plan(&self, faults: Vec<Option<Fault>>) {
        *self.0.lock().unwrap() = faults;
    }

    /// What the next call meets.
    pub(crate) fn draw(&self) -> Option<Fault> {
        self.0.lock().unwrap().pop().flatten()
    }
}
