//! Keys of the state API, one at a time where atomicity matters: transactions over several keys are not one thing on all stores (Redis writes
//! the rest of a transaction whose ETag is stale), a single key with an ETag is compare-and-swap on all of them.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use dapr::dapr::proto::{
    common::v1::{
        Etag as ProtoEtag, StateItem, StateOptions,
        state_options::{StateConcurrency, StateConsistency},
    },
    runtime::v1::{DeleteBulkStateRequest, GetBulkStateRequest, GetStateRequest, SaveStateRequest},
};
use punctual_actors::ports::Failure;

pub use super::keys::{MAX_BULK_BYTES, Version, Written};
use super::{
    keys::Keys,
    sidecar::{Sidecar, failure, is_conflict},
};

/// Keys the sidecar reads at once for one call, where the store has no call of its own for many.
const PARALLELISM: i32 = 16;

/// The keys of one state store component.
#[derive(Clone)]
pub struct State {
    sidecar: Sidecar,
    store: Arc<str>,
    namespace: Arc<str>,
}

impl State {
    /// The keys of the component named `store`.
    #[must_use]
    pub fn new(sidecar: Sidecar, store: &str) -> Self {
        Self {
            sidecar,
            store: store.into(),
            namespace: "".into(),
        }
    }

    /// Those of the keys that begin with `namespace`, by the rest of their names: several installations in one component.
    #[must_use]
    pub fn within(&self, namespace: &str) -> Self {
        Self {
            namespace: format!("{}{namespace}", self.namespace).into(),
            ..self.clone()
        }
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.namespace)
    }

    fn item(&self, key: &str, value: Bytes, version: Option<&Version>, concurrency: StateConcurrency) -> StateItem {
        StateItem {
            key: self.full(key),
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

    async fn save(&self, states: Vec<StateItem>) -> Result<(), tonic::Status> {
        let request = SaveStateRequest {
            store_name: self.store.to_string(),
            states,
        };
        self.sidecar.client().save_state(request).await.map(drop)
    }
}

impl Keys for State {
    async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, Failure> {
        let request = GetStateRequest {
            store_name: self.store.to_string(),
            key: self.full(key),
            consistency: StateConsistency::ConsistencyStrong as i32,
            metadata: HashMap::new(),
        };
        let answer = self.sidecar.client().get_state(request).await;
        let answer = answer.map_err(|status| failure("get state", &status))?.into_inner();
        // A missing key is an answer without an ETag; an empty value has one.
        Ok((!answer.etag.is_empty()).then(|| (answer.data.into(), Version::new(&answer.etag))))
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let full: Vec<String> = keys.iter().map(|key| self.full(key)).collect();
        let request = GetBulkStateRequest {
            store_name: self.store.to_string(),
            keys: full.clone(),
            parallelism: PARALLELISM,
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
                return Err(Failure::new(format_args!(
                    "get bulk state: {}: {}",
                    item.key, item.error
                )));
            }
            if !item.etag.is_empty() {
                values.insert(item.key, Bytes::from(item.data));
            }
        }
        Ok(full.iter().map(|key| values.remove(key)).collect())
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<(), Failure> {
        let item = self.item(key, value, None, StateConcurrency::ConcurrencyFirstWrite);
        let saved = self.save(vec![item]).await;
        saved.map_err(|status| failure("create state", &status))
    }

    async fn replace(&self, key: &str, version: &Version, value: Bytes) -> Result<Written, Failure> {
        let item = self.item(key, value, Some(version), StateConcurrency::ConcurrencyFirstWrite);
        match self.save(vec![item]).await {
            Ok(()) => Ok(Written::Done),
            Err(status) if is_conflict(&status) => Ok(Written::Conflict),
            Err(status) => Err(failure("replace state", &status)),
        }
    }

    async fn put(&self, keys: Vec<(String, Bytes)>) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let items = keys
            .into_iter()
            .map(|(key, value)| self.item(&key, value, None, StateConcurrency::ConcurrencyLastWrite))
            .collect();
        self.save(items).await.map_err(|status| failure("save state", &status))
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Failure> {
        if keys.is_empty() {
            return Ok(());
        }
        let items = keys
            .iter()
            .map(|key| self.item(key, Bytes::new(), None, StateConcurrency::ConcurrencyLastWrite))
            .collect();
        let request = DeleteBulkStateRequest {
            store_name: self.store.to_string(),
            states: items,
        };
        let answer = self.sidecar.client().delete_bulk_state(request).await;
        answer.map(drop).map_err(|status| failure("delete bulk state", &status))
    }
}
