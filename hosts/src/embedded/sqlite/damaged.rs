//! Actors whose row in the database cannot be read. Each costs only itself: it is passed over where many are read, and whoever asks for it hears
//! that it is damaged.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use rusqlite::Row;

use super::rows::Named;
use crate::actor_host::Observer;

/// The rows that were met so far.
#[derive(Debug, Default)]
pub(super) struct DamagedRows(Mutex<BTreeSet<i64>>);

impl DamagedRows {
    /// Has a row of `actors` counted, with its number first and its name second, and says once what is wrong with it.
    pub(super) fn note(&self, key: i64, row: &Row<'_>, error: &rusqlite::Error, observer: &dyn Observer) {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        if is_new {
            let actor = row.get::<_, Named>(1).map(|named| named.0.to_string());
            let actor = actor.unwrap_or_else(|_| format!("row {key}"));
            observer.damaged(&actor);
            tracing::error!(row = key, actor, %error, "the row of an actor is damaged: the actor is not woken, and its events are not delivered");
        }
    }
}
