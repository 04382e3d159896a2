//! The schema and its versions. `PRAGMA user_version` is the number of migrations that were applied.

use rusqlite::Connection;

use super::OpenError;

/// "Pnct": says in the file's header that it is ours (<https://www.sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i64 = 0x506e_6374;

/// Every migration there ever was, oldest first; each is run once.
const MIGRATIONS: [&str; 2] = [include_str!("v1.sql"), include_str!("v2.sql")];

/// The schema this release works with.
pub(super) const NEWEST: usize = MIGRATIONS.len();

/// Brings the schema to [`NEWEST`], from nothing or from any older version. True when there was something to do. All
/// steps are one transaction: there is nothing between two versions, and a new file is flushed once however many there are.
pub(super) fn migrate(connection: &mut Connection) -> Result<bool, OpenError> {
    let found = version(connection)?;
    if found > NEWEST {
        return Err(OpenError::Newer { found, known: NEWEST });
    }
    if found == NEWEST {
        return Ok(false);
    }
    let transaction = connection.transaction()?;
    for sql in &MIGRATIONS[found..] {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(NEWEST).unwrap_or(i64::MAX))?;
    transaction.commit()?;
    Ok(true)
}

/// The version of an existing file, 0 for an empty one.
fn version(connection: &Connection) -> Result<usize, OpenError> {
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) = (read("application_id")?, read("user_version")?);
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || version != 0) {
        return Err(OpenError::Foreign);
    }
    usize::try_from(version).map_err(|_| OpenError::Foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_becomes_the_newest_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut connection).unwrap());
        assert_eq!(version(&connection).unwrap(), NEWEST);
        assert!(!migrate(&mut connection).unwrap());
    }

    #[test]
    fn a_newer_version_is_refused_and_says_so() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(matches!(
            error,
            OpenError::Newer {
                found: 99,
                known: NEWEST
            }
        ));
        assert!(error.to_string().contains("newer"), "{error}");
    }

    #[test]
    fn a_database_of_something_else_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(migrate(&mut connection), Err(OpenError::Foreign)));
    }
}
