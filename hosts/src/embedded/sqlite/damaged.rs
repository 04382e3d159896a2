//! Actors whose row in the database cannot be read. Each costs only itself: it is passed over where many are read, and whoever asks for it hears
//! that it is damaged.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use rusqlite::Row;

use super::{Database, rows::Named};

/// The rows that were met so far.
#[derive(Debug, Default)]
pub(super) struct DamagedRows(Mutex<BTreeSet<i64>>);

impl DamagedRows {
    /// Counts a row of `actors`, with its number first and its name second, and says once what is wrong with it.
    pub(super) fn note(&self, key: i64, row: &Row<'_>, error: &rusqlite::Error) {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        if is_new {
            let actor = row.get::<_, Named>(1).map(|named| named.0.to_string());
            let actor = actor.as_deref().unwrap_or("unknown");
            tracing::error!(row = key, actor, %error, "the row of an actor is damaged: the actor is not woken, and its events are not delivered");
        }
    }
}

impl Database {
    /// How many actors were met whose row cannot be read.
    #[must_use]
    pub fn damaged_actors(&self) -> usize {
        let rows = &self.shared.damaged_rows.0;
        rows.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
