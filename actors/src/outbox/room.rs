//! Room for commits that wait to be published, shared by all actors of a process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use punctual_events::Commit;

/// What a commit, and an event in it, weighs besides the data of its events, in bytes, about.
const BESIDES_DATA: usize = 256;

/// Room for so many bytes of commits.
#[derive(Debug)]
pub struct Room {
    max_bytes: usize,
    taken_bytes: AtomicUsize,
}

/// Some of the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes.
    #[must_use]
    pub fn of_bytes(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            max_bytes,
            taken_bytes: AtomicUsize::new(0),
        })
    }

    /// How many bytes are taken.
    #[must_use]
    pub fn taken_bytes(&self) -> usize {
        self.taken_bytes.load(Ordering::Relaxed)
    }

    /// A place for so many bytes; `None` when there is none. Where nothing is taken there is always one, however large.
    pub(super) fn place(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let place = self.place_beyond(bytes);
        let taken = self.taken_bytes();
        // Dropped, it gives back what it took.
        (taken <= self.max_bytes || taken == bytes).then_some(place)
    }

    /// A place, though there be none.
    pub(super) fn place_beyond(self: &Arc<Self>, bytes: usize) -> Place {
        self.taken_bytes.fetch_add(bytes, Ordering::Relaxed);
        Place {
            room: Arc::clone(self),
            bytes,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What a commit weighs in memory, in bytes, about.
pub(super) fn weight(commit: &Commit) -> usize {
    let events = commit.events.iter().map(|event| event.data.get().len() + BESIDES_DATA);
    BESIDES_DATA + events.sum::<usize>()
}
