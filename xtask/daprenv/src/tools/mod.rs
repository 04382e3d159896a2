//! The programs an environment is made of: installed ones where they fit, else fetched or built once into the cache.

mod command;
mod dapr;
mod fetch;
mod go;
mod kafka;
mod lock;
mod postgres;
mod redis;

use std::path::PathBuf;

use crate::{Options, Result, Store};

pub(crate) use command::output;
pub(crate) use dapr::Dapr;
pub(crate) use kafka::Kafka;
pub(crate) use postgres::Postgres;

/// Where everything is.
pub(crate) struct Tools {
    pub(crate) dapr: Dapr,
    pub(crate) kafka: Kafka,
    pub(crate) store: Database,
}

/// The programs of Dapr and a Redis, for tests that start them in a way of their own.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The sidecar.
    pub daprd: PathBuf,
    /// What knows where actors are.
    pub placement: PathBuf,
    /// What keeps reminders and jobs.
    pub scheduler: PathBuf,
    /// A store.
    pub redis: PathBuf,
}

impl Programs {
    /// Finds, fetches or builds them; `options` says where to keep what was fetched.
    ///
    /// # Errors
    /// When one of them is missing and cannot be had.
    pub fn find(options: &Options) -> Result<Programs> {
        let _others_wait = lock::wait(&options.cache, options.say)?;
        let Dapr {
            daprd,
            placement,
            scheduler,
        } = dapr::find(&options.cache, options.say)?;
        Ok(Programs {
            daprd,
            placement,
            scheduler,
            redis: redis::find(&options.cache, options.say)?,
        })
    }
}

/// The database of the chosen store.
pub(crate) enum Database {
    /// PostgreSQL's programs.
    Postgres(Postgres),
    /// The path of `redis-server`.
    Redis(PathBuf),
}

impl Tools {
    /// Finds, fetches or builds what is needed. One command at a time works on a cache; others wait for it.
    pub(crate) fn gather(options: &Options) -> Result<Tools> {
        let _others_wait = lock::wait(&options.cache, options.say)?;
        Ok(Tools {
            store: match options.store {
                Store::Postgres => Database::Postgres(postgres::find(&options.cache, options.say)?),
                Store::Redis => Database::Redis(redis::find(&options.cache, options.say)?),
            },
            kafka: kafka::find(&options.cache, options.say)?,
            dapr: dapr::find(&options.cache, options.say)?,
        })
    }
}
