//! The life of one socket: hello, ready, what was missed, then live until something ends it.

use std::sync::Arc;

use axum::extract::ws::Message;
use punctual_actors::{Code, ports::Failure, turn::TurnError, user::UserQuestion};
use punctual_events::{ActorId, Principal, Seq, Timestamp};

use super::{
    SyncRole,
    close::Close,
    cursor::Cursor,
    frame::{ClientMessage, ServerMessage},
    hub::Registration,
    link::{Happening, Link, Sending, Transport},
    position::Positions,
    replay::{Read, Replay},
    viewer::Viewer,
};
use crate::accounts::token::{Claims, TokenError};

/// Ticks without a word from the peer after which it is taken for gone: three pings, 60 seconds.
const SILENT_TICKS: u8 = 3;

/// A socket and where it belongs.
pub(super) struct Session<T> {
    role: Arc<SyncRole>,
    registration: Registration,
    link: Link<T>,
    heartbeat: Heartbeat,
}

/// What is looked at whenever the timer is over.
struct Heartbeat {
    /// When the token stops being good.
    expires: Timestamp,
    silent_ticks: u8,
    owed_resync: bool,
}

/// How a socket ends.
enum End {
    /// We close it.
    Close(Close),
    /// The peer did, or the network.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        if failure.is_damage() {
            tracing::error!(%failure, "a socket is closed because it met damaged data");
            return Close::Damaged.into();
        }
        tracing::warn!(%failure, "a socket is closed because something it needs is away");
        Close::Unavailable.into()
    }
}

impl SyncRole {
    /// Reads a token.
    fn verify(&self, token: &str) -> Result<Claims, Close> {
        let verified = self.tokens.verify(token, self.clock.now());
        verified.map_err(|error| match error {
            TokenError::Malformed | TokenError::Forged => Close::Unauthorised,
            TokenError::Expired => Close::SessionEnded,
        })
    }

    /// Asks the user's actor whether the sign-in still holds.
    async fn check_session(&self, claims: &Claims) -> Result<(), End> {
        let by = Principal::User(claims.user, claims.session);
        let asked = self.actors.ask_user(claims.user, by, &UserQuestion::Profile);
        match asked.await {
            Ok(_) => Ok(()),
            Err(TurnError::Refused(refusal)) if refusal.code == Code::SessionEnded => Err(Close::SessionEnded.into()),
            Err(TurnError::Refused(_)) => Err(Close::Unauthorised.into()),
            Err(TurnError::Unknown(failure)) => Err(failure.into()),
        }
    }
}

impl<T: Transport> Session<T> {
    /// Serves the socket to its end. The steps before the live part are boxed: there are many sockets, and nearly all of them are live.
    pub(super) async fn run(role: Arc<SyncRole>, transport: T, registration: Registration) {
        let clock = Arc::clone(&role.clock);
        let link = Link::new(
            transport,
            Arc::clone(registration.mailbox()),
            clock,
            role.config.hello_within_ms,
        );
        let mut session = Self {
            role,
            registration,
            link,
            heartbeat: Heartbeat {
                expires: Timestamp::MAX,
                silent_ticks: 0,
                owed_resync: false,
            },
        };
        let greeted = Box::pin(session.greet()).await;
        let end = match greeted {
            Ok(mut viewer) => session.live(&mut viewer).await,
            Err(end) => end,
        };
        let close = match end {
            End::Close(close) => Some(close),
            End::Gone => None,
        };
        tracing::debug!(code = close.map(Close::code), "a socket ends");
        Box::pin(session.link.end(close)).await;
    }

    /// From the first word to the point where the live events join.
    async fn greet(&mut self) -> Result<Viewer, End> {
        let ClientMessage::Hello { token, cursor } = self.hello().await?;
        let claims = self.role.verify(&token)?;
        let stored = cursor.as_deref().map(Cursor::decode).transpose();
        let stored = stored.and_then(|cursor| cursor.map(|cursor| cursor.positions_of(claims.user)).transpose());
        let stored = stored.map_err(|_| Close::BadCursor)?;

        // Joining comes before everything that is read: what happens from here on is in the mailbox, a revocation too.
        let role = Arc::clone(&self.role);
        self.registration.join(claims.user, claims.session, &*role.logs).await?;
        role.check_session(&claims).await?;
        self.heartbeat.expires = claims.expires;
        self.beat();

        let head = role.logs.head(ActorId::User(claims.user)).await?;
        let mut viewer = Viewer::new(claims.user, stored.unwrap_or(Positions::after(head)));
        let ready_at = cursor.unwrap_or_else(|| viewer.cursor());
        self.link.queue(ServerMessage::Ready { cursor: &ready_at }.to_text()?);
        // Further than the log: it was restored from a backup that is older than the cursor.
        if stored.is_some_and(|positions| positions.furthest() > head) {
            self.link.queue(viewer.skip_to(Positions::after(head))?);
        }
        self.catch_up(ActorId::User(claims.user), &mut viewer, head).await?;
        Ok(viewer)
    }

