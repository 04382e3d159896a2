//! How passwords are kept (Argon2id as OWASP's password storage cheat sheet asks: 19 MiB, two passes, one lane), and the work of hashing
//! them, which is rationed: each hash takes that memory and some 20 ms of a core.

use std::{fmt, num::NonZeroUsize, sync::Arc};

use argon2::{
    Argon2, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{self, phc},
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::password::Password;

/// Bytes of randomness in a salt.
pub const SALT_BYTES: usize = 16;

/// The salt and hash of no password, with today's parameters: what is verified against when there is no account, so that the answer
/// takes as long. A test keeps the parameters those of [`Argon2::default`].
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password's hash as a PHC string, which names its own parameters. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// From what was stored.
    #[must_use]
    pub fn from_stored(phc: &str) -> Self {
        Self(phc.into())
    }

    /// To be stored, and shown to nobody.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the account's password.
    Right {
        /// The hash has other parameters than today's: hash the password again while it is at hand.
        rehash: bool,
    },
    /// It is not, or there is no account.
    Wrong,
}

/// Why there is no answer. Ours, not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many are waiting already: 503 with `Retry-After`.
    #[error("too many passwords are waiting to be checked")]
    Busy,
    /// The stored hash is damaged.
    #[error("a stored password hash cannot be used: {0}")]
    Unusable(password_hash::Error),
    /// The server is stopping, or the hash panicked.
    #[error("the password was not checked: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The server is stopping.
    #[error("the password was not checked: {0}")]
    Closed(#[from] AcquireError),
}

/// Hashes and verifies, off the async threads, at most so many at a time, with at most so many waiting.
#[derive(Clone, Debug)]
pub struct Hasher {
    /// One permit per hash running or waiting.
    admitted: Arc<Semaphore>,
    /// One permit per hash running.
    running: Arc<Semaphore>,
}

/// Both permits, held by the hash itself: a caller that goes away does not free a core that is still busy.
type Turn = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Hasher {
    /// A hasher that runs `at_once` hashes at a time (one per core) and lets `waiting` more wait.
    #[must_use]
    pub fn new(at_once: NonZeroUsize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(at_once.get() + waiting)),
            running: Arc::new(Semaphore::new(at_once.get())),
        }
    }

    /// The hash of a chosen password under `salt`, which is random and never used twice.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait.
    pub async fn hash(&self, password: Password, salt: [u8; SALT_BYTES]) -> Result<PasswordHash, HasherError> {
        self.run(move || hash(&password, &salt)).await
    }

    /// Whether it is the password of that hash; `None` when there is no account, which takes as long to be wrong.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when too many wait; [`HasherError::Unusable`] when the stored hash is damaged.
    pub async fn verify(&self, password: Password, stored: Option<PasswordHash>) -> Result<Verdict, HasherError> {
        self.run(move || verify(&password, stored.as_ref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let turn = self.turn().await?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await?
    }

    async fn turn(&self) -> Result<Turn, HasherError> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| HasherError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await?;
        Ok((admitted, running))
    }
}

fn hash(password: &Password, salt: &[u8; SALT_BYTES]) -> Result<PasswordHash, HasherError> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(HasherError::Unusable)?;
    Ok(PasswordHash(hash.to_string().into()))
}

/// The comparison at the end is constant-time (`phc::Output`'s equality).
fn verify(password: &Password, stored: Option<&PasswordHash>) -> Result<Verdict, HasherError> {
    let text = stored.map_or(NOBODY, PasswordHash::expose);
    let parsed = phc::PasswordHash::new(text).map_err(|error| HasherError::Unusable(error.into()))?;
    if parsed.salt.is_none() || parsed.hash.is_none() {
        // The library would call it a wrong password, and its owner would be told so for ever.
        return Err(HasherError::Unusable(password_hash::Error::EncodingInvalid));
    }
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) if stored.is_some() => Ok(Verdict::Right {
            rehash: !has_todays_parameters(&parsed),
        }),
        Ok(()) | Err(password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
        Err(error) => Err(HasherError::Unusable(error)),
    }
}

