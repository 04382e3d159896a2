//! Records outside any actor, a key each.
//!
//! Every write stamps the record with a nonce. The nonce is what callers know as the version: it is known without reading the record back, it tells
//! whether a write whose reply was lost is there, and a record that was deleted and created anew has another, on every store.

use std::sync::Arc;

use bytes::Bytes;
use punctual_actors::ports::{BoxFuture, Entropy, Failure};
use punctual_events::DecodeError;
use serde::{Deserialize, Serialize};

use super::{
    frame,
    keys::{Keys, Version, Written},
    state::State,
    store::Nonce,
};
use crate::ports::{Etag, Records};

/// The format this release writes; a newer one is refused.
const RECORD_FORMAT: u16 = 1;

/// The [`Records`] of the Dapr runtime.
#[derive(Clone)]
pub struct DaprRecords<K = State> {
    keys: K,
    entropy: Arc<dyn Entropy>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    nonce: Nonce,
}

/// A record as it is stored.
struct Stored {
    nonce: Nonce,
    value: Bytes,
    version: Version,
}

fn name(key: &str) -> String {
    format!("record/{key}")
}

fn encode(nonce: Nonce, value: Bytes) -> Result<Bytes, DecodeError> {
    frame::encode(RECORD_FORMAT, &Header { nonce }, &[value])
}

fn decode(bytes: &Bytes) -> Result<(Nonce, Bytes), DecodeError> {
    let (Header { nonce }, parts) = frame::decode("a record", RECORD_FORMAT, bytes)?;
    let [value] = <[Bytes; 1]>::try_from(parts).map_err(|_| DecodeError::Malformed("a record".into()))?;
    Ok((nonce, value))
}

fn etag(nonce: Nonce) -> Etag {
    Etag::new(&nonce.to_string())
}

impl<K: Keys> DaprRecords<K> {
    /// The records in `keys`.
    #[must_use]
    pub fn new(keys: K, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    async fn stored(&self, key: &str) -> Result<Option<Stored>, Failure> {
        let Some((bytes, version)) = self.keys.get(&name(key)).await? else {
            return Ok(None);
        };
        let (nonce, value) = decode(&bytes)?;
        Ok(Some(Stored { nonce, value, version }))
    }

    /// Reads who won where a write may have had no effect: `None` where there is nothing.
    async fn is_mine(&self, key: &str, mine: Nonce) -> Result<Option<bool>, Failure> {
        let stored = self.stored(key).await?;
        Ok(stored.map(|stored| stored.nonce == mine))
    }

    async fn try_create(&self, key: &str, value: Bytes) -> Result<bool, Failure> {
        let nonce = Nonce::draw(&*self.entropy);
        let Err(failure) = self.keys.create(&name(key), encode(nonce, value)?).await else {
            return Ok(true);
        };
        // One that is there already is an error like any other.
        match self.is_mine(key, nonce).await? {
            Some(is_mine) => Ok(is_mine),
            None => Err(failure),
        }
    }

    async fn try_replace(&self, key: &str, expected: &Etag, value: Bytes) -> Result<Option<Etag>, Failure> {
        let stored = self.stored(key).await?;
        let Some(stored) = stored.filter(|stored| etag(stored.nonce) == *expected) else {
            return Ok(None);
        };
        let nonce = Nonce::draw(&*self.entropy);
        match self
            .keys
            .replace(&name(key), &stored.version, encode(nonce, value)?)
            .await?
        {
            Written::Done => Ok(Some(etag(nonce))),
            Written::Conflict => match self.stored(key).await? {
                Some(found) if found.nonce == nonce => Ok(Some(etag(nonce))),
                // Redis calls every failure a conflict; with the old version still there, nothing is known.
                Some(found) if found.nonce == stored.nonce => Err(Failure::new("the record may still be replaced")),
                _ => Ok(None),
            },
        }
    }
}

impl<K: Keys> Records for DaprRecords<K> {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<(Bytes, Etag)>, Failure>> {
        Box::pin(async move {
            let stored = self.stored(key).await?;
            Ok(stored.map(|stored| (stored.value, etag(stored.nonce))))
        })
    }

    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(self.try_create(key, value))
    }

    fn replace<'a>(&'a self, key: &'a str, etag: Etag, value: Bytes) -> BoxFuture<'a, Result<Option<Etag>, Failure>> {
        Box::pin(async move { self.try_replace(key, &etag, value).await })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move { self.keys.delete(&[name(key)]).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dapr::test_keys::{self, TestKeys},
        ports::contract,
    };

    fn records(keys: &TestKeys, seed: u64) -> DaprRecords<TestKeys> {
        DaprRecords::new(keys.clone(), test_keys::environment(seed).0.entropy)
    }

    #[tokio::test]
    async fn the_first_of_two_creations_wins() {
        let keys = TestKeys::default();
        let (one, two) = (records(&keys, 1), records(&keys, 2));
        let (first, second) = tokio::join!(one.create("a", "same".into()), two.create("a", "same".into()));
        assert_ne!(first.unwrap(), second.unwrap());
        assert_eq!(one.get("b").await.unwrap(), None);
    }

    #[tokio::test]
    async fn only_the_version_that_was_read_is_replaced() {
        contract::versions_are_compared(&records(&TestKeys::default(), 1)).await;
    }

    #[tokio::test]
    async fn a_record_created_anew_is_another_version() {
        contract::versions_do_not_come_again(&records(&TestKeys::default(), 1)).await;
    }

    #[tokio::test]
    async fn a_creation_whose_reply_is_lost_is_known_as_ones_own() {
        let keys = TestKeys::default();
        keys.lose_reply_after(0);
        assert!(records(&keys, 1).create("a", "1".into()).await.unwrap());
        keys.die_after(Some(0));
        records(&keys, 2).create("b", "1".into()).await.unwrap_err();
    }

    #[test]
    fn a_record_of_format_1_is_read_for_ever() {
        let golden = Bytes::from_static(b"{\"format\":1,\"nonce\":\"00000000000000ff\",\"parts\":[2]}\n{}");
        assert_eq!(encode(Nonce(255), "{}".into()).unwrap(), golden);
        assert_eq!(decode(&golden).unwrap(), (Nonce(255), "{}".into()));
        assert!(decode(&"{\"format\":2}\n".into()).is_err());
    }
}
