//! The bounded queue between the hub and one socket. It is the whole memory a slow reader can take.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use super::{close::Close, frame::Frame, position::Positions};

/// How much may wait for one socket. What comes in one call is taken whole when nothing waits, however much it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

/// What waits for a socket.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// An event.
    Event(Arc<Frame>),
    /// Everything up to these positions was left out.
    Resync(Positions),
}

/// A queue with one reader.
#[derive(Debug)]
pub(super) struct Mailbox {
    capacity: Capacity,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    bytes: usize,
    /// False while the reader is still on the log, which has whatever does not fit here.
    is_live: bool,
    /// Something did not fit while the reader was on the log.
    missed: bool,
    closing: Option<Close>,
    reader: Option<Waker>,
}

/// Room an emptied queue keeps; more is given back.
const KEPT_ITEMS: usize = 16;

impl Mailbox {
    pub(super) fn new(capacity: Capacity) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            state: Mutex::default(),
        })
    }

    /// Adds frames, after which the sender is at `positions`. What does not fit is dropped with everything that waits, and a
    /// [`Item::Resync`] takes its place.
    pub(super) fn push(&self, frames: &[Arc<Frame>], positions: Positions) {
        let mut state = self.lock();
        if state.closing.is_some() || frames.is_empty() {
            return;
        }
        let bytes: usize = frames.iter().map(|frame| frame.len()).sum();
        let has_room = state.queue.is_empty()
            || state.queue.len() + frames.len() <= self.capacity.frames && state.bytes + bytes <= self.capacity.bytes;
        if has_room && !state.missed {
            state.bytes += bytes;
            state.queue.extend(frames.iter().cloned().map(Item::Event));
        } else {
            state.overflow(positions);
        }
        wake(state);
    }

    /// Has the reader told that something was left out.
    pub(super) fn resync(&self, positions: Positions) {
        let mut state = self.lock();
        state.overflow(positions);
        wake(state);
    }

    /// Has the reader close the socket. What waits is dropped; the first reason stands.
    pub(super) fn close(&self, close: Close) {
        let mut state = self.lock();
        state.closing.get_or_insert(close);
        state.clear();
        wake(state);
    }

    /// The end of reading from the log: true when what waits here joins it, false when something was dropped here meanwhile, which the log has.
    pub(super) fn go_live(&self) -> bool {
        let mut state = self.lock();
        if std::mem::take(&mut state.missed) {
            return false;
        }
        state.is_live = true;
        true
    }

    /// Takes the next item, or has the reader woken when there is one.
    pub(super) fn poll_next(&self, context: &Context<'_>) -> Option<Item> {
        let mut state = self.lock();
        let item = state.queue.pop_front();
        match &item {
            Some(Item::Event(frame)) => state.bytes -= frame.len(),
            Some(Item::Resync(_)) => {}
            None => {
                state.queue.shrink_to(KEPT_ITEMS);
                state.listen(context);
            }
        }
        item
    }

    /// Why the socket is to be closed, if it is; the reader is woken when it shall.
    pub(super) fn poll_closing(&self, context: &Context<'_>) -> Option<Close> {
        let mut state = self.lock();
        state.listen(context);
        state.closing
    }

    /// True while the reader has not taken a resync yet.
    pub(super) fn owes_resync(&self) -> bool {
        matches!(self.lock().queue.front(), Some(Item::Resync(_)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn clear(&mut self) {
        self.queue.clear();
        self.bytes = 0;
    }

    fn overflow(&mut self, positions: Positions) {
        self.clear();
        if self.is_live {
            self.queue.push_back(Item::Resync(positions));
        } else {
            self.missed = true;
        }
    }

    fn listen(&mut self, context: &Context<'_>) {
        match &mut self.reader {
            Some(reader) => reader.clone_from(context.waker()),
            None => self.reader = Some(context.waker().clone()),
        }
    }
}

/// Wakes the reader, after the lock is released.
fn wake(mut state: MutexGuard<'_, State>) {
    let reader = state.reader.take();
    drop(state);
    if let Some(reader) = reader {
        reader.wake();
    }
}
