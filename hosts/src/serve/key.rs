//! Whether the signing key and the accounts belong together; and where a process has the key from.

use std::{fs, path::Path, sync::Arc};

use punctual_actors::ports::Clock;

use super::ServeError;
use crate::{
    accounts::{Belonging, SigningKey, SigningKeyError, signing_key::FILE_NAME},
    config::ServeConfig,
    dapr::{
        secrets::{SIGNING_KEY, secret},
        sidecar::Sidecar,
    },
    embedded::runtime::{DATABASE_NAME, Embedded, StartError},
};

/// Between two tries to get what the process cannot start without, in milliseconds.
const RETRY_MS: u64 = 500;

/// Looks before the database is opened, which would make a new one: with a key beside it there was one.
///
/// # Errors
/// When it is a file with nothing in it.
pub(super) fn refuse_lost_data(folder: &Path) -> Result<(), ServeError> {
    let key = folder.join(FILE_NAME);
    if !key.is_file() {
        return Ok(());
    }
    let database = folder.join(DATABASE_NAME);
    match fs::metadata(&database) {
        Ok(file) if file.len() == 0 => Err(ServeError::EmptyDatabase { database }),
        Ok(_) => Ok(()),
        Err(_) => {
            tracing::warn!(
                database = %database.display(),
                key = %key.display(),
                "there is a signing key and no database beside it: beginning anew, without any account"
            );
            Ok(())
        }
    }
}

/// The key is made at the first start, which is when nobody has an account yet; the data folder is ours by then.
pub(super) async fn of(config: &ServeConfig, runtime: &Embedded) -> Result<SigningKey, ServeError> {
    let belonging = Belonging::new(Arc::clone(&runtime.services().records));
    let key = if runtime.has_accounts().await? {
        SigningKey::load(&config.data)?
    } else {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)?;
        SigningKey::load_or_create(&config.data, fresh)?
    };
    match belonging.is_of(&key).await.map_err(StartError::from)? {
        true => Ok(key),
        false if !runtime.has_accounts().await? => {
            belonging.forget().await.map_err(StartError::from)?;
            belonging.is_of(&key).await.map_err(StartError::from)?;
            Ok(key)
        }
        false => Err(SigningKeyError::Foreign(config.data.join(FILE_NAME)).into()),
    }
}

/// The key from the secret store, which is asked until it answers: without it nobody can be let in.
pub(super) async fn of_secret_store(sidecar: &Sidecar, store: &str, clock: &dyn Clock) -> SigningKey {
    loop {
        match secret(sidecar, store, SIGNING_KEY).await {
            Ok(text) => match SigningKey::from_secret(&text) {
                Some(key) => return key,
                None => tracing::error!(store, name = SIGNING_KEY, "the secret is not 64 hexadecimal digits"),
            },
            Err(failure) => tracing::warn!(%failure, "the signing key cannot be had yet"),
        }
        clock.sleep_ms(RETRY_MS).await;
    }
}

/// Ends, with a complaint, once the accounts are known to belong to another key. The store is asked until it answers; meanwhile nobody is found anyway.
pub(super) async fn refuse_foreign(key: SigningKey, belonging: Belonging, clock: Arc<dyn Clock>) {
    loop {
        match belonging.is_of(&key).await {
            Ok(true) => return std::future::pending().await,
            Ok(false) => {
                tracing::error!(
                    "the accounts belong to another signing key: nobody would find theirs. Restore the one they were made with"
                );
                return;
            }
            Err(failure) => tracing::warn!(%failure, "whose signing key it is cannot be said yet"),
        }
        clock.sleep_ms(RETRY_MS).await;
    }
}