    /// Waits for the hello.
    async fn hello(&mut self) -> Result<ClientMessage, End> {
        match self.link.happening(Sending::Nothing).await {
            Happening::Said(Message::Text(text)) => {
                serde_json::from_str(text.as_str()).map_err(|_| Close::Malformed.into())
            }
            Happening::Tick => Err(Close::Silent.into()),
            Happening::Closing(close) => Err(close.into()),
            Happening::Said(_) | Happening::Broken => Err(Close::Malformed.into()),
            Happening::Gone | Happening::Sent => Err(End::Gone),
        }
    }

    /// Sends what is in the log after the viewer's place, until the mailbox joins without a gap: everything up to `end` comes from the log,
    /// everything that joined the hub's stream since is in the mailbox.
    async fn catch_up(&mut self, actor: ActorId, viewer: &mut Viewer, mut end: Seq) -> Result<(), End> {
        let role = Arc::clone(&self.role);
        let mut replay = Replay::new(&*role.logs, actor, viewer.complete());
        loop {
            if viewer.complete() >= end {
                if self.link.mailbox().go_live() {
                    return Ok(());
                }
                end = role.logs.head(actor).await?;
                continue;
            }
            match replay.next().await? {
                Read::TooOld => {
                    end = role.logs.head(actor).await?;
                    self.link.queue(viewer.skip_to(Positions::after(end))?);
                    replay = Replay::new(&*role.logs, actor, end);
                }
                Read::Commits(commits) if commits.is_empty() => {
                    return Err(Failure::new(format!("the log of {actor} ends before its head, {end}")).into());
                }
                Read::Commits(commits) => {
                    for commit in commits {
                        viewer.read(&commit)?.into_iter().for_each(|text| self.link.queue(text));
                    }
                }
            }
            self.send_pending().await?;
        }
    }

    async fn send_pending(&mut self) -> Result<(), End> {
        loop {
            match self.link.happening(Sending::Pending).await {
                Happening::Sent => return Ok(()),
                other => self.deal_with(&other)?,
            }
        }
    }

    /// Until something ends it.
    async fn live(&mut self, viewer: &mut Viewer) -> End {
        loop {
            let happening = self.link.happening(Sending::Live(viewer)).await;
            if let Err(end) = self.deal_with(&happening) {
                return end;
            }
        }
    }

    fn deal_with(&mut self, happening: &Happening) -> Result<(), End> {
        match happening {
            Happening::Tick => self.tick(),
            Happening::Closing(close) => Err((*close).into()),
            // After its hello a client has nothing to say.
            Happening::Said(_) | Happening::Broken => Err(Close::Malformed.into()),
            Happening::Gone => Err(End::Gone),
            Happening::Sent => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), End> {
        if self.heartbeat.expires <= self.role.clock.now() {
            return Err(Close::SessionEnded.into());
        }
        let (is_heard, owes_resync) = (self.link.take_heard(), self.link.mailbox().owes_resync());
        let heartbeat = &mut self.heartbeat;
        heartbeat.silent_ticks = if is_heard { 0 } else { heartbeat.silent_ticks + 1 };
        if heartbeat.owed_resync && owes_resync {
            return Err(Close::TooSlow.into());
        }
        if heartbeat.silent_ticks >= SILENT_TICKS {
            return Err(Close::Silent.into());
        }
        heartbeat.owed_resync = owes_resync;
        self.link.queue_ping();
        self.beat();
        Ok(())
    }

    /// Sets the timer to the next ping, or to the end of the token if that comes first.
    fn beat(&mut self) {
        let left_ms = self.heartbeat.expires.as_millis() - self.role.clock.now().as_millis();
        let left_ms = u64::try_from(left_ms).unwrap_or(0);
        self.link.set_timer(self.role.config.ping_every_ms.min(left_ms));
    }
}