fn has_todays_parameters(hash: &phc::PasswordHash) -> bool {
    let today = argon2::Params::DEFAULT;
    hash.algorithm == argon2::ARGON2ID_IDENT
        && hash.version == Some(argon2::Version::default().into())
        && [("m", today.m_cost()), ("t", today.t_cost()), ("p", today.p_cost())]
            .iter()
            .all(|&(name, value)| hash.params.get_decimal(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SALT: [u8; SALT_BYTES] = [5; SALT_BYTES];

    fn password(text: &str) -> Password {
        Password::presented(text).unwrap()
    }

    fn hasher(at_once: usize, waiting: usize) -> Hasher {
        Hasher::new(NonZeroUsize::new(at_once).unwrap(), waiting)
    }

    #[tokio::test]
    async fn only_the_password_itself_verifies_from_whatever_keyboard() {
        let hasher = hasher(2, 8);
        let stored = hasher
            .hash(Password::chosen("caf\u{e9} au lait").unwrap(), SALT)
            .await
            .unwrap();
        assert!(
            stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            stored.expose()
        );
        let decomposed = password("cafe\u{301} au lait");
        assert_eq!(
            hasher.verify(decomposed, Some(stored.clone())).await.unwrap(),
            Verdict::Right { rehash: false }
        );
        assert_eq!(
            hasher.verify(password("cafe au lait"), Some(stored)).await.unwrap(),
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn without_an_account_the_same_work_is_done_and_every_password_is_wrong() {
        assert_eq!(
            hasher(1, 0).verify(password("whatever"), None).await.unwrap(),
            Verdict::Wrong
        );
        let nobody = phc::PasswordHash::new(NOBODY).unwrap();
        assert!(has_todays_parameters(&nobody));
        let somebody = phc::PasswordHash::new(hash(&password("x"), &SALT).unwrap().expose()).unwrap();
        assert_eq!(nobody.hash.map(|hash| hash.len()), somebody.hash.map(|hash| hash.len()));
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_still_verifies_and_asks_to_be_made_again() {
        let weaker = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
        let stored = Argon2::from(weaker)
            .hash_password_with_salt(b"old password", &SALT)
            .unwrap()
            .to_string();
        let verdict = hasher(1, 0)
            .verify(password("old password"), Some(PasswordHash::from_stored(&stored)))
            .await;
        assert_eq!(verdict.unwrap(), Verdict::Right { rehash: true });
    }

    #[tokio::test]
    async fn a_damaged_hash_is_our_failure_not_a_wrong_password() {
        for stored in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"] {
            let outcome = hasher(1, 0)
                .verify(password("whatever"), Some(PasswordHash::from_stored(stored)))
                .await;
            assert!(
                matches!(outcome, Err(HasherError::Unusable(_))),
                "{stored}: {outcome:?}"
            );
        }
    }

    #[tokio::test]
    async fn beyond_the_queue_callers_are_told_to_come_back() {
        let hasher = hasher(1, 1);
        let first = hasher.turn().await.unwrap();
        let waiting = tokio::spawn({
            let hasher = hasher.clone();
            async move { hasher.turn().await.is_ok() }
        });
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(
            hasher.verify(password("x"), None).await,
            Err(HasherError::Busy)
        ));
        drop(first);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_does_not_free_a_busy_core() {
        let hasher = hasher(1, 0);
        let (release, released) = std::sync::mpsc::channel::<()>();
        let work = hasher.run(move || {
            let _ = released.recv();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err());
        assert!(matches!(
            hasher.verify(password("x"), None).await,
            Err(HasherError::Busy)
        ));
        release.send(()).unwrap();
        let _free = hasher.admitted.acquire().await.unwrap();
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", PasswordHash::from_stored("$secret")), "PasswordHash(…)");
    }
}
