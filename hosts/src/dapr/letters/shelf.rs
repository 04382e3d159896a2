//! Where letters lie: `letters/<role>/<bucket>`, each a bounded list that changes by compare-and-swap, because keys cannot be listed.

use bytes::Bytes;
use punctual_actors::ports::Failure;
use punctual_events::DecodeError;
use serde::{Deserialize, Serialize};

use super::{Letter, LetterId, LetterPage};
use crate::dapr::{
    frame,
    keys::{Keys, Version, Written},
};

/// The format this release writes; a newer one is refused.
const FORMAT: u16 = 1;
/// Lists of a role; part of the format.
const BUCKETS: u8 = 32;
/// Letters of a list at most: some 150 KB, and 8,000 letters of a role.
const LETTERS_PER_BUCKET: usize = 250;
/// Lists read by one call: some 1.2 MB.
const BUCKETS_PER_READ: u8 = 8;
/// Attempts of a change that other processes get ahead of.
const ATTEMPTS: usize = 16;

/// The letters of all roles.
#[derive(Clone)]
pub(super) struct Shelf<K> {
    keys: K,
}

#[derive(Serialize, Deserialize)]
struct List {
    letters: Vec<Letter>,
}

fn name(role: &str, bucket: u8) -> String {
    format!("letters/{role}/{bucket}")
}

fn bucket_of(id: &LetterId) -> u8 {
    id.number() % BUCKETS
}

fn decode(bytes: &Bytes) -> Result<Vec<Letter>, DecodeError> {
    let (List { letters }, _) = frame::decode("a list of dead letters", FORMAT, bytes)?;
    Ok(letters)
}

impl<K: Keys> Shelf<K> {
    pub(super) fn new(keys: K) -> Self {
        Self { keys }
    }

    /// Puts a letter on the shelf, unless it lies there.
    ///
    /// # Errors
    /// When it may not lie there; where there is no room, too, for nothing is thrown away to make some.
    pub(super) async fn put(&self, role: &str, letter: &Letter) -> Result<(), Failure> {
        let put = self.change(role, &letter.id, |letters| {
            if letters.iter().any(|other| other.id == letter.id) {
                return Change::None;
            }
            if letters.len() >= LETTERS_PER_BUCKET {
                return Change::Impossible("there is no room for more dead letters: replay or discard some");
            }
            letters.push(letter.clone());
            Change::Made
        });
        put.await.map(drop)
    }

    pub(super) async fn get(&self, role: &str, id: &LetterId) -> Result<Option<Letter>, Failure> {
        let stored = self.keys.get(&name(role, bucket_of(id))).await?;
        let letters = stored.map(|(bytes, _)| decode(&bytes)).transpose()?;
        Ok(letters.into_iter().flatten().find(|letter| letter.id == *id))
    }

    /// Notes a replay that was refused.
    pub(super) async fn note(&self, role: &str, id: &LetterId, reason: &Failure) -> Result<(), Failure> {
        let note = self.change(role, id, |letters| {
            let Some(letter) = letters.iter_mut().find(|letter| letter.id == *id) else {
                return Change::None;
            };
            letter.replays = letter.replays.saturating_add(1);
            letter.reason = super::letter::in_short(reason);
            Change::Made
        });
        note.await.map(drop)
    }

    /// Takes a letter away; false where there is none.
    pub(super) async fn remove(&self, role: &str, id: &LetterId) -> Result<bool, Failure> {
        self.change(role, id, |letters| {
            let before = letters.len();
            letters.retain(|letter| letter.id != *id);
            if letters.len() < before {
                Change::Made
            } else {
                Change::None
            }
        })
        .await
    }

    /// The letters of some lists, beginning with `from`.
    pub(super) async fn list(&self, role: &str, from: u8) -> Result<LetterPage, Failure> {
        let end = from.saturating_add(BUCKETS_PER_READ).min(BUCKETS);
        let names: Vec<String> = (from..end).map(|bucket| name(role, bucket)).collect();
        let mut letters = Vec::new();
        for bytes in self.keys.get_many(&names).await?.into_iter().flatten() {
            letters.extend(decode(&bytes)?);
        }
        Ok(LetterPage {
            letters,
            next: (end < BUCKETS).then_some(end),
        })
    }

    /// Changes the list a letter is in. Answers whether there was anything to change.
    async fn change(
        &self,
        role: &str,
        id: &LetterId,
        change: impl Fn(&mut Vec<Letter>) -> Change,
    ) -> Result<bool, Failure> {
        let name = name(role, bucket_of(id));
        let mut has_changed = false;
        for _ in 0..ATTEMPTS {
            let (mut letters, version) = match self.keys.get(&name).await? {
                Some((bytes, version)) => (decode(&bytes)?, Some(version)),
                None => (Vec::new(), None),
            };
            match change(&mut letters) {
                // After an attempt of ours that was there after all, too.
                Change::None => return Ok(has_changed),
                Change::Impossible(why) => return Err(Failure::new(why)),
                Change::Made => has_changed = true,
            }
            if self.write(&name, version, letters).await? {
                return Ok(true);
            }
        }
        Err(Failure::new("dead letters change faster than they can be written"))
    }

    /// Writes a list; `false` where it has to be read again to know.
    async fn write(&self, name: &str, version: Option<Version>, letters: Vec<Letter>) -> Result<bool, Failure> {
        let bytes = frame::encode(FORMAT, &List { letters }, &[])?;
        match version {
            Some(version) => Ok(self.keys.replace(name, &version, bytes).await? == Written::Done),
            // A list that another process has created meanwhile is an error like any other.
            None => match self.keys.create(name, bytes).await {
                Ok(()) => Ok(true),
                Err(failure) if self.keys.get(name).await?.is_none() => Err(failure),
                Err(_) => Ok(false),
            },
        }
    }
}

/// What became of a list.
enum Change {
    /// It is as it was.
    None,
    /// It is to be written.
    Made,
    /// It cannot be changed so.
    Impossible(&'static str),
}
