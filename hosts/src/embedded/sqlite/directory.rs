//! The actors there are: those that have a row.

use punctual_actors::ports::{Directory, Failure};
use punctual_events::ActorId;
use rusqlite::params;

use super::{
    Database,
    rows::{Name, Named},
    session::Session,
    writer::Operation,
};

/// The [`Directory`] of the embedded runtime.
#[derive(Clone)]
pub struct SqliteDirectory {
    database: Database,
}

impl SqliteDirectory {
    /// The actors in `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Where they are.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }
}

impl Directory for SqliteDirectory {
    async fn register(&self, actor: ActorId) -> Result<(), Failure> {
        self.database.write(Register { actor }).await
    }

    async fn list(&self, after: Option<ActorId>, limit: usize) -> Result<Vec<ActorId>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let list = move |connection: &rusqlite::Connection| {
            // Every name is larger than the empty one.
            let sql = "SELECT name FROM actors WHERE name > coalesce(?1, x'') ORDER BY name LIMIT ?2";
            let mut select = connection.prepare_cached(sql)?;
            let names = select.query_map(params![after.map(Name::from), limit], |row| row.get::<_, Named>(0))?;
            Ok(names.map(|name| name.map(|named| named.0)).collect::<Result<_, _>>()?)
        };
        self.database.read(list).await
    }
}

struct Register {
    actor: ActorId,
}

impl Operation for Register {
    type Answer = ();

    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        session.register(self.actor).map(drop)
    }
}
