//! Where a page ended, as a text for the client to bring back.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use punctual_events::{TaskId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    columns::{Instant, NEVER, NO_PRIORITY, PRIORITIES},
    filter::Filter,
    fold::fold,
    order::{Sort, SortKey, Sortable},
};
use crate::{Code, Refusal, user::record::TaskRecord};

/// Where a page ended: what its last task was sorted by. The next page is what comes after that in the order, whatever has become of the task
/// meanwhile; so a task that stays as it is keeps its place before or after the bound, and is on exactly one page.
///
/// To a client it is opaque. It belongs to the user, the filter and the sort it was made for, and is taken only as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(Box<str>);

/// The first byte of a cursor. After it come the seal, the values of the keys and the id.
const FORMAT: u8 = 2;

/// Characters a cursor can have; more than one for a title of 500 characters of four bytes.
const MAX_CHARS: usize = 4096;

impl Cursor {
    /// From a client. Whether it is one shows when it is used.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// As a client sees it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// After `record`, for pages of `scope`.
    pub(super) fn after(record: &TaskRecord, sort: &Sort, scope: &Scope) -> Self {
        let task = &record.task;
        let mut bytes = Vec::new();
        for order in sort.orders() {
            match order.key {
                SortKey::Instant(column) => bytes.extend(column.millis(record).to_be_bytes()),
                SortKey::Priority => bytes.push(task.priority.map_or(NO_PRIORITY, |priority| priority as u8)),
                // Not the folded title, which can be many times as long.
                SortKey::Title => {
                    bytes.extend(u16::try_from(task.title.len()).unwrap_or(u16::MAX).to_be_bytes());
                    bytes.extend(task.title.as_bytes());
                }
            }
        }
        bytes.extend(task.id.0.as_bytes());
        let sealed = [&[FORMAT][..], &scope.seal(&bytes), &bytes].concat();
        Self(URL_SAFE_NO_PAD.encode(sealed).into())
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`Code::CursorMismatch`] when it is not one of `scope`, or not as it was given.
    pub(super) fn bound(&self, sort: &Sort, scope: &Scope) -> Result<Bound, Refusal> {
        let bound = || {
            let bytes = (self.0.len() <= MAX_CHARS).then(|| URL_SAFE_NO_PAD.decode(&*self.0).ok())??;
            let (head, rest) = bytes.split_first_chunk::<9>()?;
            (head[0] == FORMAT && head[1..] == scope.seal(rest)).then(|| Bound::read(rest, sort))?
        };
        bound().ok_or_else(|| {
            let detail = "the cursor was not made here, was altered, or is of another filter or sort";
            Refusal::new(Code::CursorMismatch, detail).on("cursor")
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells pages of one user, filter and sort from others.
pub(super) struct Scope(Sha256);

impl Scope {
    pub(super) fn new(owner: UserId, filter: &Filter, sort: &Sort) -> Self {
        let mut digest = Sha256::new();
        digest.update(owner.0.as_bytes());
        filter.digest(&mut digest);
        digest.update(sort.to_string());
        Self(digest)
    }

    /// What shows that `bytes` were given to a client with a page of this scope. No secret is in it: whoever makes one up gets another page of
    /// their own tasks, and an accident gets none.
    fn seal(&self, bytes: &[u8]) -> [u8; 8] {
        let mut seal = [0; 8];
        seal.copy_from_slice(&self.0.clone().chain_update(bytes).finalize()[..8]);
        seal
    }
}

/// What the last task of a page was sorted by. Only what the sort has is set.
#[derive(Debug)]
pub(super) struct Bound {
    instants: [i64; Instant::COUNT],
    priority: u8,
    title: String,
    id: TaskId,
}

impl Bound {
    /// Reads the values of the keys and the id; `None` when they are not there, or something else is.
    fn read(mut bytes: &[u8], sort: &Sort) -> Option<Self> {
        let mut bound = Self {
            instants: [NEVER; Instant::COUNT],
            priority: NO_PRIORITY,
            title: String::new(),
            id: TaskId(Uuid::nil()),
        };
        for order in sort.orders() {
            match order.key {
                SortKey::Instant(column) => {
                    let millis = i64::from_be_bytes(take(&mut bytes)?);
                    let known = millis == NEVER || Timestamp::from_millis(millis).as_millis() == millis;
                    bound.instants[column as usize] = known.then_some(millis)?;
                }
                SortKey::Priority => {
                    let [rank] = take(&mut bytes)?;
                    let known = rank == NO_PRIORITY || usize::from(rank) < PRIORITIES.len();
                    bound.priority = known.then_some(rank)?;
                }
                SortKey::Title => {
                    let length = u16::from_be_bytes(take(&mut bytes)?);
                    let (title, rest) = bytes.split_at_checked(length.into())?;
                    (bound.title, bytes) = (fold(str::from_utf8(title).ok()?), rest);
                }
            }
        }
        bound.id = TaskId(Uuid::from_bytes(bytes.try_into().ok()?));
        Some(bound)
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

impl Sortable for Bound {
    fn instant(&self, column: Instant) -> i64 {
        self.instants[column as usize]
    }

    fn priority(&self) -> u8 {
        self.priority
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn id(&self) -> TaskId {
        self.id
    }
}
