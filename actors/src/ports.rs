//! What the core asks of the world. Each port's contract is in its documentation; `conformance` holds every implementation to it.
//!
//! Two kinds of outcome that are not success are never mixed: a *refusal* is the caller's and final ([`crate::Refusal`]); a [`Failure`] is ours
//! and is retried, soon where something is away, seldom where something is damaged.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use punctual_events::{ActorId, Commit, DecodeError, Digest, Seq, Timestamp};
use uuid::Uuid;

use crate::zone::ZoneData;

/// A future behind a pointer, for the ports that are used as trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something of ours did not work. It says nothing about whether the attempt took effect.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Something is away, in the way or too busy: another try may work.
    #[error("{0}")]
    Unavailable(Arc<str>),
    /// What is stored cannot be read. No try works until somebody has restored it, so who must not give up tries seldom:
    /// [`DAMAGE_PAUSE_MS`].
    #[error("damaged: {0}")]
    Damaged(Arc<str>),
}

/// Between two looks at what is damaged, in milliseconds.
pub const DAMAGE_PAUSE_MS: u64 = 10 * 60_000;

impl Failure {
    /// Something did not work now, with the cause in words.
    #[must_use]
    pub fn new(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string().into())
    }

    /// Something stored cannot be read, in words.
    #[must_use]
    pub fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string().into())
    }

    /// True where no other try helps.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        match error {
            // Another process may be of the release that wrote it, or this one soon.
            DecodeError::Newer { .. } => Self::new(error),
            DecodeError::Malformed(what) => Self::Damaged(what.into()),
        }
    }
}

/// Time. All waiting goes through it, so that tests and simulations can run in virtual time.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock. It may jump, forwards and back.
    fn now(&self) -> Timestamp;

    /// Waits this long, by a clock that does not jump.
    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()>;
}

/// Randomness.
pub trait Entropy: Send + Sync + 'static {
    /// Sixteen random bytes as a number; unguessable outside tests.
    fn random(&self) -> u128;
}

/// Time, randomness and zone data: what a decision may depend on besides the state and the command.
#[derive(Clone)]
pub struct Environment {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Time zones.
    pub zones: Arc<dyn ZoneData>,
}

impl Environment {
    /// A new id: UUID version 7 (RFC 9562), so that ids made later sort later.
    #[must_use]
    pub fn new_uuid(&self) -> Uuid {
        uuid_v7(self.clock.now(), self.entropy.random())
    }
}

/// UUID version 7 of an instant and random bits.
#[must_use]
pub fn uuid_v7(now: Timestamp, random: u128) -> Uuid {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random.to_be_bytes()[..10]);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap_or(0), &bytes).into_uuid()
}

/// What the store keeps about an actor besides its log: changed only together with an append, or by [`Store::save`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last commit.
    pub seq: Seq,
    /// Its hash.
    pub hash: Digest,
    /// The last commit the saved pages contain; zero when nothing was ever saved.
    pub snapshot: Seq,
    /// Zone data the wake-up was computed with.
    pub zone_version: Box<str>,
    /// Everything up to here was published when the head was last written.
    pub published: Seq,
    /// Everything up to here was confirmed by audit.
    pub audited: Seq,
    /// The earliest instant the actor has to do something at.
    pub wake_at: Option<Timestamp>,
}

/// What an append changes in the head besides the sequence and the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadUpdate {
    /// The earliest instant the actor has to do something at, after this commit.
    pub wake_at: Option<Timestamp>,
    /// Zone data `wake_at` was computed with.
    pub zone_version: Arc<str>,
    /// Everything up to here is known to be published.
    pub published: Seq,
}

/// A commit with its stored form, encoded once.
#[derive(Clone, Debug)]
pub struct EncodedCommit {
    /// The commit.
    pub commit: Arc<Commit>,
    /// [`Commit::encode`] of it.
    pub bytes: Bytes,
}

/// A page of an actor's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which, `tasks/17`. At most 64 bytes of ASCII.
    pub name: Box<str>,
    /// Its content; it says its own format.
    pub bytes: Bytes,
}

/// A page to be written, or removed where `bytes` is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageWrite {
    /// Which.
    pub name: Box<str>,
    /// Its new content.
    pub bytes: Option<Bytes>,
}

impl PageWrite {
    /// The page as it is once it was written; `None` where it is removed.
    #[must_use]
    pub fn into_page(self) -> Option<Page> {
        Some(Page {
            name: self.name,
            bytes: self.bytes?,
        })
    }
}

/// A save of an actor's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSave {
    /// The commit the state is of.
    pub at: Seq,
    /// What is written and removed.
    pub pages: Vec<PageWrite>,
    /// The save that pages not named are left from. `None` when `pages` is the whole state: every page that is not named is removed.
    pub since: Option<Seq>,
}

