//! What must be true of the log of an actor that two hosts wrote.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use punctual_actors::ports::Store as _;
use punctual_events::{ActorId, CommandId, Commit, Digest, EventType, Seq, UserId};

use super::hosts::Hosts;

/// The whole log of a user, which is a genuine chain without a gap.
pub(crate) async fn log_of(hosts: &Hosts, user: UserId) -> Vec<Arc<Commit>> {
    let log = hosts.direct.read_log(ActorId::User(user), Seq::ZERO, usize::MAX).await;
    let log = log.unwrap();
    let mut previous = Digest::ZERO;
    for (commit, seq) in log.iter().zip(1..) {
        assert_eq!(commit.header.seq, Seq(seq));
        assert!(commit.is_genuine(), "{seq}");
        assert_eq!(commit.header.previous, previous, "{seq}");
        previous = commit.header.hash;
    }
    log
}

/// Where each command is in a log, which holds none twice.
pub(crate) fn places(log: &[Arc<Commit>]) -> HashMap<CommandId, Seq> {
    let mut places = HashMap::new();
    for commit in log {
        for command in &commit.commands {
            let twice = places.insert(command.id, commit.header.seq);
            assert_eq!(twice, None, "{} is there twice", command.id);
        }
    }
    places
}

/// How many events of this type a log holds, each with a content of its own.
pub(crate) fn count(log: &[Arc<Commit>], wanted: EventType) -> usize {
    let events = log.iter().flat_map(|commit| &commit.events);
    let contents: Vec<&str> = events
        .filter(|event| event.event_type == wanted)
        .map(|event| event.data.get())
        .collect();
    let different: HashSet<&&str> = contents.iter().collect();
    assert_eq!(different.len(), contents.len(), "{wanted:?} twice");
    contents.len()
}
