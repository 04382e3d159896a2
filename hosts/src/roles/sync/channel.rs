//! The live stream of one user: events in, frames to the mailboxes of their sockets.

use std::sync::{Arc, Weak};

use punctual_actors::ports::Failure;
use punctual_events::{ActorId, CloudEvent, EventType, Seq, SessionEnded, SessionId, Topic, UserId};
use tokio::sync::Mutex;

use super::{
    close::Close,
    frame::{Frame, is_shown},
    mailbox::Mailbox,
    position::{Positions, Step},
    replay::{Read, Replay, events_after},
};
use crate::ports::Logs;

/// The sockets of one user, and how far the stream has got. It exists while there are sockets.
#[derive(Debug, Default)]
pub(super) struct Channel(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    /// How far the stream has got; `None` before the first socket joined.
    positions: Option<Positions>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    session: SessionId,
    mailbox: Weak<Mailbox>,
}

/// What a call brings, gathered before anything is sent: a call that fails half way has no effect, and is made again.
struct Batch {
    positions: Positions,
    frames: Vec<Arc<Frame>>,
    /// Sign-ins that ended; `None` stands for all of them.
    ended: Vec<Option<SessionId>>,
    /// Something is lost for good.
    is_broken: bool,
}

impl Channel {
    /// Has everything from here on sent to `mailbox`. The log has everything before.
    pub(super) async fn join(
        &self,
        user: UserId,
        session: SessionId,
        mailbox: &Arc<Mailbox>,
        logs: &dyn Logs,
    ) -> Result<(), Failure> {
        let mut line = self.0.lock().await;
        if line.positions.is_none() {
            line.positions = Some(Positions::after(logs.head(ActorId::User(user)).await?));
        }
        line.members.retain(|member| member.mailbox.strong_count() > 0);
        line.members.push(Member {
            session,
            mailbox: Arc::downgrade(mailbox),
        });
        Ok(())
    }

    /// Takes the events of one call: some are known, some may be missing before them. When that fails the sockets are closed, because
    /// nobody promises that the call is made again: the clients come back with their cursors.
    pub(super) async fn take(&self, topic: Topic, events: &[CloudEvent], logs: &dyn Logs) -> Result<(), Failure> {
        let mut line = self.0.lock().await;
        // Nobody has joined: whoever does begins after what the log has by then, these events included.
        let Some(positions) = line.positions else {
            return Ok(());
        };
        let mut batch = Batch::after(positions);
        let gathered = batch.gather(topic, events, logs).await;
        line.end(&batch, gathered)
    }

    /// Takes everything the log has and the stream has not brought. When that fails the sockets are closed.
    pub(super) async fn catch_up(&self, user: UserId, logs: &dyn Logs) -> Result<(), Failure> {
        let mut line = self.0.lock().await;
        let Some(positions) = line.positions else {
            return Ok(());
        };
        let mut batch = Batch::after(positions);
        let gathered = batch.read_on(ActorId::User(user), logs).await;
        line.end(&batch, gathered)
    }
}

impl Batch {
    fn after(positions: Positions) -> Self {
        Self {
            positions,
            frames: Vec::new(),
            ended: Vec::new(),
            is_broken: false,
        }
    }

    async fn gather(&mut self, topic: Topic, events: &[CloudEvent], logs: &dyn Logs) -> Result<(), Failure> {
        for event in events {
            match self.positions.on(topic).step_to(event) {
                Step::Passed => {}
                Step::Next => self.add(event)?,
                Step::Hole => self.fill_from_log(topic, event, logs).await?,
            }
        }
        Ok(())
    }

    fn add(&mut self, event: &CloudEvent) -> Result<(), Failure> {
        self.positions.advance(event);
        if is_shown(event.event_type) {
            self.frames.push(Arc::new(Frame::new(event, self.positions)?));
            return Ok(());
        }
        match event.event_type {
            // Instants of all-day tasks are others in the new zone, without a version of their own.
            EventType::UserChanged => {
                self.frames.clear();
                self.is_broken = true;
            }
            EventType::UserDeleted => self.ended.push(None),
            EventType::SessionEnded => {
                let ended: SessionEnded = serde_json::from_str(event.data.get()).map_err(Failure::new)?;
                self.ended.push(Some(ended.session));
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds what is missing on the topic, and `event` itself with its commit, as the log has them.
    async fn fill_from_log(&mut self, topic: Topic, event: &CloudEvent, logs: &dyn Logs) -> Result<(), Failure> {
        let (actor, until) = (event.commit.actor, event.commit.seq);
        let mut replay = Replay::new(logs, actor, self.positions.on(topic).complete());
        let mut reached = Seq::ZERO;
        while reached < until {
            let commits = match replay.next().await? {
                Read::TooOld => return self.start_over(actor, logs).await,
                Read::Commits(commits) if commits.is_empty() => {
                    return Err(Failure::new(format!(
                        "the log of {actor} ends before {until}, which was published"
                    )));
                }
                Read::Commits(commits) => commits,
            };
            for commit in commits.iter().take_while(|commit| commit.header.seq <= until) {
                let missing = events_after(commit, &self.positions)?;
                missing
                    .iter()
                    .filter(|missing| missing.topic == topic)
                    .try_for_each(|missing| self.add(missing))?;
            }
            reached = commits.last().map_or(until, |commit| commit.header.seq);
        }
        Ok(())
    }

    /// Adds everything up to the end of the log.
    async fn read_on(&mut self, actor: ActorId, logs: &dyn Logs) -> Result<(), Failure> {
        let mut replay = Replay::new(logs, actor, self.positions.complete());
        loop {
            match replay.next().await? {
                Read::TooOld => return self.start_over(actor, logs).await,
                Read::Commits(commits) if commits.is_empty() => return Ok(()),
                Read::Commits(commits) => {
                    for commit in &commits {
                        let missing = events_after(commit, &self.positions)?;
                        missing.iter().try_for_each(|event| self.add(event))?;
                    }
                }
            }
        }
    }

    /// The log does not go back far enough: every socket reads its tasks anew.
    async fn start_over(&mut self, actor: ActorId, logs: &dyn Logs) -> Result<(), Failure> {
        tracing::warn!(%actor, "events are missing, and the log no longer has them: sockets are told to read anew");
        self.positions = Positions::after(logs.head(actor).await?);
        self.frames.clear();
        self.is_broken = true;
        Ok(())
    }
}

impl Line {
    /// Sends what was gathered, or closes the sockets where that failed.
    fn end(&mut self, batch: &Batch, gathered: Result<(), Failure>) -> Result<(), Failure> {
        match &gathered {
            Ok(()) => self.deliver(batch),
            Err(_) => self.close(Close::Unavailable),
        }
        gathered
    }

    fn close(&mut self, close: Close) {
        for mailbox in self.members.drain(..).filter_map(|member| member.mailbox.upgrade()) {
            mailbox.close(close);
        }
    }

    fn deliver(&mut self, batch: &Batch) {
        self.positions = Some(batch.positions);
        self.members.retain(|member| {
            let Some(mailbox) = member.mailbox.upgrade() else {
                return false;
            };
            if batch.is_broken {
                mailbox.resync(batch.positions);
            }
            mailbox.push(&batch.frames, batch.positions);
            let is_over = |ended: &Option<SessionId>| ended.is_none_or(|session| session == member.session);
            if batch.ended.iter().any(is_over) {
                mailbox.close(Close::SessionEnded);
            }
            true
        });
    }
}