/// Everything that is needed to activate an actor.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// `None`: nothing was ever appended.
    pub head: Option<Head>,
    /// The state as of `head.snapshot`.
    pub pages: Vec<Page>,
    /// The commits after `head.snapshot`, in order, without a gap, up to `head.seq`; the last commit is always among them, also when the pages
    /// contain it.
    pub tail: Vec<Arc<Commit>>,
}

/// The logs of all actors.
///
/// # Contract
/// - A log is a sequence of commits 1, 2, 3, … without a gap. A commit that [`append`](Self::append) answered `Ok` is durable: it survives the
///   loss of the process and of power.
/// - Every other outcome of `append` is *unknown*: the commit may be there, may never be, or may still arrive. It can no longer arrive once
///   another append on the same expected sequence has succeeded.
/// - Reads see every append that was acknowledged before they began.
/// - A stored value of a newer format is refused with a failure that says so.
pub trait Store: Send + Sync + 'static {
    /// Appends if the log's last sequence is `expected` (0: there is no log yet). The commit's sequence is `expected + 1`.
    ///
    /// # Errors
    /// Every failure means that the outcome is unknown, a sequence that has moved on included.
    fn append(
        &self,
        expected: Seq,
        commit: EncodedCommit,
        update: HeadUpdate,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Head, pages and tail, of one moment.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    fn load(&self, actor: ActorId) -> impl Future<Output = Result<Loaded, Failure>> + Send;

    /// The head alone.
    ///
    /// # Errors
    /// When the store is away.
    fn head(&self, actor: ActorId) -> impl Future<Output = Result<Option<Head>, Failure>> + Send;

    /// Commits after `after`, at most `limit`, in order. The first may be later than `after + 1` when older ones were dropped.
    ///
    /// # Errors
    /// When the store is away or what it holds cannot be read.
    fn read_log(
        &self,
        actor: ActorId,
        after: Seq,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Arc<Commit>>, Failure>> + Send;

    /// Writes the state as of `save.at`: all pages of it or none. `true` when it was written. `false`, and nothing changes, when a save of
    /// `save.at` or later is there already, and when `save.since` is not the sequence of the last save: two activations lay their pages out
    /// differently, so a save of one must never be completed by pages of the other.
    ///
    /// # Errors
    /// When the outcome is unknown; saving again is harmless.
    fn save(&self, actor: ActorId, save: PageSave) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Notes that audit holds everything up to `seq`. Never moves back.
    ///
    /// # Errors
    /// When the outcome is unknown; confirming again is harmless.
    fn confirm_audited(&self, actor: ActorId, seq: Seq) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Drops commits from the front of the log: those decided before `before` that are in the saved pages *and* confirmed by audit; never any
    /// other, and never the last one. What stays has no gap.
    ///
    /// # Errors
    /// When the outcome is unknown; dropping again is harmless.
    fn compact(&self, actor: ActorId, before: Timestamp) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Erases the data of every event up to `through` in the log (digests, types and times stay) and removes every page, unless they are of a
    /// later commit: those are the state after whatever the erasure is for. It counts as a save of `through` without pages: no earlier state can
    /// be saved any more, which would bring back what was erased.
    ///
    /// # Errors
    /// When the outcome is unknown; erasing again is harmless.
    fn erase(&self, actor: ActorId, through: Seq) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A call to come back, at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WakeUp {
    /// When.
    pub at: Timestamp,
    /// The sequence the actor will have when the commit that needs this wake-up is there. If it fires while the head is behind, that commit is
    /// still in flight and the wake-up fences it off.
    pub seq: Seq,
    /// Tells wake-ups of different activations apart.
    pub nonce: u64,
    /// It comes for what a lost process left behind. Nobody counts on it for anything else.
    pub is_guard: bool,
}

impl WakeUp {
    /// The wake-up for an instant for which one may have been armed before, by whoever it was: every activation means the same by it, so that whoever keeps
    /// wake-ups keeps one of them. It is of no commit: every head is behind it.
    pub(crate) const fn once_more(at: Timestamp) -> Self {
        Self {
            at,
            seq: Seq(u64::MAX),
            nonce: 0,
            is_guard: false,
        }
    }

    /// True for one that others may have armed as well, and count on: it must not be cancelled.
    pub(crate) fn is_shared(self) -> bool {
        self == Self::once_more(self.at)
    }
}

/// Wake-ups of actors, kept by something that outlives the process.
///
/// # Contract
/// - An armed wake-up is delivered at its instant or as soon after as an actor host is there, at least once, never before its instant.
/// - Arming is additive: two wake-ups with different fields are two. One that is armed again is kept once.
/// - One that finds nothing due is harmless, so nobody depends on one being taken back. Cancelling saves whoever keeps them from keeping all that were
///   ever superseded.
pub trait WakeUps: Send + Sync + 'static {
    /// True once every wake-up that a head names is armed here. Until then an activation must not count on its head's: whoever wrote it armed it
    /// in something that is gone. Always true where wake-ups outlive the process.
    fn holds_what_heads_say(&self) -> bool {
        true
    }

    /// How far ahead a committing actor keeps a guard that publishes what a lost process left behind, in milliseconds. `None` where undrained
    /// logs are found at start anyway.
    fn guard_interval_ms(&self) -> Option<u64>;

    /// Arms.
    ///
    /// # Errors
    /// When it may not be armed.
    fn arm(&self, actor: ActorId, wake_up: WakeUp) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Arms a guard, for which a command waits that does not need it. So whoever keeps the wake-ups may be given little time, and none where it has
    /// just been found away.
    ///
    /// # Errors
    /// When it may not be armed.
    fn arm_guard(&self, actor: ActorId, guard: WakeUp) -> impl Future<Output = Result<(), Failure>> + Send {
        self.arm(actor, guard)
    }

    /// Takes back a wake-up that is not needed any more, where it is kept for long. It may still be delivered, also after `Ok` if it is due by then. No
    /// other is touched, and none there is harmless. A command waits for it, so whoever keeps the wake-ups is given little time.
    ///
    /// # Errors
    /// When it may still be there.
    fn cancel(&self, _actor: ActorId, _wake_up: WakeUp) -> impl Future<Output = Result<(), Failure>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Takes commits to whoever reacts to their events.
///
/// # Contract
/// - The commits of one call are of one actor, in the order of its log, and so are successive calls.
/// - `Ok` means: every event of them will be delivered at least once to every service that subscribes to its topic, in order per actor.
pub trait Publisher: Send + Sync + 'static {
    /// Publishes.
    ///
    /// # Errors
    /// When some may not have been taken; publishing again is harmless.
    fn publish(&self, commits: &[Arc<Commit>]) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Publishes a commit once more because audit may have missed it: to no more services than have to hear it again for that, for a person would
    /// be reminded twice by some.
    ///
    /// # Errors
    /// When it may not have been taken.
    fn publish_for_audit(&self, commit: &Arc<Commit>) -> impl Future<Output = Result<(), Failure>> + Send {
        self.publish(std::slice::from_ref(commit))
    }
}

/// Knows every actor there is, so that wake-ups can be armed anew after whatever holds them was lost.
pub trait Directory: Send + Sync + 'static {
    /// Notes the actor; called before its first commit. Harmless when repeated.
    ///
    /// # Errors
    /// When it may not be noted.
    fn register(&self, actor: ActorId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The actors after `after` in a fixed order, at most `limit`.
    ///
    /// # Errors
    /// When the directory is away.
    fn list(&self, after: Option<ActorId>, limit: usize) -> impl Future<Output = Result<Vec<ActorId>, Failure>> + Send;
}

/// The ports of one runtime.
pub trait Runtime: Send + Sync + 'static {
    /// Logs.
    type Store: Store;
    /// Wake-ups.
    type WakeUps: WakeUps;
    /// Events.
    type Publisher: Publisher;
    /// Actors there are.
    type Directory: Directory;

    /// Logs.
    fn store(&self) -> &Self::Store;
    /// Wake-ups.
    fn wake_ups(&self) -> &Self::WakeUps;
    /// Events.
    fn publisher(&self) -> &Self::Publisher;
    /// Actors there are.
    fn directory(&self) -> &Self::Directory;
    /// Time, randomness, zones.
    fn environment(&self) -> &Environment;

    /// How old an activation's knowledge of its head may be before it serves or authorises a read, in milliseconds. `None` where no other
    /// process can own the actor.
    fn recheck_head_after_ms(&self) -> Option<i64>;

    /// Whether other processes can own the actor.
    fn has_others(&self) -> bool {
        self.recheck_head_after_ms().is_some()
    }
}

/// A runtime of any ports.
#[derive(Clone)]
pub struct Ports<S, W, P, D> {
    /// Logs.
    pub store: S,
    /// Wake-ups.
    pub wake_ups: W,
    /// Events.
    pub publisher: P,
    /// Actors there are.
    pub directory: D,
    /// Time, randomness, zones.
    pub environment: Environment,
    /// See [`Runtime::recheck_head_after_ms`].
    pub recheck_head_after_ms: Option<i64>,
}

impl<S: Store, W: WakeUps, P: Publisher, D: Directory> Runtime for Ports<S, W, P, D> {
    type Store = S;
    type WakeUps = W;
    type Publisher = P;
    type Directory = D;

    fn store(&self) -> &S {
        &self.store
    }

    fn wake_ups(&self) -> &W {
        &self.wake_ups
    }

    fn publisher(&self) -> &P {
        &self.publisher
    }

    fn directory(&self) -> &D {
        &self.directory
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn recheck_head_after_ms(&self) -> Option<i64> {
        self.recheck_head_after_ms
    }
}
