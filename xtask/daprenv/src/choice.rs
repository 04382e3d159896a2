//! What can be chosen: the store, and the roles that make up the five services.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The database behind the state component.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// `state.postgresql` v2, with fsync.
    #[default]
    Postgres,
    /// `state.redis`, append-only file, every write synced.
    Redis,
}

impl Store {
    /// Both of them.
    pub const ALL: [Store; 2] = [Store::Postgres, Store::Redis];

    /// What the command line and the process call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Store::Postgres => "postgres",
            Store::Redis => "redis",
        }
    }
}

/// A service: one process beside one sidecar, whose app-id is the role's name.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// HTTP for clients, and the host of `UserActor`.
    Api,
    /// Hand-overs between actors, and the host of `SeriesActor`.
    Recurring,
    /// Webhooks and mail.
    Notification,
    /// The audit record.
    Audit,
    /// WebSockets.
    Sync,
}

impl Role {
    /// All five, in the order they start.
    pub const ALL: [Role; 5] = [Role::Api, Role::Recurring, Role::Notification, Role::Audit, Role::Sync];

    /// The role's name, which is also its app-id.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Api => "api",
            Role::Recurring => "recurring",
            Role::Notification => "notification",
            Role::Audit => "audit",
            Role::Sync => "sync",
        }
    }

    /// The name of the role's process: the first replica has the plain name, the others are numbered from 2.
    #[must_use]
    pub fn replica(self, number: u16) -> String {
        match number {
            0 | 1 => self.as_str().to_owned(),
            more => format!("{}-{more}", self.as_str()),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Store, String> {
        let found = Store::ALL.into_iter().find(|store| store.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no store: postgres or redis"))
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no role: api, recurring, notification, audit or sync"))
    }
}
