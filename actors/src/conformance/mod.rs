//! One suite per port that tests what the port's contract says. Every implementation runs it: the reference ports here, those of the runtimes
//! in `hosts`. A suite needs no runtime and no particular clock; it panics at the first sentence that does not hold.

mod directory;
mod log;
mod publisher;
mod store;
mod store_pages;
mod store_upkeep;
mod together;
mod wake_ups;

pub use directory::directory;
pub use log::LogWriter;
pub use publisher::{PublisherMaker, publisher};
pub use store_pages::save_of;
pub use together::all;
pub use wake_ups::{Delivery, WakeUpsMaker, wake_ups};

use crate::ports::{Directory, Store};

/// Makes stores for the suite.
pub trait StoreMaker: Sync {
    /// What it makes.
    type Store: Store;

    /// A store with nothing in it.
    fn make(&self) -> impl Future<Output = Self::Store>;

    /// What the next process finds after the one that used `store` was lost.
    fn reopen(&self, store: Self::Store) -> impl Future<Output = Self::Store>;
}

/// Makes directories for the suite.
pub trait DirectoryMaker: Sync {
    /// What it makes.
    type Directory: Directory;

    /// A directory with nothing in it.
    fn make(&self) -> impl Future<Output = Self::Directory>;

    /// What the next process finds after the one that used `directory` was lost.
    fn reopen(&self, directory: Self::Directory) -> impl Future<Output = Self::Directory>;
}

/// Holds a [`Store`] to its contract.
pub async fn store<K: StoreMaker>(maker: &K) {
    store::run(maker).await;
    store_pages::run(maker).await;
    store_upkeep::run(maker).await;
}
