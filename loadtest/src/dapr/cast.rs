//! Who does what: users are made once, and a row that wants an empty inbox gets users of its own.

use std::{io, net::SocketAddr};

use crate::{
    options::{DaprOptions, Options},
    seed::{self, User},
};

/// Users of the row of a thousand reminders of many.
const CROWD: usize = 100;

/// The users.
pub(super) struct Cast {
    /// They own many tasks.
    pub(super) owners: Vec<User>,
    /// One for each caller.
    pub(super) callers: Vec<User>,
    /// Their inboxes are empty.
    pub(super) crowd: Vec<User>,
    /// Completes one occurrence after the other.
    pub(super) completer: User,
    /// Gets single reminders.
    pub(super) reminded: User,
    /// Gets a thousand reminders.
    pub(super) flooded: User,
}

impl Cast {
    /// Makes all of them, and the tasks of those who own many.
    pub(super) async fn make(api: SocketAddr, options: &DaprOptions) -> io::Result<Self> {
        let sizes = Options {
            server: None,
            server_arguments: String::new(),
            seconds: options.seconds,
            callers: options.callers,
            users: options.callers + CROWD + 3,
            tasks_per_user: 1,
            owners: options.owners,
            owned: options.owned,
            work: options.state.clone(),
            reuse_seed: false,
        };
        let mut users = seed::make(api, &sizes).await?;
        let mut take = |number: usize| users.drain(..number.min(users.len())).collect::<Vec<User>>();
        let (owners, callers, crowd) = (take(options.owners), take(options.callers), take(CROWD));
        let mut single = || take(1).pop().ok_or_else(|| io::Error::other("too few users were made"));
        Ok(Self {
            owners,
            callers,
            crowd,
            completer: single()?,
            reminded: single()?,
            flooded: single()?,
        })
    }
}
