//! Keys of the state API, one at a time where atomicity matters: transactions over several keys are not one thing on all stores (Redis writes
//! the rest of a transaction whose ETag is stale), a single key with an ETag is compare-and-swap on all of them.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use dapr::dapr::proto::{
    common::v1::{
        Etag as ProtoEtag, StateItem, StateOptions,
        state_options::{StateConcurrency, StateConsistency},
    },
    runtime::v1::{DeleteStateRequest, GetBulkStateRequest, GetStateRequest, SaveStateRequest},
};
use punctual_actors::ports::Failure;

use super::sidecar::{Sidecar, failure, is_conflict};

/// Keys read by one call, so that an answer stays within what gRPC takes when every value is as large as values get.
pub const MAX_BULK_BYTES: usize = 2 * 1024 * 1024;

/// A version of a key, opaque, of the store's own making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Arc<str>);

impl Version {
    /// The store's text for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// The store says that the key has another version. A retry inside the sidecar can collide with its own first attempt, and Redis says this of
    /// every write that failed, so the write may be there all the same: only reading tells.
    Conflict,
}

/// The keys of one state store component.
#[derive(Clone)]
pub struct State {
    sidecar: Sidecar,
    store: Arc<str>,
}

impl State {
    /// The keys of the component named `store`.
    #[must_use]
    pub fn new(sidecar: Sidecar, store: &str) -> Self {
        Self {
            sidecar,
            store: store.into(),
        }
    }

    /// The value of a key and its version; `None` where there is none.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, Failure> {
        let request = GetStateRequest {
            store_name: self.store.to_string(),
            key: key.to_owned(),
            consistency: StateConsistency::ConsistencyStrong as i32,
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().get_state(request).await;
        let answer = answer.map_err(|status| failure("get state", &status))?.into_inner();
        // A missing key is an answer without an ETag; an empty value has one.
        Ok((!answer.etag.is_empty()).then(|| (answer.data.into(), Version(answer.etag.into()))))
    }

    /// The values of many keys, in the order asked, read by one call. The caller sees to it that they fit into [`MAX_BULK_BYTES`].
    ///
    /// # Errors
    /// When the store is away or one of the keys cannot be read.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = GetBulkStateRequest {
            store_name: self.store.to_string(),
            keys: keys.to_vec(),
            parallelism: 16,
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().get_bulk_state(request).await;
        let items = answer
            .map_err(|status| failure("get bulk state", &status))?
            .into_inner()
            .items;
        let mut values = HashMap::with_capacity(items.len());
        for item in items {
            if !item.error.is_empty() {
                return Err(Failure::new(format_args!("get bulk state: {}: {}", item.key, item.error)));
            }
            if !item.etag.is_empty() {
                values.insert(item.key, Bytes::from(item.data));
            }
        }
        Ok(keys.iter().map(|key| values.remove(key)).collect())
    }

    /// Creates a key that is not there: the first write wins.
    ///
    /// # Errors
    /// Every failure, a key that is there already included: stores answer that as an error like any other. Reading tells.
    pub async fn create(&self, key: &str, value: Bytes) -> Result<(), Failure> {
        let item = item(key, value, None, StateConcurrency::ConcurrencyFirstWrite);
        self.save(vec![item]).await.map_err(|status| failure("create state", &status))
    }

    /// Replaces the version `version` of a key.
    ///
    /// # Errors
    /// When the outcome is unknown.
    pub async fn replace(&self, key: &str, version: &Version, value: Bytes) -> Result<Written, Failure> {
        let item = item(key, value, Some(version), StateConcurrency::ConcurrencyFirstWrite);
        match self.save(vec![item]).await {
            Ok(()) => Ok(Written::Done),
            Err(status) if is_conflict(&status) => Ok(Written::Conflict),
            Err(status) => Err(failure("replace state", &status)),
        }
    }

    /// Writes keys that nobody else writes: names with the writer's random activation id in them.
    ///
    /// # Errors
    /// When some may not have been written; writing them again is harmless.
    pub async fn put(&self, keys: Vec<(String, Bytes)>) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let items = keys
            .into_iter()
            .map(|(key, value)| item(&key, value, None, StateConcurrency::ConcurrencyLastWrite))
            .collect();
        self.save(items).await.map_err(|status| failure("save state", &status))
    }

    /// Deletes a key; harmless when there is none.
    ///
    /// # Errors
    /// When the outcome is unknown.
    pub async fn delete(&self, key: &str) -> Result<(), Failure> {
        let request = DeleteStateRequest {
            store_name: self.store.to_string(),
            key: key.to_owned(),
            etag: None,
            options: None,
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().delete_state(request).await;
        answer.map(drop).map_err(|status| failure("delete state", &status))
    }

    async fn save(&self, states: Vec<StateItem>) -> Result<(), tonic::Status> {
        let request = SaveStateRequest {
            store_name: self.store.to_string(),
            states,
        };
        self.sidecar.client().save_state(request).await.map(drop)
    }
}

fn item(key: &str, value: Bytes, version: Option<&Version>, concurrency: StateConcurrency) -> StateItem {
    StateItem {
        key: key.to_owned(),
        value: value.into(),
        etag: version.map(|version| ProtoEtag {
            value: version.as_str().to_owned(),
        }),
        metadata: HashMap::new(),
        options: Some(StateOptions {
            concurrency: concurrency as i32,
            consistency: StateConsistency::ConsistencyStrong as i32,
        }),
    }
}
