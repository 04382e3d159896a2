//! The tasks that deliver: one per actor and durable service that is behind with it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
};

use futures_util::FutureExt as _;
use punctual_actors::ports::{Failure, Store as _};
use punctual_events::{ActorId, CloudEvent, Commit, Seq, Topic};
use tracing::Instrument as _;

use super::{
    Shared,
    queue::{BATCH, Next},
};
use crate::{actor_host::Observer, embedded::backoff::Backoff, ports::EventHandler, telemetry};

/// Commits in a delivery from which on the next one follows at once, whatever the service would like to gather.
const LARGE_BATCH: usize = 64;

/// True when a commit has something for a service.
pub(super) fn wants(handler: &dyn EventHandler, commit: &Commit) -> bool {
    handler.topics().iter().any(|topic| commit.is_on(*topic)) && handler.wants(commit)
}

/// Hands those commits of one actor that a service wants to it, topic by topic.
pub(super) async fn deliver(
    handler: &dyn EventHandler,
    commits: &[Arc<Commit>],
    observer: &dyn Observer,
) -> Result<(), Failure> {
    let wanted: Vec<&Commit> = commits
        .iter()
        .map(Arc::as_ref)
        .filter(|commit| handler.wants(commit))
        .collect();
    for topic in handler.topics() {
        let events = wanted.iter().flat_map(|commit| events(commit, *topic, observer));
        let events: Vec<CloudEvent> = events.filter(|event| can_read(handler, event)).collect();
        if !events.is_empty() {
            let traceparents = events.iter().filter_map(|event| event.traceparent.as_deref());
            let span = telemetry::reaction_span(handler.name(), topic.as_str(), traceparents);
            let handling = AssertUnwindSafe(handler.handle(*topic, &events)).catch_unwind();
            handling
                .instrument(span)
                .await
                .unwrap_or_else(|_| Err(Failure::new("the service panicked")))?;
        }
    }
    Ok(())
}

/// The events of a commit. Those that cannot be read now never can be: they are passed over, and it is said.
fn events(commit: &Commit, topic: Topic, observer: &dyn Observer) -> Vec<CloudEvent> {
    commit.cloud_events(topic).unwrap_or_else(|error| {
        let (actor, seq) = (commit.header.actor, commit.header.seq);
        tracing::error!(%actor, %seq, %error, "a commit cannot be delivered");
        observer.damaged(&actor.to_string());
        Vec::new()
    })
}

/// An event whose content its service cannot read never can be either: it is passed over, said, and stays in the log and in the record.
fn can_read(handler: &dyn EventHandler, event: &CloudEvent) -> bool {
    let can_read = handler.can_read(event);
    if !can_read {
        tracing::error!(
            service = handler.name(),
            event = event.id(),
            "an event that cannot be read"
        );
    }
    can_read
}

/// Counts a task for as long as it lives, however it ends.
struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.tasks.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.tasks.fetch_sub(1, Ordering::AcqRel);
        self.0.rested.notify_waiters();
    }
}

/// Starts the task that finds out what was delivered of an actor before.
pub(super) fn spawn_seed(shared: &Arc<Shared>, actor: ActorId) {
    let counted = Counted::new(shared);
    tokio::spawn(async move {
        let shared = &counted.0;
        let mut backoff = Backoff::default();
        let drained = loop {
            match shared.database.drained(actor).await {
                Ok(drained) => break drained,
                Err(failure) => pause(shared, &mut backoff, actor, "the bus", &failure).await,
            }
            if *shared.stopped.borrow() {
                return;
            }
        };
        shared.with_queue(actor, |queue| queue.seed(drained));
    });
}

/// Starts the task of a service that is behind with an actor.
pub(super) fn spawn(shared: &Arc<Shared>, actor: ActorId, lane: usize) {
    let counted = Counted::new(shared);
    tokio::spawn(async move {
        let shared = &counted.0;
        let handler = &*shared.durable[lane];
        let mut backoff = Backoff::default();
        while !*shared.stopped.borrow() {
            // Whatever panics, the lane goes on: nobody else would.
            let delivery = AssertUnwindSafe(deliver_next(shared, actor, lane)).catch_unwind();
            let delivered = delivery
                .await
                .unwrap_or_else(|_| Err(Failure::new("delivering panicked")));
            match delivered {
                Ok(0) => return,
                Ok(commits) => {
                    backoff = Backoff::default();
                    if commits < LARGE_BATCH {
                        rest(shared, handler.gathers_ms()).await;
                    }
                }
                Err(failure) => {
                    shared.database.observer().redelivery();
                    pause(shared, &mut backoff, actor, handler.name(), &failure).await;
                }
            }
        }
    });
}

async fn pause(shared: &Shared, backoff: &mut Backoff, actor: ActorId, service: &str, failure: &Failure) {
    let pause_ms = backoff.after_ms(failure);
    tracing::warn!(service, %actor, %failure, pause_ms, "events were not taken");
    rest(shared, pause_ms).await;
}

/// Waits, but not into the end of the process.
async fn rest(shared: &Shared, pause_ms: u64) {
    if pause_ms == 0 {
        return;
    }
    let mut stopped = shared.stopped.subscribe();
    tokio::select! {
        () = shared.clock.sleep_ms(pause_ms) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Delivers the next batch, and answers how many commits that were.
async fn deliver_next(shared: &Shared, actor: ActorId, lane: usize) -> Result<usize, Failure> {
    let handler = &*shared.durable[lane];
    // The queue stays while a task of it runs.
    let Some(mut queue) = shared.queues.get_mut(&actor) else {
        return Ok(0);
    };
    let next = queue.next(lane, |commit| wants(handler, commit));
    shared.trim(actor, &mut queue);
    drop(queue);
    let commits = match next {
        Next::Nothing => return Ok(0),
        Next::Batch(commits) => commits,
        Next::ReadLog(after) => read_log(shared, actor, after).await?,
    };
    let Some(through) = commits.last().map(|commit| commit.header.seq) else {
        return Err(Failure::new("the log lacks what was committed"));
    };
    deliver(handler, &commits, shared.database.observer()).await?;
    if let Some(mut queue) = shared.queues.get_mut(&actor) {
        queue.handled(lane, through);
    }
    Ok(commits.len())
}

async fn read_log(shared: &Shared, actor: ActorId, after: Seq) -> Result<Vec<Arc<Commit>>, Failure> {
    let read = shared.store.read_log(actor, after, BATCH).await;
    if read.as_ref().is_err_and(Failure::is_damage) {
        shared.database.observer().damaged(&actor.to_string());
    }
    let commits = read?;
    if let Some(first) = commits.first().filter(|first| first.header.seq > after.next()) {
        tracing::error!(%actor, %after, first = %first.header.seq, "commits were dropped before they were delivered");
    }
    Ok(commits)
}
