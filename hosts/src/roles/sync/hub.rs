//! Which users have sockets here. Events of everybody pass by; for a user without a socket they cost one look into a map.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use dashmap::{DashMap, Entry};
use punctual_actors::ports::Failure;
use punctual_events::{SessionId, UserId};
use tokio::sync::Notify;

use super::{
    channel::Channel,
    close::Close,
    mailbox::{Capacity, Mailbox},
};
use crate::ports::Logs;

/// All sockets of this process.
#[derive(Debug, Default)]
pub(super) struct Hub {
    channels: DashMap<UserId, Joined>,
    /// Every socket, also those that have not said who they are.
    sockets: DashMap<u64, Weak<Mailbox>>,
    last_socket: AtomicU64,
    is_draining: AtomicBool,
    left: Notify,
}

#[derive(Debug, Default)]
struct Joined {
    channel: Arc<Channel>,
    /// Sockets that joined and have not left. Changed only while the map holds its lock on the entry.
    count: usize,
}

impl Hub {
    /// The channel of `user`, if they have a socket.
    pub(super) fn channel(&self, user: UserId) -> Option<Arc<Channel>> {
        self.channels.get(&user).map(|joined| Arc::clone(&joined.channel))
    }

    /// All channels there are.
    pub(super) fn channels(&self) -> Vec<(UserId, Arc<Channel>)> {
        let channels = self.channels.iter();
        channels
            .map(|joined| (*joined.key(), Arc::clone(&joined.channel)))
            .collect()
    }

    /// True when `user` has a socket.
    pub(super) fn has_channel(&self, user: UserId) -> bool {
        self.channels.contains_key(&user)
    }

    /// Counts a new socket and gives it its mailbox.
    pub(super) fn open(self: &Arc<Self>, capacity: Capacity) -> Registration {
        let id = self.last_socket.fetch_add(1, Ordering::Relaxed);
        let mailbox = Mailbox::new(capacity);
        self.sockets.insert(id, Arc::downgrade(&mailbox));
        // After it can be found: a drain that begins now either finds it or is seen here.
        if self.is_draining.load(Ordering::SeqCst) {
            mailbox.close(Close::Restart);
        }
        Registration {
            hub: Arc::clone(self),
            id,
            mailbox,
            user: None,
        }
    }

    /// How many sockets there are.
    pub(super) fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Closes every socket, and each that comes from now on.
    pub(super) fn close_all(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
        let sockets: Vec<_> = self.sockets.iter().filter_map(|socket| socket.upgrade()).collect();
        for mailbox in sockets {
            mailbox.close(Close::Restart);
        }
    }

    /// Waits until there is no socket.
    pub(super) async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            if self.sockets.is_empty() {
                return;
            }
            left.await;
        }
    }

    fn leave(&self, user: UserId) {
        if let Entry::Occupied(mut joined) = self.channels.entry(user) {
            joined.get_mut().count -= 1;
            if joined.get().count == 0 {
                joined.remove();
            }
        }
    }
}

/// A socket's place in the hub, until it is dropped.
pub(super) struct Registration {
    hub: Arc<Hub>,
    id: u64,
    mailbox: Arc<Mailbox>,
    user: Option<UserId>,
}

impl Registration {
    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Has the user's events put into the mailbox from here on.
    pub(super) async fn join(&mut self, user: UserId, session: SessionId, logs: &dyn Logs) -> Result<(), Failure> {
        let channel = {
            let mut joined = self.hub.channels.entry(user).or_default();
            joined.count += 1;
            Arc::clone(&joined.channel)
        };
        self.user = Some(user);
        channel.join(user, session, &self.mailbox, logs).await
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(user) = self.user {
            self.hub.leave(user);
        }
        self.hub.sockets.remove(&self.id);
        self.hub.left.notify_waiters();
    }
}
